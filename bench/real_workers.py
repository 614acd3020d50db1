"""The product's own workers for a benchmark: everything is real but the encodings."""

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
from runtime.settings import Settings
from runtime.storage import open_settings_storage
from runtime.worker import media_worker, render_worker
from studio.db.engine import open_database
from studio.providers.ports import Providers


def workers_of(
    settings: Settings, client: Client, bench: Workbench, providers: Providers
) -> Sequence[Worker]:
    """As `runtime.worker` composes them, without what needs an encoder."""
    credits_ = LedgerCreditActivities(bench)
    planning = ModelPlanningActivities(bench, providers)
    storyboard = ModelStoryboardActivities(bench, providers)
    filming = CopiedFilming(bench, providers)
    calls = (
        credits_.confirm_holds,
        credits_.record_progress,
        credits_.close_render,
        MediaAssetActivities(bench, providers).analyze_assets,
        planning.plan_shots,
        storyboard.draw_sheet,
        storyboard.draw_keyframe,
        storyboard.review_keyframe,
        filming.submit_clip,
        filming.reconcile_clip,
        filming.await_clip,
        filming.withdraw_clip,
        filming.review_clip,
    )
    production = CopiedProduction(bench, providers)
    encodings = (filming.collect_clip, filming.animate_keyframe, production.assemble_film)
    return [render_worker(settings, client, calls), media_worker(settings, client, encodings)]


def workbench_of(settings: Settings) -> Workbench:
    return Workbench(
        database=open_database(settings.database_url),
        storage=open_settings_storage(settings),
        scratch=settings.work_directory,
        now=lambda: datetime.now(UTC),
    )
