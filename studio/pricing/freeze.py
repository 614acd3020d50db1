"""Turns a request into the frozen plan: shots, models, prices, and what differs from the wish."""

from dataclasses import dataclass

from studio.catalog.catalogue import Catalogue, Unconfigured
from studio.catalog.errors import UnknownStyle
from studio.catalog.models import ModelEntry, Role
from studio.contracts.base import Payload
from studio.contracts.defaults import AccountDefaults
from studio.contracts.limits import FILM_FRAMES_PER_SECOND
from studio.contracts.plan import ModelChoice, ShotPlan, StageModels
from studio.contracts.problems import Problem, RequestInfeasible
from studio.contracts.request import (
    ImageResolution,
    MusicWorkflow,
    ProjectMode,
    RenderRequest,
    VideoResolution,
)
from studio.contracts.workflow_io import MusicBrief
from studio.pricing.casting import VOICE_MODEL, Casting, Part
from studio.pricing.charges import Order, PricedModel, price_order
from studio.pricing.estimator import Estimate, FilmWish, estimate_shots
from studio.pricing.music import (
    MusicDecision,
    check_generated,
    check_uploaded,
    decide_music,
    length_warnings,
    longest_track_seconds,
    make_brief,
    track_seconds_left,
)
from studio.pricing.uploads import UploadFacts, base_name

__all__ = ["FrozenRender", "UploadFacts", "freeze_plan"]


class FrozenRender(Payload):
    """What is stored of a render. `request` has every omitted field filled with its default.

    Shot count and duration stay as they were asked for: what is made of them is in `plan`.
    `music` is None for a film without music.
    """

    request: RenderRequest
    plan: ShotPlan
    music: MusicBrief | None = None


@dataclass(frozen=True)
class _Filled:
    """The choices that every request has once the account's defaults are in."""

    style: str
    image_resolution: ImageResolution
    video_resolution: VideoResolution
    voice_briefs: bool
    orchestrator: Part
    critic: Part
    image: Part
    video: Part
    music: Part


def freeze_plan(
    request: RenderRequest,
    defaults: AccountDefaults,
    uploads: UploadFacts,
    *,
    catalogue: Catalogue,
    configured: frozenset[str],
    adapters: frozenset[str],
    unconfigured: Unconfigured,
) -> FrozenRender:
    """Decide everything about a render before anything is spent.

    `configured` holds the names of the settings that are set and `adapters` the providers that
    can be called. Raises RequestInfeasible with every problem that was found, not just the first.
    """
    casting = Casting(catalogue, configured, adapters, unconfigured)
    freezing = _Freezing(request, _fill(request, defaults), uploads, casting)
    return freezing.freeze()


