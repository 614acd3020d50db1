"""The worker process: workflows and activities with their real collaborators."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from httpcore2 import default_ssl_context
from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.worker import (
    Interceptor,
    UnsandboxedWorkflowRunner,
    Worker,
    WorkerDeploymentConfig,
    WorkflowRunner,
)

from activities.assets import MediaAssetActivities
from activities.credits import LedgerCreditActivities
from activities.errors import ErrorInterceptor
from activities.fetching import RemoteAssetActivities
from activities.filming import ModelFilmingActivities
from activities.music import ModelMusicActivities
from activities.notices import MailedNotices
from activities.payments import LedgerPaymentActivities
from activities.planning import ModelPlanningActivities
from activities.production import MediaProductionActivities
from activities.reconcile import TemporalReconcileActivities
from activities.reconcile_quotes import TemporalQuoteSweep
from activities.reconcile_topups import TopUpSweep
from activities.reconcile_wallets import WalletSweep
from activities.storyboarding import ModelStoryboardActivities
from activities.workbench import Workbench
from gateway.console.names import WALLET
from runtime.mail import open_mailer
from runtime.observation import ObservationInterceptor, quiet_sdk_loggers
from runtime.processor import Payments, open_payments
from runtime.providers import open_providers
from runtime.schedule import ensure_schedule
from runtime.search_attributes import ensure_search_attributes
from runtime.settings import Settings
from runtime.storage import open_settings_storage
from runtime.telemetry import worker_runtime
from runtime.temporal_client import connect
from runtime.tidy import scratch_folder, tidy_worker
from runtime.tracing import open_traces
from studio.contracts.limits import SHOT_COUNT_MAX
from studio.contracts.names import media_task_queue
from studio.db.engine import open_database
from studio.ingest.fetch import UploadFetcher
from studio.mail.ports import Mailer
from studio.media.inspect import inspect_file
from studio.providers.ports import Providers
from workflows.paid_render import PaidRenderWorkflow
from workflows.reconcile import ReconcileWorkflow
from workflows.render import RenderWorkflow

DEPLOYMENT_NAME = "future-video-studio"
SERVICE = "fvs-worker"
"""The name of these processes in traces."""

HEARTBEAT_THROTTLE = timedelta(seconds=1)
"""By default heartbeats are held back for 0.8 of their time-out, which delays a cancellation by
as much and loses the progress of a worker that dies."""

STICKY_TIMEOUT = timedelta(seconds=2)
"""How long a run waits for the worker that has it in memory before another takes over: after a
`kill -9` nobody comes, and the SDK's ten seconds are ten seconds of standing still."""

EAGER_ACTIVITIES_MAX = SHOT_COUNT_MAX
"""So many activities start with the answer to the workflow task that asked for them. The SDK's 3
send the rest through the server's queues: a third more of its processor time for 64 shots."""

Activity = Callable[..., Awaitable[object]]

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class WorkerParts:
    """What the two workers of a process are made of."""

    client: Client
    bench: Workbench
    providers: Providers
    fetcher: UploadFetcher
    payments: Payments
    mailer: Mailer


def workers(settings: Settings, parts: WorkerParts) -> tuple[Worker, Worker]:
    """The render worker (workflows and calls) and the media worker (ffmpeg)."""
    bench, providers = parts.bench, parts.providers
    credits_, assets = LedgerCreditActivities(bench), MediaAssetActivities(bench, providers)
    remote_assets = RemoteAssetActivities(bench, parts.fetcher, inspect_file)
    music = ModelMusicActivities(bench, providers)
    planning = ModelPlanningActivities(bench, providers)
    storyboard = ModelStoryboardActivities(bench, providers)
    filming = ModelFilmingActivities(bench, providers)
    production = MediaProductionActivities(bench, providers)
    sweep = TemporalReconcileActivities(bench, parts.client, settings.render_task_queue)
    quotes = TemporalQuoteSweep(bench, parts.client, settings.render_task_queue)
    wallets = WalletSweep(bench, _notices(settings, parts))
    top_ups = TopUpSweep(bench, parts.payments.checkout)
    payments = LedgerPaymentActivities(bench, parts.payments.processor, parts.payments.seal)
    calls = (
        credits_.confirm_holds,
        credits_.record_progress,
        credits_.close_render,
        remote_assets.fetch_uploads,
        assets.analyze_assets,
        music.make_music,
        planning.plan_shots,
        storyboard.draw_sheet,
        storyboard.draw_keyframe,
        storyboard.review_keyframe,
        filming.submit_clip,
        filming.reconcile_clip,
        filming.await_clip,
        filming.withdraw_clip,
        filming.review_clip,
        production.speak_brief,
        production.speak_narration,
        sweep.sweep_renders,
        quotes.sweep_quotes,
        wallets.sweep_wallets,
        top_ups.sweep_top_ups,
        payments.settle_payment,
        payments.begin_render,
        payments.conclude_quote,
        payments.refund_payment,
        payments.note_event,
    )
    encodings = (
        assets.analyze_assets,
        filming.collect_clip,
        filming.animate_keyframe,
        production.assemble_film,
    )
    return (
        render_worker(settings, parts.client, calls),
        media_worker(settings, parts.client, encodings),
    )


