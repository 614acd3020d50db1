"""The render resource: what every status answer looks like. No field is ever renamed or dropped."""

from datetime import datetime
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from gateway.services.links import StoredFile, cancel_url, status_url
from gateway.services.views import RenderView
from studio.catalog.catalogue import load_catalogue
from studio.contracts.status import ClipSnapshot, ClipState, RenderState, Stage

SHOT_NUMBER_DIGITS: Final = 3


class ModelUse(BaseModel):
    """`requested` came with the request or the account's defaults; `used` does the work.

    That is the successor where the provider ended the model while the render ran.
    """

    requested: str
    used: str


class SettingsUsed(BaseModel):
    """What the request, or else the account's defaults, said beside the models.

    The style is null for renders of before it was kept.
    """

    visual_style_preset: str | None
    image_resolution: str
    video_resolution: str
    stage_voice_briefs_enabled: bool


class ClipResource(BaseModel):
    """One shot, in the film's order. Its URLs are there as soon as it is, and if the render
    fails, still. Scores are the critic's, 0 to 10, null where it has not looked or could not.
    """

    index: int = Field(description="Counts from 1.")
    status: ClipState
    duration_seconds: float
    attempts: int
    video_url: str | None
    thumbnail_url: str | None
    error: str | None
    keyframe_url: str | None
    keyframe_score: float | None
    keyframe_remark: str | None
    video_score: float | None
    video_remark: str | None


class VoiceBriefResource(BaseModel):
    stage: Stage
    audio_url: str | None


_DEFAULTS: Final = load_catalogue().defaults.account
_VIDEO_MODEL: Final = _DEFAULTS.video_model
RENDER_EXAMPLE: Final[dict[str, JsonValue]] = {
    "project_id": "proj_api_60c90c0841464675",
    "name": "Archive corridor test",
    "status": "running",
    "current_stage": "filming",
    "is_running": True,
    "run_id": "019ab0c2-6f5e-7c1b-a0a4-3d5c0f6e9b11",
    "final_video_url": None,
    "last_error": None,
    "asset_count": 1,
    "clip_count": 1,
    "status_url": "https://studio.example/api/agent/renders/proj_api_60c90c0841464675",
    "cancel_url": "https://studio.example/api/agent/renders/proj_api_60c90c0841464675/cancel",
    "created_at": "2026-11-02T09:30:00Z",
    "updated_at": "2026-11-02T09:30:41Z",
    "finished_at": None,
    "progress": 0.42,
    "credits_reserved": 120,
    "credits_settled": 43,
    "models": {"video": {"requested": _VIDEO_MODEL, "used": _VIDEO_MODEL}},
    "settings": {
        "visual_style_preset": _DEFAULTS.visual_style_preset,
        "image_resolution": _DEFAULTS.image_resolution.value,
        "video_resolution": _DEFAULTS.video_resolution.value,
        "stage_voice_briefs_enabled": _DEFAULTS.stage_voice_briefs_enabled,
    },
    "clips": [
        {
            "index": 1,
            "status": "filming",
            "duration_seconds": 4.0,
            "attempts": 1,
            "video_url": None,
            "thumbnail_url": "https://studio.example/files/...",
            "error": None,
            "keyframe_url": "https://studio.example/files/...",
            "keyframe_score": 8.5,
            "keyframe_remark": "The corridor and its light are as described.",
            "video_score": None,
            "video_remark": None,
        }
    ],
    "warnings": [],
    "revision": 17,
    "cancel_requested": False,
    "voice_briefs": [],
    "poster_url": None,
    "quality_report_url": None,
    "subtitles_url": None,
}


class RenderResource(BaseModel):
    model_config = ConfigDict(json_schema_extra={"examples": [RENDER_EXAMPLE]})

    project_id: str
    name: str
    status: RenderState
    current_stage: Stage = Field(description="On failure, the stage that was reached.")
    is_running: bool
    run_id: str | None = Field(description="The workflow run while it is running.")
    final_video_url: str | None = Field(
        description="Signed. Every poll gives one that is good for ten minutes at least."
    )
    last_error: str | None
    asset_count: int = Field(description="How many files were uploaded.")
    clip_count: int = Field(description="How many shots the film has.")
    status_url: str
    cancel_url: str
    created_at: datetime
    updated_at: datetime
    finished_at: datetime | None
    progress: float = Field(ge=0, le=1)
    credits_reserved: int = Field(description="Held at the start; does not shrink.")
    credits_settled: int = Field(description="Charged for what was delivered so far.")
    models: dict[str, ModelUse] = Field(description="What works on each stage.")
    settings: SettingsUsed = Field(description="Resolutions, style and voice briefs.")
    clips: list[ClipResource]
    warnings: list[str] = Field(description="Whatever differs from the request.")
    revision: int = Field(description="Grows with every change and never goes back.")
    cancel_requested: bool
    voice_briefs: list[VoiceBriefResource]
    poster_url: str | None
    quality_report_url: str | None
    subtitles_url: str | None = Field(description="Where there is speech or are lyrics.")


