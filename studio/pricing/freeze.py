"""Turns a request into the frozen plan: shots, models, prices, and what differs from the wish."""

from dataclasses import dataclass
from typing import Final

from studio.catalog.catalogue import Catalogue
from studio.catalog.installation import Installation
from studio.catalog.models import LOCAL_PROVIDER, ModelEntry, Role, VideoCapabilities
from studio.contracts.base import Payload
from studio.contracts.defaults import AccountDefaults
from studio.contracts.limits import FILM_FRAMES_PER_SECOND
from studio.contracts.plan import ModelChoice, ShotPlan, StageModels
from studio.contracts.problems import Problem, RequestInfeasible
from studio.contracts.request import MusicWorkflow, ProjectMode, RenderRequest
from studio.contracts.workflow_io import MusicBrief
from studio.pricing import checks
from studio.pricing.casting import Casting, Part
from studio.pricing.charges import Order, PricedModel, price_order
from studio.pricing.choices import Choices, choose, filled_request
from studio.pricing.estimator import BEAT_SLACK_SECONDS, Estimate, FilmWish, estimate_shots
from studio.pricing.music import (
    MusicDecision,
    decide_music,
    length_warnings,
    longest_track_seconds,
    make_brief,
    music_problems,
    track_seconds_left,
)
from studio.pricing.narration import wants_narration
from studio.pricing.uploads import UploadFacts

__all__ = ["FrozenRender", "UploadFacts", "freeze_plan"]

UPLOADED_TRACK: Final = ModelChoice(
    requested=MusicWorkflow.UPLOADED_TRACK.value,
    used=MusicWorkflow.UPLOADED_TRACK.value,
    provider=LOCAL_PROVIDER,
)
"""Stands where a music model would: no model makes the caller's own track, but it is prepared."""


class FrozenRender(Payload):
    """What is stored of a render. `request` has every omitted field filled with its default.

    Shot count and duration stay as they were asked for: what is made of them is in `plan`.
    `music` is None for a film without music. `narration`: the brief asks for a narrator, and there
    is a voice. `ingredients`: reference images are handed to the video model.
    """

    request: RenderRequest
    plan: ShotPlan
    music: MusicBrief | None = None
    narration: bool = False
    ingredients: bool = False


def freeze_plan(
    request: RenderRequest,
    defaults: AccountDefaults,
    uploads: UploadFacts,
    *,
    catalogue: Catalogue,
    installation: Installation,
) -> FrozenRender:
    """Decide everything about a render before anything is spent.

    Raises RequestInfeasible with every problem that was found, not just the first.
    """
    casting = Casting(catalogue, installation)
    music = decide_music(request, uploads)
    narrated = wants_narration(request.screenplay, request.instructions)
    choices = choose(request, defaults)
    return _Freezing(request, choices, uploads, casting, music, narrated).freeze()


