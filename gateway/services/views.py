"""A render as the use cases hand it on: what is fixed about it and how far it is."""

from dataclasses import dataclass
from datetime import datetime

from studio.contracts.plan import ModelChoice, StageModels
from studio.contracts.status import TERMINAL_STATES, RenderSnapshot, RenderState
from studio.contracts.workflow_io import RenderInput
from studio.renders.progress import Progress
from studio.renders.tables import RenderRow


@dataclass(frozen=True)
class RenderFacts:
    """What was fixed when the render came in, by the request or the account's defaults.

    `models` is keyed by stage role.
    """

    asset_count: int
    models: dict[str, ModelChoice]
    visual_style_preset: str | None
    image_resolution: str
    video_resolution: str
    voice_briefs: bool

    @staticmethod
    def of(render: RenderInput) -> "RenderFacts":
        return RenderFacts(
            asset_count=render.asset_count,
            models=models_in_use(render.plan.models),
            visual_style_preset=render.visual_style_preset,
            image_resolution=render.plan.image_resolution,
            video_resolution=render.plan.video_resolution,
            voice_briefs=render.voice_briefs,
        )


def models_in_use(models: StageModels) -> dict[str, ModelChoice]:
    """The models by role, without the roles that the render does not need."""
    chosen: dict[str, ModelChoice | None] = {
        role: getattr(models, role) for role in type(models).model_fields
    }
    return {role: choice for role, choice in chosen.items() if choice is not None}


@dataclass(frozen=True)
class RenderView:
    """One answer about a render. Times are aware."""

    project_id: str
    account_id: str
    name: str
    facts: RenderFacts
    snapshot: RenderSnapshot
    run_id: str | None
    cancel_requested: bool
    created_at: datetime
    updated_at: datetime
    finished_at: datetime | None

    @property
    def is_terminal(self) -> bool:
        return self.snapshot.status in TERMINAL_STATES

    @property
    def is_running(self) -> bool:
        """Whether a workflow carries it: it was started, and it has not ended."""
        started = self.run_id is not None or self.snapshot.status != RenderState.QUEUED
        return started and not self.is_terminal


def view_of_progress(
    progress: Progress, facts: RenderFacts, snapshot: RenderSnapshot
) -> RenderView:
    return RenderView(
        project_id=progress.project_id,
        account_id=progress.account_id,
        name=progress.name,
        facts=facts,
        snapshot=snapshot,
        run_id=progress.run_id,
        cancel_requested=progress.cancel_requested,
        created_at=progress.created_at,
        updated_at=progress.updated_at,
        finished_at=progress.finished_at,
    )


def view_of_row(row: RenderRow) -> RenderView:
    return RenderView(
        project_id=row.project_id,
        account_id=row.account_id,
        name=row.name,
        facts=RenderFacts.of(RenderInput.model_validate(row.workflow_input)),
        snapshot=RenderSnapshot.model_validate(row.snapshot),
        run_id=row.run_id,
        cancel_requested=row.cancel_requested,
        created_at=row.created_at,
        updated_at=row.updated_at,
        finished_at=row.finished_at,
    )
