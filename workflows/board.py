"""The live state of one render: what the query answers, the row stores and the UI shows."""

import asyncio
from collections.abc import Iterable

from studio.contracts.plan import ShotPlan, ShotTiming
from studio.contracts.status import (
    STAGE_ORDER,
    ClipSnapshot,
    ClipState,
    RenderSnapshot,
    RenderState,
    Stage,
    VoiceBrief,
)
from studio.contracts.workflow_io import Film, RenderInput

_STAGE_START = {
    Stage.INPUT: 0.0,
    Stage.MUSIC: 0.03,
    Stage.PLANNING: 0.06,
    Stage.STORYBOARDING: 0.1,
    Stage.FILMING: 0.1,
    Stage.PRODUCTION: 0.9,
    Stage.COMPLETED: 1.0,
}
"""Where each stage begins on the scale of `progress`; shots fill the span from 0.1 to 0.9."""

_SHOTS_SPAN = 0.8
_CLIP_TENTHS = {
    ClipState.QUEUED: 0,
    ClipState.STORYBOARDING: 1,
    ClipState.FILMING: 4,
}
"""How much of a clip is done, in tenths; in every other state nothing is left to be done."""

WARNING_LENGTH_MAX = 800
"""A critic's remarks (600) and our words around them; what others write is not bounded by us."""

_SETTLED_CLIPS = frozenset({ClipState.COMPLETED, ClipState.REPLACED})


class StatusBoard:
    """Mutable only through methods, each of which makes a new revision."""

    def __init__(self, render: RenderInput) -> None:
        plan = render.plan
        self.revision = 1
        self.status = RenderState.QUEUED
        self.stage = Stage.INPUT
        self.credits_reserved = plan.charges.total_credits
        self.credits_settled = 0
        self.last_error: str | None = None
        self.film: Film | None = None
        self.stopping = False
        self._progress = 0.0
        self._warnings: list[str] = list(plan.warnings)
        self._briefs: list[VoiceBrief] = []
        self._successors: dict[str, str] = {}
        self._clips = _queued_clips(plan)
        self._done_tenths = 0

    @property
    def clips(self) -> tuple[ClipSnapshot, ...]:
        return tuple(self._clips.values())

    @property
    def clips_by_index(self) -> dict[int, ClipSnapshot]:
        """As they are now; a clip that changes is another object."""
        return dict(self._clips)

    def enter(self, stage: Stage) -> bool:
        """Move on to a stage; False (and no change) if it or a later one was reached before."""
        if STAGE_ORDER.index(stage) <= STAGE_ORDER.index(self.stage) and stage != Stage.INPUT:
            return False
        self.stage = stage
        self._changed()
        return True

    def check_running(self) -> None:
        """Before new work: an activity that outlived a cancellation must not lead to another.

        CancelledError once the render is stopping.
        """
        if self.stopping:
            raise asyncio.CancelledError

    def set_status(self, status: RenderState, error: str | None = None) -> None:
        self.status = status
        self.last_error = error
        if status in {RenderState.CANCELED, RenderState.FAILED}:
            self._stop_open_clips()
        self._changed()

    def update_clip(self, index: int, **changes: object) -> None:
        self._put_clip(self._clips[index].model_copy(update=changes))
        self._changed()

    def warn(self, sentence: str) -> None:
        if len(sentence) > WARNING_LENGTH_MAX:
            sentence = sentence[: WARNING_LENGTH_MAX - 1] + "…"
        if sentence not in self._warnings:
            self._warnings.append(sentence)
            self._changed()

    def recast(self, part: str, model: str) -> None:
        """Another model than the planned one works on a part from now on."""
        self._successors[part] = model
        self._changed()

    def retime(self, shots: Iterable[ShotTiming], frames_per_second: int) -> None:
        """The shots as they are cut, where that differs from the estimate."""
        for shot in shots:
            seconds = round(shot.frames / frames_per_second, 3)
            if self._clips[shot.index].duration_seconds != seconds:
                self.update_clip(shot.index, duration_seconds=seconds)

    def add_brief(self, brief: VoiceBrief) -> None:
        self._briefs.append(brief)
        self._changed()

    def finish(self, film: Film) -> None:
        self.film = film
        self.stage = Stage.COMPLETED
        self.set_status(RenderState.COMPLETED)

    def earn(self, earned_credits: int) -> None:
        """Lines whose result is stored count at once; the record follows in one transaction."""
        self.credits_settled += earned_credits
        self._changed()

    def catch_up(self, revision: int, credits_settled: int) -> None:
        """Take over what the record says where it differs, e.g. after an operator's reset."""
        if revision > self.revision:
            self.revision = revision + 1
        if credits_settled != self.credits_settled:
            self.credits_settled = credits_settled
            self._changed()

    def snapshot(self) -> RenderSnapshot:
        return RenderSnapshot(
            revision=self.revision,
            status=self.status,
            stage=self.stage,
            progress=self._progress,
            credits_reserved=self.credits_reserved,
            credits_settled=self.credits_settled,
            last_error=self.last_error,
            clips=self.clips,
            warnings=tuple(self._warnings),
            voice_briefs=tuple(self._briefs),
            final_video_key=self.film.key if self.film else None,
            poster_key=self.film.poster_key if self.film else None,
            quality_report_key=self.film.quality_report_key if self.film else None,
            subtitles_key=self.film.subtitles_key if self.film else None,
            successors=dict(self._successors),
        )

    def _changed(self) -> None:
        self.revision += 1
        self._progress = max(self._progress, self._measure())

    def _measure(self) -> float:
        start = _STAGE_START[self.stage]
        if self.stage not in {Stage.STORYBOARDING, Stage.FILMING}:
            return start
        return round(start + _SHOTS_SPAN * self._done_tenths / (10 * len(self._clips)), 4)

    def _put_clip(self, clip: ClipSnapshot) -> None:
        """Keep the sum as it goes: 64 clips that change six times each make it dear to count."""
        before = self._clips[clip.index]
        self._done_tenths += _tenths(clip) - _tenths(before)
        self._clips[clip.index] = clip

    def _stop_open_clips(self) -> None:
        for clip in self.clips:
            if clip.status not in _SETTLED_CLIPS and clip.status != ClipState.FAILED:
                self._put_clip(clip.model_copy(update={"status": ClipState.CANCELED}))


def _tenths(clip: ClipSnapshot) -> int:
    return _CLIP_TENTHS.get(clip.status, 10)


def _queued_clips(plan: ShotPlan) -> dict[int, ClipSnapshot]:
    return {
        shot.index: ClipSnapshot(
            index=shot.index, duration_seconds=round(shot.frames / plan.frames_per_second, 3)
        )
        for shot in plan.shots
    }
