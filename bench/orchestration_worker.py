"""A worker process of the orchestration benchmark: real workflow and credits, or the bare ones."""

import asyncio
import os
import signal
import sys
from datetime import UTC, datetime

from temporalio.client import Client
from temporalio.worker import Worker

from activities.credits import LedgerCreditActivities
from activities.workbench import Workbench
from bench.bare_activities import BareRows
from bench.bare_workflow import BareWorkflow
from bench.noop_activities import NoAssets, NoFilming, NoPlanning, NoProduction, NoStoryboard
from runtime.dev_account import ACCOUNT_ID
from runtime.logs import configure_logging
from runtime.settings import Settings, load_settings
from runtime.storage import open_settings_storage
from runtime.temporal_client import connect
from runtime.worker import EAGER_ACTIVITIES_MAX, media_worker, render_worker, workflow_runner
from studio.contracts.names import media_task_queue
from studio.db.engine import Database, open_database
from studio.ledger.service import wallet_id


def render_workers(settings: Settings, client: Client, database: Database) -> list[Worker]:
    """As `runtime.worker` composes them, with no-op models and media."""
    bench = Workbench(
        database=database,
        storage=open_settings_storage(settings),
        scratch=settings.work_directory,
        now=lambda: datetime.now(UTC),
    )
    credits_, filming, storyboard = LedgerCreditActivities(bench), NoFilming(), NoStoryboard()
    calls = (
        credits_.confirm_holds,
        credits_.record_progress,
        credits_.close_render,
        NoAssets().analyze_assets,
        NoPlanning().plan_shots,
        storyboard.draw_keyframe,
        storyboard.review_keyframe,
        filming.submit_clip,
        filming.await_clip,
        filming.review_clip,
    )
    encodings = (filming.collect_clip, NoProduction().assemble_film)
    return [render_worker(settings, client, calls), media_worker(settings, client, encodings)]


def bare_workers(settings: Settings, client: Client, database: Database) -> list[Worker]:
    """With whatever makes the real one fast: what is compared is what they do, not how they run."""
    rows = BareRows(database, wallet_id(ACCOUNT_ID))
    worker = Worker(
        client,
        task_queue=settings.render_task_queue,
        workflows=[BareWorkflow],
        workflow_runner=workflow_runner(),
        activities=[rows.begin, rows.step, rows.wait, rows.write],
        max_concurrent_workflow_tasks=settings.worker_workflow_tasks_max,
        max_concurrent_activities=settings.worker_activities_max,
        max_eager_activity_reservations_per_workflow_task=EAGER_ACTIVITIES_MAX,
    )
    media = Worker(
        client,
        task_queue=media_task_queue(settings.render_task_queue),
        activities=[rows.step],
        max_concurrent_activities=settings.media_activities_max,
    )
    return [worker, media]


async def work(kind: str) -> None:
    settings = load_settings()
    configure_logging(service=kind, level=settings.log_level, log_format=settings.log_format)
    client = await connect()
    database = open_database(settings.database_url)
    make = render_workers if kind == "render" else bare_workers
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    workers = make(settings, client, database)
    for worker in workers:
        asyncio.create_task(worker.run())  # noqa: RUF006 - they end with the process
    await stop.wait()


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1]))
    # Nothing is left to be saved, and the SDK's threads may crash an interpreter that ends.
    os._exit(0)