def _notices(settings: Settings, parts: WorkerParts) -> MailedNotices:
    base_url = settings.public_base_url
    wallet_url = f"{base_url}{WALLET}" if base_url else None
    return MailedNotices(parts.bench, parts.mailer, wallet_url=wallet_url)


def render_worker(settings: Settings, client: Client, activities: Sequence[Activity]) -> Worker:
    """Runs the workflows, and the activities that wait for others."""
    return Worker(
        client,
        task_queue=settings.render_task_queue,
        workflows=[RenderWorkflow, PaidRenderWorkflow, ReconcileWorkflow],
        workflow_runner=workflow_runner(),
        activities=activities,
        max_concurrent_workflow_tasks=settings.worker_workflow_tasks_max,
        max_concurrent_activities=settings.worker_activities_max,
        max_eager_activity_reservations_per_workflow_task=EAGER_ACTIVITIES_MAX,
        graceful_shutdown_timeout=timedelta(seconds=settings.worker_shutdown_seconds),
        max_heartbeat_throttle_interval=HEARTBEAT_THROTTLE,
        sticky_queue_schedule_to_start_timeout=STICKY_TIMEOUT,
        interceptors=interceptors(),
        deployment_config=_versioning(settings),
    )


def media_worker(settings: Settings, client: Client, activities: Sequence[Activity]) -> Worker:
    """Runs the activities that keep a processor busy, a few at a time."""
    return Worker(
        client,
        task_queue=media_task_queue(settings.render_task_queue),
        activities=activities,
        max_concurrent_activities=settings.media_activities_max,
        graceful_shutdown_timeout=timedelta(seconds=settings.worker_shutdown_seconds),
        max_heartbeat_throttle_interval=HEARTBEAT_THROTTLE,
        interceptors=interceptors(),
        deployment_config=_versioning(settings),
    )


def interceptors() -> list[Interceptor]:
    """The first is the outermost: it maps to the history's words what the second has told."""
    return [ErrorInterceptor(), ObservationInterceptor()]


def workflow_runner() -> WorkflowRunner:
    """Without the sandbox, which the tests run every workflow in: see docs/decisions/0005."""
    return UnsandboxedWorkflowRunner()


def _versioning(settings: Settings) -> WorkerDeploymentConfig | None:
    if settings.worker_build_id is None:
        return None
    return WorkerDeploymentConfig(
        version=WorkerDeploymentVersion(DEPLOYMENT_NAME, settings.worker_build_id),
        use_worker_versioning=True,
        default_versioning_behavior=VersioningBehavior.PINNED,
    )


@asynccontextmanager
async def open_parts(settings: Settings) -> AsyncIterator[WorkerParts]:
    """Connect to everything a worker needs; closed again at the end of the block."""
    with open_traces(settings, service=SERVICE) as traces:
        client = await connect(runtime=worker_runtime(settings), interceptors=traces.interceptors)
        await ensure_search_attributes(client)
        async with _open_parts(settings, client) as parts:
            yield parts


@asynccontextmanager
async def _open_parts(settings: Settings, client: Client) -> AsyncIterator[WorkerParts]:
    database = open_database(settings.database_url)
    storage = open_settings_storage(settings)
    bench = Workbench(
        database=database,
        storage=storage,
        scratch=scratch_folder(settings),
        now=lambda: datetime.now(UTC),
    )
    tidy_worker(settings, bench.now())

    async def fetch_keyframe(key: str, destination: Path) -> None:
        await bench.fetch(key, destination)

    try:
        async with (
            open_providers(settings, now=bench.now, fetch_keyframe=fetch_keyframe) as providers,
            open_payments(settings) as payments,
        ):
            fetcher = UploadFetcher(default_ssl_context())
            yield WorkerParts(client, bench, providers, fetcher, payments, open_mailer(settings))
    finally:
        database.dispose()


OpenParts = Callable[[Settings], AbstractAsyncContextManager[WorkerParts]]


async def run_worker(settings: Settings, open_worker_parts: OpenParts = open_parts) -> None:
    """Work until SIGTERM or SIGINT, then finish what can be finished in the grace time."""
    quiet_sdk_loggers()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with open_worker_parts(settings) as parts:
        calls, encodings = workers(settings, parts)
        await ensure_schedule(parts.client, settings)
        async with encodings, calls:
            log.info("worker is ready", task_queue=settings.render_task_queue)
            await stop.wait()


def main(settings: Settings) -> None:
    """Run until told to stop."""
    asyncio.run(run_worker(settings))