@dataclass(frozen=True)
class _Freezing:
    request: RenderRequest
    filled: _Filled
    uploads: UploadFacts
    casting: Casting

    def freeze(self) -> FrozenRender:
        music = decide_music(self.request, self.uploads)
        generated = music.workflow is MusicWorkflow.GENERATED
        problems = [*self._brief_problems(), *self._style_problems(), *self._asset_problems()]
        models = self._cast(generated=generated)
        entries = self._entries(generated=generated)
        problems += self.casting.problems
        problems += [*self._resolution_problems(entries), *music.problems]
        problems += self._music_problems(music.workflow, entries.get(Role.MUSIC))
        estimate, misfits = self._estimate(music.workflow, entries)
        problems += misfits
        if problems or models is None or estimate is None:
            raise RequestInfeasible(tuple(problems))
        return self._frozen(models, entries, estimate, music)

    def _frozen(
        self,
        models: StageModels,
        entries: dict[Role, ModelEntry],
        estimate: Estimate,
        music: MusicDecision,
    ) -> FrozenRender:
        filled = self.filled
        track = entries.get(Role.MUSIC)
        brief = make_brief(
            self.request, music.workflow, track.capabilities.music if track else None
        )
        order = Order(
            shots=estimate.shots,
            image=PricedModel(filled.image.model_id, entries[Role.IMAGE]),
            image_resolution=filled.image_resolution,
            video=PricedModel(filled.video.model_id, entries[Role.VIDEO]),
            video_resolution=filled.video_resolution,
            music=PricedModel(filled.music.model_id, track) if track else None,
            voice_briefs=filled.voice_briefs,
        )
        warnings = (
            *self.casting.warnings(),
            *estimate.warnings,
            *music.warnings,
            *length_warnings(brief, self.uploads, estimate.duration_seconds),
            *self._upload_warnings(),
        )
        plan = ShotPlan(
            shots=estimate.shots,
            frames_per_second=FILM_FRAMES_PER_SECOND,
            image_resolution=filled.image_resolution.value,
            video_resolution=filled.video_resolution.value,
            models=models,
            charges=price_order(order, self.casting.catalogue.prices),
            warnings=tuple(dict.fromkeys(warnings)),
        )
        return FrozenRender(request=self._filled_request(music.workflow), plan=plan, music=brief)

    def _cast(self, *, generated: bool) -> StageModels | None:
        """None where any model that is needed is unknown or not to be had."""
        filled, choose = self.filled, self.casting.choose
        orchestrator, critic = choose(filled.orchestrator), choose(filled.critic)
        image, video = choose(filled.image), choose(filled.video)
        music: ModelChoice | None = None
        voice: ModelChoice | None = None
        if generated:
            music = choose(filled.music)
        elif not filled.music.defaulted:
            # A misspelt id is refused even where it would not be used.
            self.casting.entry(filled.music)
        if filled.voice_briefs:
            voice = choose(_VOICE)
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

    def _entries(self, *, generated: bool) -> dict[Role, ModelEntry]:
        parts = [self.filled.image, self.filled.video]
        if generated:
            parts.append(self.filled.music)
        found = {part.role: self.casting.entry(part) for part in parts}
        return {role: entry for role, entry in found.items() if entry is not None}

    def _estimate(
        self, workflow: MusicWorkflow, entries: dict[Role, ModelEntry]
    ) -> tuple[Estimate | None, tuple[Problem, ...]]:
        video = entries.get(Role.VIDEO)
        if video is None or video.capabilities.video is None:
            return None, ()
        wish = self._wish(workflow, entries.get(Role.MUSIC))
        try:
            estimate = estimate_shots(wish, video.capabilities.video, self.filled.video.model_id)
        except RequestInfeasible as error:
            return None, error.problems
        return estimate, ()

    def _wish(self, workflow: MusicWorkflow, track: ModelEntry | None) -> FilmWish:
        request = self.request
        cut_to_music = request.project_mode is ProjectMode.MUSIC
        uploaded = cut_to_music and workflow is MusicWorkflow.UPLOADED_TRACK
        generated = cut_to_music and workflow is MusicWorkflow.GENERATED
        longest = longest_track_seconds(request, track.capabilities.music if track else None)
        return FilmWish(
            shot_count=request.shot_count,
            duration_seconds=request.scene_target_duration_seconds,
            text=request.screenplay or request.instructions,
            track_seconds=track_seconds_left(request, self.uploads) if uploaded else None,
            duration_seconds_min=request.music_min_duration_seconds if generated else None,
            duration_seconds_max=longest - request.music_start_seconds if generated else None,
        )

    def _brief_problems(self) -> list[Problem]:
        request, uploads = self.request, self.uploads
        if request.screenplay or request.instructions or uploads.filenames or not uploads.known:
            return []
        detail = "The brief is empty: give a screenplay, instructions or at least one file."
        return [Problem(pointer="/screenplay", detail=detail)]

    def _style_problems(self) -> list[Problem]:
        try:
            self.casting.catalogue.style(self.filled.style)
        except UnknownStyle as error:
            return [Problem(pointer="/visual_style_preset", detail=error.detail)]
        return []

    def _asset_problems(self) -> list[Problem]:
        if not self.uploads.known:
            return []
        uploaded = {base_name(name) for name in self.uploads.filenames}
        return [
            Problem(
                pointer=f"/assets/{position}/filename",
                detail=f"No file named {asset.filename!r} was uploaded.",
            )
            for position, asset in enumerate(self.request.assets)
            if base_name(asset.filename) not in uploaded
        ]

    def _resolution_problems(self, entries: dict[Role, ModelEntry]) -> list[Problem]:
        filled, problems = self.filled, []
        image, video = entries.get(Role.IMAGE), entries.get(Role.VIDEO)
        if image is not None and image.capabilities.image is not None:
            offered = tuple(size.value for size in image.capabilities.image.resolutions)
            problems += _not_offered(filled.image, filled.image_resolution.value, offered)
        if video is not None and video.capabilities.video is not None:
            sizes = tuple(size.value for size in video.capabilities.video.resolutions)
            problems += _not_offered(filled.video, filled.video_resolution.value, sizes)
        return problems

    def _music_problems(
        self, workflow: MusicWorkflow, track: ModelEntry | None
    ) -> tuple[Problem, ...]:
        if workflow is MusicWorkflow.UPLOADED_TRACK:
            return check_uploaded(self.request, self.uploads)
        if track is not None and track.capabilities.music is not None:
            return check_generated(self.request, track.capabilities.music)
        return ()

    def _upload_warnings(self) -> list[str]:
        warnings, request, uploads = [], self.request, self.uploads
        if request.ingredients_mode_enabled and uploads.known and uploads.image_count == 0:
            warnings.append("ingredients_mode_enabled has no effect: no image was uploaded.")
        if not uploads.known and not (request.screenplay or request.instructions):
            warnings.append(
                "There is no screenplay and there are no instructions: without files the render "
                "is refused."
            )
        return warnings

    def _filled_request(self, workflow: MusicWorkflow) -> RenderRequest:
        filled, successor = self.filled, self.casting.catalogue.legacy_successor
        parts = (filled.orchestrator, filled.critic, filled.image, filled.video, filled.music)
        models = {part.field: successor(part.model_id) or part.model_id for part in parts}
        return self.request.model_copy(
            update={
                **models,
                "visual_style_preset": filled.style,
                "image_resolution": filled.image_resolution,
                "video_resolution": filled.video_resolution,
                "stage_voice_briefs_enabled": filled.voice_briefs,
                "music_workflow": workflow,
            }
        )