class RenderPage(BaseModel):
    items: list[RenderResource]
    next_cursor: str | None = Field(description="Null on the last page.")


def files_of(view: RenderView) -> list[StoredFile]:
    """Every stored file that the resource links, with the name that a download gets."""
    snapshot, project = view.snapshot, view.project_id
    named: list[tuple[str | None, str]] = []
    if snapshot.status == RenderState.COMPLETED:
        named.append((snapshot.final_video_key, f"{project}_final.mp4"))
    named.append((snapshot.poster_key, f"{project}_poster.jpg"))
    named.append((snapshot.quality_report_key, f"{project}_quality.json"))
    named.append((snapshot.subtitles_key, f"{project}_subtitles.vtt"))
    for clip in snapshot.clips:
        shot = f"{project}_shot_{clip.index:0{SHOT_NUMBER_DIGITS}d}"
        named.append((clip.video_key, f"{shot}.mp4"))
        named.append((clip.thumbnail_key, f"{shot}.jpg"))
        named.append((clip.keyframe_key, f"{shot}_keyframe.png"))
    named.extend(
        (brief.audio_key, f"{project}_brief_{brief.stage}.wav") for brief in snapshot.voice_briefs
    )
    return [StoredFile(key, _with_suffix_of(key, name)) for key, name in named if key is not None]


def _with_suffix_of(key: str, name: str) -> str:
    """The name with the stored file's own extension, which says what it really is."""
    stored_name = key.rsplit("/", 1)[-1]
    if "." not in stored_name:
        return name
    return f"{name.rsplit('.', 1)[0]}.{stored_name.rsplit('.', 1)[1]}"


def render_resource(view: RenderView, *, base_url: str, urls: dict[str, str]) -> RenderResource:
    """`urls` holds the signed URLs of `files_of(view)` by storage key."""
    snapshot = view.snapshot
    return RenderResource(
        project_id=view.project_id,
        name=view.name,
        status=snapshot.status,
        current_stage=snapshot.stage,
        is_running=view.is_running,
        run_id=view.run_id if view.is_running else None,
        final_video_url=_url(snapshot.final_video_key, urls),
        last_error=snapshot.last_error,
        asset_count=view.facts.asset_count,
        clip_count=len(snapshot.clips),
        status_url=status_url(base_url, view.project_id),
        cancel_url=cancel_url(base_url, view.project_id),
        created_at=view.created_at,
        updated_at=view.updated_at,
        finished_at=view.finished_at,
        progress=snapshot.progress,
        credits_reserved=snapshot.credits_reserved,
        credits_settled=snapshot.credits_settled,
        models={
            role: ModelUse(
                requested=choice.requested, used=snapshot.successors.get(role, choice.used)
            )
            for role, choice in view.facts.models.items()
        },
        settings=SettingsUsed(
            visual_style_preset=view.facts.visual_style_preset,
            image_resolution=view.facts.image_resolution,
            video_resolution=view.facts.video_resolution,
            stage_voice_briefs_enabled=view.facts.voice_briefs,
        ),
        clips=[_clip_resource(clip, urls) for clip in snapshot.clips],
        warnings=[*snapshot.warnings, *_unsigned(view, urls)],
        revision=snapshot.revision,
        cancel_requested=view.cancel_requested,
        voice_briefs=[
            VoiceBriefResource(stage=brief.stage, audio_url=_url(brief.audio_key, urls))
            for brief in snapshot.voice_briefs
        ],
        poster_url=_url(snapshot.poster_key, urls),
        quality_report_url=_url(snapshot.quality_report_key, urls),
        subtitles_url=_url(snapshot.subtitles_key, urls),
    )


def _unsigned(view: RenderView, urls: dict[str, str]) -> list[str]:
    """Says why a file that exists has no URL in this answer."""
    if all(file.key in urls for file in files_of(view)):
        return []
    return ["Some files' URLs could not be signed just now; poll again for them."]


def _clip_resource(clip: ClipSnapshot, urls: dict[str, str]) -> ClipResource:
    return ClipResource(
        index=clip.index,
        status=clip.status,
        duration_seconds=clip.duration_seconds,
        attempts=clip.attempts,
        video_url=_url(clip.video_key, urls),
        thumbnail_url=_url(clip.thumbnail_key, urls),
        error=clip.error,
        keyframe_url=_url(clip.keyframe_key, urls),
        keyframe_score=clip.keyframe_score,
        keyframe_remark=clip.keyframe_remark,
        video_score=clip.video_score,
        video_remark=clip.video_remark,
    )


def _url(key: str | None, urls: dict[str, str]) -> str | None:
    return urls.get(key) if key is not None else None
