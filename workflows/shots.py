"""One shot from keyframe to normalised clip. Shots run side by side and fail alone."""

import asyncio

from temporalio import workflow
from temporalio.exceptions import ActivityError

from studio.contracts.activities import FilmingActivities
from studio.contracts.plan import ShotTiming
from studio.contracts.status import ClipState, Stage
from studio.contracts.workflow_io import Clip, ClipTask
from workflows.failures import describe, is_cancellation
from workflows.keyframes import Drawn, KeyframeRun, review_media
from workflows.orders import ShotLost
from workflows.shoot import Shoot
from workflows.takes import Takes


class ShotRun:
    """Makes one shot. Ends with a clip, or with None if nothing at all could be made."""

    def __init__(self, shoot: Shoot, shot: ShotTiming) -> None:
        self._shoot = shoot
        self._context = shoot.context
        self._board = shoot.context.board
        self._recorder = shoot.context.recorder
        self._shot = shot
        self._label = shoot.label(shot)
        self._storyboard = KeyframeRun(shoot, shot)

    async def run(self) -> Clip | None:
        try:
            drawn = await self._draw()
            return await self._film(drawn)
        except ActivityError as error:
            if is_cancellation(error):
                raise asyncio.CancelledError from error
            self._give_up(describe(error))
            return None
        finally:
            self._shoot.show_keyframe(self._shot.index, None)

    async def _draw(self) -> Drawn:
        self._board.update_clip(self._shot.index, status=ClipState.STORYBOARDING)
        drawn = await self._storyboard.run()
        self._show_keyframe(drawn)
        if not drawn.stand_in:
            self._recorder.deliver(self._line("keyframe"))
        self._shoot.on_keyframe()
        return drawn

    async def _film(self, drawn: Drawn) -> Clip:
        self._context.enter(Stage.FILMING)
        takes = Takes(self._shoot, self._shot, drawn, self._redraw)
        if drawn.stand_in:
            self._board.update_clip(self._shot.index, status=ClipState.FILMING)
            return await self._replace(takes.replacement(), "its keyframe could not be drawn.")
        try:
            clip = await takes.film()
        except ShotLost as lost:
            return await self._replace(takes.replacement(), lost.reason)
        return await self._accept(clip, takes.attempt)

    async def _redraw(self) -> Drawn | None:
        drawn = await self._storyboard.redraw()
        if drawn is not None:
            self._show_keyframe(drawn)
        return drawn

    def _show_keyframe(self, drawn: Drawn) -> None:
        self._board.update_clip(
            self._shot.index,
            keyframe_key=drawn.keyframe.key,
            keyframe_score=drawn.review.score,
            keyframe_remark=drawn.review.remark or None,
        )
        self._shoot.show_keyframe(self._shot.index, drawn.keyframe.key)

    async def _accept(self, clip: Clip, attempt: int) -> Clip:
        """A clip is there: shown and charged at once, then looked at."""
        self._show(clip, ClipState.COMPLETED, None)
        self._recorder.deliver(self._line("video"))
        self._board.check_running()
        review = await review_media(
            self._shoot,
            self._shot,
            FilmingActivities.review_clip,
            media_key=clip.preview_key,
            attempt=attempt,
        )
        if not review.passed:
            self._board.warn(f"{self._label}: the critic remarked: {review.remark}")
        if review.score is not None:  # one that could not look is not charged
            self._board.update_clip(
                self._shot.index, video_score=review.score, video_remark=review.remark or None
            )
            self._recorder.deliver(self._line("critic"))
        return clip

    async def _replace(self, task: ClipTask, reason: str) -> Clip:
        """Filming failed for good: the keyframe, animated, takes the shot's place."""
        self._board.check_running()
        clip = await workflow.execute_activity_method(
            FilmingActivities.animate_keyframe,
            task,
            summary=f"{self._label}: animate the keyframe instead",
            **self._context.policies.media,
        )
        self._show(clip, ClipState.REPLACED, reason)
        self._board.warn(
            f"{self._label} could not be filmed ({reason}) Its animated keyframe takes its place "
            "and its video line is not charged."
        )
        return clip

    def _show(self, clip: Clip, status: ClipState, error: str | None) -> None:
        self._board.update_clip(
            self._shot.index,
            status=status,
            duration_seconds=clip.duration_seconds,
            video_key=clip.preview_key,
            thumbnail_key=clip.thumbnail_key,
            error=error,
        )

    def _give_up(self, reason: str) -> None:
        self._board.update_clip(self._shot.index, status=ClipState.FAILED, error=reason)
        self._board.warn(f"{self._label} could not be made: {reason}")

    def _line(self, kind: str) -> str:
        return f"shot-{self._shot.index:03d}/{kind}"
