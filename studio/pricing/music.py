"""Which music a film gets, and whether its bounds can be met."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from studio.catalog.models import ModelEntry
from studio.contracts.limits import MUSIC_DURATION_SECONDS_MAX, MUSIC_DURATION_SECONDS_MIN
from studio.contracts.problems import Problem
from studio.contracts.request import MusicWorkflow, ProjectMode, RenderRequest
from studio.contracts.workflow_io import MusicBrief
from studio.pricing.uploads import UploadFacts

_LEAST: Final = f"at least {MUSIC_DURATION_SECONDS_MIN} s of it must be left"
TOLERANCE_SECONDS: Final = 0.1
"""A film is whole frames and a track is not: less than this is no difference to speak of."""


@dataclass(frozen=True)
class MusicDecision:
    workflow: MusicWorkflow
    problems: tuple[Problem, ...] = ()
    warnings: tuple[str, ...] = ()


def decide_music(request: RenderRequest, uploads: UploadFacts) -> MusicDecision:
    """The workflow that the request asks for, or what keeps it from that.

    `use_first_audio_asset_as_music` wins over `music_workflow`. Without either, music is
    generated in `music` mode and where a style or lyrics are given.
    """
    explicit = request.music_workflow
    if request.use_first_audio_asset_as_music:
        return _use_upload(request, uploads, "use_first_audio_asset_as_music")
    if explicit is MusicWorkflow.UPLOADED_TRACK:
        return _use_upload(request, uploads, "music_workflow")
    described = bool(request.style_prompt or request.lyrics_prompt)
    wanted = request.project_mode is ProjectMode.MUSIC or described
    workflow = explicit or (MusicWorkflow.GENERATED if wanted else MusicWorkflow.NONE)
    warnings = [*_unused_audio(request, uploads), *_unused_fields(request, workflow)]
    return MusicDecision(workflow, warnings=tuple(warnings))


def _use_upload(request: RenderRequest, uploads: UploadFacts, field: str) -> MusicDecision:
    workflow = MusicWorkflow.UPLOADED_TRACK
    if not uploads.may_have_audio:
        wish = "uploaded_track" if field == "music_workflow" else "true"
        given = "was uploaded" if uploads.fetched else "is among upload_urls"
        detail = f"{field} is {wish}, but no audio file {given}."
        return MusicDecision(workflow, problems=(Problem(pointer=f"/{field}", detail=detail),))
    warnings = list(_unused_fields(request, workflow))
    if request.music_workflow not in (None, workflow):
        warnings.append(
            f"The uploaded track is used, not music_workflow {request.music_workflow}: "
            "use_first_audio_asset_as_music is true."
        )
    if not uploads.known:
        warnings.append(
            "The uploaded track is not known yet: without an audio file the render is refused, "
            "and a film cut to it takes its length from it."
        )
    if not uploads.fetched and request.project_mode is ProjectMode.MUSIC:
        warnings.append(
            "The uploaded track is measured when it is fetched, after the payment: the film's "
            "length is that of this quote, whatever the track's."
        )
    return MusicDecision(workflow, warnings=tuple(warnings))


def _unused_audio(request: RenderRequest, uploads: UploadFacts) -> list[str]:
    if request.project_mode is not ProjectMode.MUSIC or uploads.audio_count == 0:
        return []
    return [
        "The uploaded audio is not the film's music: set music_workflow to uploaded_track for that."
    ]


def _unused_fields(request: RenderRequest, workflow: MusicWorkflow) -> list[str]:
    """Fields that were sent but have nothing to act on."""
    generated, music = workflow is MusicWorkflow.GENERATED, workflow is not MusicWorkflow.NONE
    of_generated = {
        "lyrics_prompt": request.lyrics_prompt,
        "style_prompt": request.style_prompt,
        "music_min_duration_seconds": request.music_min_duration_seconds,
        "music_max_duration_seconds": request.music_max_duration_seconds,
    }
    unused = {field: bool(value) and not generated for field, value in of_generated.items()}
    unused["music_start_seconds"] = bool(request.music_start_seconds) and not music
    kind = "the track is an uploaded one" if music else "there is no music"
    return [f"{field} has no effect: {kind}." for field, sent in unused.items() if sent]


def longest_track_seconds(request: RenderRequest, model: ModelEntry | None) -> float:
    """How long generated music can be: the caller's bound, the model's and the contract's."""
    bounds = [float(MUSIC_DURATION_SECONDS_MAX)]
    if request.music_max_duration_seconds is not None:
        bounds.append(request.music_max_duration_seconds)
    if model is not None and model.capabilities.music is not None:
        limit = model.capabilities.music.duration_seconds_max
        bounds += [] if limit is None else [float(limit)]
    return min(bounds)