@dataclass(frozen=True)
class _Freezing:
    request: RenderRequest
    choices: Choices
    uploads: UploadFacts
    casting: Casting
    music: MusicDecision
    narrated: bool

    def freeze(self) -> FrozenRender:
        models, entries = self._cast(), self._entries()
        video = self._filming(models, entries)
        estimate, misfits = self._estimate(video, entries.get(Role.MUSIC))
        problems = (*self._problems(entries), *misfits)
        if problems or models is None or estimate is None:
            raise RequestInfeasible(problems)
        music = entries.get(Role.MUSIC)
        brief = make_brief(self.request, self.music.workflow, music)
        return FrozenRender(
            request=filled_request(
                self.request, self.choices, self.music.workflow, self.casting.catalogue
            ),
            plan=self._plan(models, entries, estimate, brief),
            music=brief,
            narration=self.narrated and models.voice is not None,
            ingredients=self._has_ingredients(models),
        )

    def _has_ingredients(self, models: StageModels | None) -> bool:
        """Whether reference images, those still to come too, go to the video model."""
        if not self.request.ingredients_mode_enabled or models is None:
            return False
        return self.uploads.may_have_images and models.video.references > 0

    def _filming(
        self, models: StageModels | None, entries: dict[Role, ModelEntry]
    ) -> VideoCapabilities | None:
        """What the video model can do with what it is given."""
        entry = entries.get(Role.VIDEO)
        if entry is None or entry.capabilities.video is None:
            return None
        video = entry.capabilities.video
        return video.with_references() if self._has_ingredients(models) else video

    def _problems(self, entries: dict[Role, ModelEntry]) -> tuple[Problem, ...]:
        request, uploads = self.request, self.uploads
        return (
            *checks.brief_problems(request, uploads),
            *checks.style_problems(self.choices.style, self.casting.catalogue),
            *self.casting.problems,
            *checks.resolution_problems(self.choices, entries),
            *self.music.problems,
            *music_problems(request, uploads, self.music.workflow, entries.get(Role.MUSIC)),
            *checks.asset_problems(request, uploads),
        )

    def _cast(self) -> StageModels | None:
        """None where a model is unknown or not to be had; the casting then knows why."""
        cast, choices = self.casting.choose, self.choices
        orchestrator, critic = cast(choices.orchestrator), cast(choices.critic)
        image, video = cast(choices.image), cast(choices.video)
        music = self._cast_music()
        voice = self._cast_voice()
        if orchestrator is None or critic is None or image is None or video is None:
            return None
        return StageModels(
            orchestrator=orchestrator,
            critic=critic,
            image=image,
            video=video,
            music=music,
            voice=voice,
        )

    def _cast_voice(self) -> ModelChoice | None:
        """Stage briefs need a voice; narration goes without where there is none."""
        voice = self.casting.catalogue.defaults.voice_model
        part = Part(Role.VOICE, voice, "stage_voice_briefs_enabled", defaulted=True)
        if self.choices.voice_briefs:
            return self.casting.choose(part)
        return self.casting.spare(part, "There is no narration") if self.narrated else None

    def _cast_music(self) -> ModelChoice | None:
        part = self.choices.music
        if self.music.workflow is MusicWorkflow.GENERATED:
            return self.casting.choose(part)
        if not part.defaulted:
            # A misspelt id is refused even where it would not be used.
            self.casting.entry(part)
        uploaded = self.music.workflow is MusicWorkflow.UPLOADED_TRACK
        return UPLOADED_TRACK if uploaded else None

    def _entries(self) -> dict[Role, ModelEntry]:
        """The catalogue's entries of what was asked for: these fix lengths and prices."""
        parts = [self.choices.image, self.choices.video]
        if self.music.workflow is MusicWorkflow.GENERATED:
            parts.append(self.choices.music)
        found = {part.role: self.casting.entry(part) for part in parts}
        return {role: entry for role, entry in found.items() if entry is not None}

    def _estimate(
        self, video: VideoCapabilities | None, music: ModelEntry | None
    ) -> tuple[Estimate | None, tuple[Problem, ...]]:
        if video is None:
            return None, ()
        try:
            estimate = estimate_shots(self._wish(music), video, self.choices.video.model_id)
        except RequestInfeasible as error:
            return None, error.problems
        return estimate, ()

    def _wish(self, music: ModelEntry | None) -> FilmWish:
        request, workflow = self.request, self.music.workflow
        texts = [request.screenplay, request.instructions]
        if request.project_mode is ProjectMode.CUSTOM:
            texts.reverse()
        cut_to_music = request.project_mode is ProjectMode.MUSIC
        generated = cut_to_music and workflow is MusicWorkflow.GENERATED
        uploaded = cut_to_music and workflow is MusicWorkflow.UPLOADED_TRACK
        longest = longest_track_seconds(request, music) - request.music_start_seconds
        return FilmWish(
            shot_count=request.shot_count,
            duration_seconds=request.scene_target_duration_seconds,
            text=texts[0] or texts[1],
            track_seconds=track_seconds_left(request, self.uploads) if uploaded else None,
            duration_seconds_min=request.music_min_duration_seconds if generated else None,
            duration_seconds_max=longest if generated else None,
            slack_seconds=BEAT_SLACK_SECONDS if generated or uploaded else 0.0,
        )

    def _plan(
        self,
        models: StageModels,
        entries: dict[Role, ModelEntry],
        estimate: Estimate,
        brief: MusicBrief | None,
    ) -> ShotPlan:
        choices, music = self.choices, entries.get(Role.MUSIC)
        order = Order(
            shots=estimate.shots,
            image=PricedModel(choices.image.model_id, entries[Role.IMAGE]),
            image_resolution=choices.image_resolution,
            video=PricedModel(choices.video.model_id, entries[Role.VIDEO]),
            video_resolution=choices.video_resolution,
            music=PricedModel(choices.music.model_id, music) if music else None,
            voice_briefs=choices.voice_briefs,
        )
        return ShotPlan(
            shots=estimate.shots,
            frames_per_second=FILM_FRAMES_PER_SECOND,
            image_resolution=choices.image_resolution.value,
            video_resolution=choices.video_resolution.value,
            models=models,
            charges=price_order(order, self.casting.catalogue.prices),
            warnings=self._warnings(models, estimate, brief),
        )

    def _warnings(
        self, models: StageModels, estimate: Estimate, brief: MusicBrief | None
    ) -> tuple[str, ...]:
        warnings = (
            *self.casting.warnings(),
            *estimate.warnings,
            *self.music.warnings,
            *length_warnings(brief, self.uploads, estimate.duration_seconds),
            *checks.upload_warnings(self.request, self.uploads),
            *checks.ingredient_warnings(self.request, self.uploads, models.video),
        )
        return tuple(dict.fromkeys(warnings))