_VOICE = Part(Role.VOICE, VOICE_MODEL, "stage_voice_briefs_enabled", defaulted=False)


def _fill(request: RenderRequest, defaults: AccountDefaults) -> _Filled:
    voice = request.stage_voice_briefs_enabled

    def part(role: Role, field: str, given: str | None, default: str) -> Part:
        return Part(role, given or default, field, defaulted=given is None)

    return _Filled(
        style=request.visual_style_preset or defaults.visual_style_preset,
        image_resolution=request.image_resolution or defaults.image_resolution,
        video_resolution=request.video_resolution or defaults.video_resolution,
        voice_briefs=defaults.stage_voice_briefs_enabled if voice is None else voice,
        orchestrator=part(
            Role.TEXT,
            "orchestrator_model",
            request.orchestrator_model,
            defaults.orchestrator_model,
        ),
        critic=part(Role.CRITIC, "critic_model", request.critic_model, defaults.critic_model),
        image=part(Role.IMAGE, "image_model", request.image_model, defaults.image_model),
        video=part(Role.VIDEO, "video_model", request.video_model, defaults.video_model),
        music=part(Role.MUSIC, "music_model", request.music_model, defaults.music_model),
    )


def _not_offered(part: Part, resolution: str, offered: tuple[str, ...]) -> list[Problem]:
    if resolution in offered:
        return []
    detail = f"{part.model_id} does not offer {resolution}: it offers {', '.join(offered)}."
    return [Problem(pointer=f"/{part.role.value}_resolution", detail=detail)]
