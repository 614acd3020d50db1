"""A worker process whose models take as long as they are told to, and whose media are copies.

Workflow, credits, journal, documents and storage are the real ones.
"""

import asyncio
import os
import signal
from collections.abc import Sequence
from datetime import UTC, datetime

from temporalio.client import Client
from temporalio.worker import Worker

from activities.assets import MediaAssetActivities
from activities.credits import LedgerCreditActivities
from activities.planning import ModelPlanningActivities
from activities.storyboarding import ModelStoryboardActivities
from activities.workbench import Workbench
from bench.copied_media import CopiedFilming, CopiedProduction
from bench.paced_models import Pace, paced_providers
from runtime.logs import configure_logging
from runtime.settings import Settings, load_settings
from runtime.storage import open_settings_storage
from runtime.temporal_client import connect
from runtime.worker import media_worker, render_worker
from studio.db.engine import open_database
from studio.providers.ports import Providers


def workers_of(
    settings: Settings, client: Client, bench: Workbench, providers: Providers
) -> Sequence[Worker]:
    """As `runtime.worker` composes them, without what needs an encoder."""
    credits_, assets = LedgerCreditActivities(bench), MediaAssetActivities(bench, providers)
    planning = ModelPlanningActivities(bench, providers)
    storyboard = ModelStoryboardActivities(bench, providers)
    filming = CopiedFilming(bench, providers)
    calls = (
        credits_.confirm_holds,
        credits_.record_progress,
        credits_.close_render,
        assets.analyze_assets,
        planning.plan_shots,
        storyboard.draw_keyframe,
        storyboard.review_keyframe,
        filming.submit_clip,
        filming.reconcile_clip,
        filming.await_clip,
        filming.withdraw_clip,
        filming.review_clip,
    )
    encodings = (filming.collect_clip, CopiedProduction(bench, providers).assemble_film)
    return [render_worker(settings, client, calls), media_worker(settings, client, encodings)]


def workbench_of(settings: Settings) -> Workbench:
    return Workbench(
        database=open_database(settings.database_url),
        storage=open_settings_storage(settings),
        scratch=settings.work_directory,
        now=lambda: datetime.now(UTC),
    )


async def work(settings: Settings) -> None:
    client = await connect()
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    providers = paced_providers(Pace.of_environment())
    for worker in workers_of(settings, client, workbench_of(settings), providers):
        asyncio.create_task(worker.run())  # noqa: RUF006 - they end with the process
    await stop.wait()


if __name__ == "__main__":
    chosen = load_settings()
    configure_logging(service="paced", level=chosen.log_level, log_format=chosen.log_format)
    asyncio.run(work(chosen))
    # Nothing is left to be saved, and the SDK's threads may crash an interpreter that ends.
    os._exit(0)