def music_problems(
    request: RenderRequest, uploads: UploadFacts, workflow: MusicWorkflow, model: ModelEntry | None
) -> tuple[Problem, ...]:
    """Bounds that cannot be met, or a start less than a second before the music's end."""
    if workflow is MusicWorkflow.GENERATED:
        return tuple(_generated_problems(request, model))
    if workflow is MusicWorkflow.UPLOADED_TRACK:
        return tuple(_uploaded_problems(request, uploads))
    return ()


def _generated_problems(request: RenderRequest, model: ModelEntry | None) -> Iterator[Problem]:
    longest = longest_track_seconds(request, model)
    shortest, start = request.music_min_duration_seconds, request.music_start_seconds
    if model is not None and shortest is not None and shortest > longest:
        detail = f"{model.id} makes {longest:g} s of music at most; {shortest:g} s cannot be had."
        yield Problem(pointer="/music_min_duration_seconds", detail=detail)
    if start > longest - MUSIC_DURATION_SECONDS_MIN:
        detail = f"The music is {longest:g} s long at most; {_LEAST} from its start at {start:g} s."
        yield Problem(pointer="/music_start_seconds", detail=detail)


def _uploaded_problems(request: RenderRequest, uploads: UploadFacts) -> Iterator[Problem]:
    length, start = uploads.first_audio_duration_seconds, request.music_start_seconds
    if length is not None and start > length - MUSIC_DURATION_SECONDS_MIN:
        detail = f"The track is {length:.1f} s long; {_LEAST} from its start at {start:g} s."
        yield Problem(pointer="/music_start_seconds", detail=detail)


def track_seconds_left(request: RenderRequest, uploads: UploadFacts) -> float | None:
    """What remains of the caller's track from its start; None where its length is not known."""
    length = uploads.first_audio_duration_seconds
    return None if length is None else max(0.0, length - request.music_start_seconds)


def make_brief(
    request: RenderRequest, workflow: MusicWorkflow, model: ModelEntry | None
) -> MusicBrief | None:
    """The frozen music brief; None for a film without music."""
    if workflow is MusicWorkflow.NONE:
        return None
    if workflow is MusicWorkflow.UPLOADED_TRACK:
        return MusicBrief(workflow=workflow, start_seconds=request.music_start_seconds)
    return MusicBrief(
        workflow=workflow,
        start_seconds=request.music_start_seconds,
        duration_seconds_min=request.music_min_duration_seconds,
        duration_seconds_max=longest_track_seconds(request, model),
    )


def length_warnings(
    brief: MusicBrief | None, uploads: UploadFacts, film_seconds: float
) -> tuple[str, ...]:
    """Music that is known to be shorter than the film."""
    if brief is None:
        return ()
    length = brief.duration_seconds_max
    if brief.workflow is MusicWorkflow.UPLOADED_TRACK:
        length = uploads.first_audio_duration_seconds
    return () if length is None else below_film(length - brief.start_seconds, film_seconds)


def below_film(left_seconds: float, film_seconds: float) -> tuple[str, ...]:
    """What is said of music that ends before the film does."""
    if left_seconds >= film_seconds - TOLERANCE_SECONDS:
        return ()
    return (
        f"There are {left_seconds:.1f} s of music for a film of {film_seconds:.1f} s.",
        "The music is repeated until the film ends.",
    )
