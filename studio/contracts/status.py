"""The state of a render as the workflow keeps it, the row stores it and the status shows it."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Self

from pydantic import Field

from studio.contracts.base import Payload


class RenderState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    HALTED_FOR_REVIEW = "halted_for_review"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELED = "canceled"


TERMINAL_STATES = frozenset({RenderState.COMPLETED, RenderState.FAILED, RenderState.CANCELED})


class Stage(StrEnum):
    INPUT = "input"
    MUSIC = "music"
    PLANNING = "planning"
    STORYBOARDING = "storyboarding"
    FILMING = "filming"
    PRODUCTION = "production"
    COMPLETED = "completed"
    HALTED_FOR_REVIEW = "halted_for_review"


STAGE_ORDER = (
    Stage.INPUT,
    Stage.MUSIC,
    Stage.PLANNING,
    Stage.STORYBOARDING,
    Stage.FILMING,
    Stage.PRODUCTION,
    Stage.COMPLETED,
)


class ClipState(StrEnum):
    """`replaced`: filming failed for good and the animated keyframe takes the shot's place."""

    QUEUED = "queued"
    STORYBOARDING = "storyboarding"
    FILMING = "filming"
    COMPLETED = "completed"
    REPLACED = "replaced"
    FAILED = "failed"
    CANCELED = "canceled"


class ClipSnapshot(Payload):
    """One shot. Keys are storage keys; the gateway signs them when a status is read.

    Scores are the critic's, 0 to 10, None where it did not look; remarks are its words.
    """

    index: int
    status: ClipState = ClipState.QUEUED
    duration_seconds: float = 0.0
    attempts: int = 0
    video_key: str | None = None
    thumbnail_key: str | None = None
    error: str | None = None
    keyframe_key: str | None = None
    keyframe_score: float | None = None
    keyframe_remark: str | None = None
    video_score: float | None = None
    video_remark: str | None = None


class VoiceBrief(Payload):
    """A spoken summary of a finished stage."""

    stage: Stage
    audio_key: str


class RenderSnapshot(Payload):
    """A render at one moment. `revision` grows with every change and never repeats.

    `successors` are models that took over from the planned ones, by the part they work on.
    """

    revision: int = 0
    status: RenderState = RenderState.QUEUED
    stage: Stage = Stage.INPUT
    progress: float = Field(default=0.0, ge=0.0, le=1.0)
    credits_reserved: int = 0
    credits_settled: int = 0
    last_error: str | None = None
    clips: tuple[ClipSnapshot, ...] = ()
    warnings: tuple[str, ...] = ()
    voice_briefs: tuple[VoiceBrief, ...] = ()
    final_video_key: str | None = None
    poster_key: str | None = None
    quality_report_key: str | None = None
    subtitles_key: str | None = None
    successors: dict[str, str] = Field(default_factory=dict)

    def linked_keys(self) -> Iterator[str]:
        """The storage key of every file that a status links."""
        files = (self.final_video_key, self.poster_key, self.quality_report_key, self.subtitles_key)
        yield from filter(None, files)
        for clip in self.clips:
            yield from filter(None, (clip.video_key, clip.thumbnail_key, clip.keyframe_key))
        yield from (brief.audio_key for brief in self.voice_briefs)

    def without_files(self, *, but_thumbnails: bool = False) -> Self:
        """This snapshot as somebody sees it who may have none of its files."""
        no_files = {"video_key": None, "keyframe_key": None}
        if not but_thumbnails:
            no_files["thumbnail_key"] = None
        return self.model_copy(
            update={
                "final_video_key": None,
                "poster_key": None,
                "quality_report_key": None,
                "subtitles_key": None,
                "clips": tuple(clip.model_copy(update=no_files) for clip in self.clips),
                "voice_briefs": (),
            }
        )

    def completed_by(self, known: "RenderSnapshot") -> Self:
        """This snapshot with the clips and warnings that it does not have as they are known."""
        clips = {clip.index: clip for clip in (*known.clips, *self.clips)}
        return self.model_copy(
            update={
                "clips": tuple(clips[index] for index in sorted(clips)),
                "warnings": tuple(dict.fromkeys((*known.warnings, *self.warnings))),
            }
        )
