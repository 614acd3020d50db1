"""The renders of the pay-once benchmark: short films by each provider that can be asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bench.naive_workflow import NaiveOrder
from bench.renders import CATALOGUE, PLANNED_ON, render_of
from studio.catalog.installation import Installation
from studio.catalog.models import LOCAL_PROVIDER, Role
from studio.contracts.request import RenderRequest
from studio.contracts.workflow_io import RenderInput, Timings
from studio.pricing.freeze import FrozenRender, freeze_plan
from studio.pricing.uploads import UploadFacts

GOOGLE_SETTING: Final = "FVS_GOOGLE_API_KEY"
SHOT_SECONDS: Final = 4
TWO_SHOTS_EVERY: Final = 3
"""So many renders have one of two shots among them: shots side by side, at a bounded price."""

TIMINGS: Final = Timings(
    heartbeat_timeout_seconds=2,
    poll_interval_seconds=0.5,
    submit_timeout_seconds=8,
    clip_timeout_seconds=180,
    join_timeout_seconds=60,
    call_timeout_seconds=30,
    stage_deadline_seconds=180,
    reconcile_timeout_seconds=15,
)


@dataclass(frozen=True)
class Studio:
    """One provider of video as the catalogue sees a server that has just this one."""

    provider: str
    settings: frozenset[str]

    @property
    def video_model(self) -> str:
        """The first of the catalogue that the provider offers."""
        return next(
            model.id
            for model in CATALOGUE.models()
            if Role.VIDEO in model.roles
            and any(offer.provider == self.provider for offer in model.offers)
        )


VEO: Final = Studio("google-cloud", frozenset({"FVS_GOOGLE_PROJECT", "FVS_GOOGLE_OUTPUT_URI"}))
FAL: Final = Studio("fal", frozenset({"FVS_FAL_KEY"}))
KLING: Final = Studio("kling", frozenset({"FVS_KLING_API_KEY"}))


@dataclass(frozen=True)
class Film:
    """One render before it is stored."""

    frozen: FrozenRender
    render: RenderInput


def films(studios: Sequence[Studio], project_ids: Sequence[str], account_id: str) -> list[Film]:
    """The studios in turn; every third film has two shots."""
    made = []
    for number, project_id in enumerate(project_ids):
        studio = studios[number % len(studios)]
        frozen = freeze(studio, shots_of(number, len(studios)))
        render = render_of(frozen, account_id, TIMINGS)
        made.append(Film(frozen, render.model_copy(update={"project_id": project_id})))
    return made


def shots_of(number: int, studio_count: int) -> int:
    return 2 if number // studio_count % TWO_SHOTS_EVERY == 0 else 1


def freeze(studio: Studio, shots: int) -> FrozenRender:
    request = RenderRequest(
        name=f"Benchmark of {shots} shots",
        screenplay=" ".join(
            f"Shot {number}: an airship passes over a harbour at dawn."
            for number in range(1, shots + 1)
        ),
        shot_count=shots,
        scene_target_duration_seconds=shots * SHOT_SECONDS,
        stage_voice_briefs_enabled=False,
        video_model=studio.video_model,
    )
    return freeze_plan(
        request,
        CATALOGUE.defaults.account,
        UploadFacts.unknown(),
        catalogue=CATALOGUE,
        installation=Installation(
            configured=studio.settings | {GOOGLE_SETTING},
            adapters=frozenset({LOCAL_PROVIDER, "google", studio.provider}),
            unconfigured="local",
            today=PLANNED_ON,
        ),
    )


def naive_orders(film: Film) -> list[NaiveOrder]:
    """The same clips, ordered as others order them."""
    model = film.render.plan.models.video
    return [
        NaiveOrder(
            provider=model.provider,
            model=model.provider_model,
            seconds=shot.filmed_seconds,
            heartbeat_seconds=TIMINGS.heartbeat_timeout_seconds,
        )
        for shot in film.render.plan.shots
    ]
