"""One shot from keyframe to normalised clip. Shots run side by side and fail alone."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError

from studio.contracts.activities import FilmingActivities, StoryboardActivities
from studio.contracts.plan import ShotTiming
from studio.contracts.status import ClipState, Stage
from studio.contracts.workflow_io import (
    Clip,
    ClipJob,
    ClipTask,
    CollectTask,
    Keyframe,
    Review,
    ReviewTask,
    ShotTask,
)
from workflows.context import RenderContext
from workflows.failures import (
    CLIP_FAILED,
    REJECTED,
    TIMEOUT,
    describe,
    failure_kind,
    is_cancellation,
)

KEYFRAME_DRAWS_MAX = 2
"""A keyframe that the critic refuses is drawn once more; then it is used with a warning."""


class ShotLost(Exception):
    """An attempt ended without a clip. `again` tells whether a new attempt may be made."""

    def __init__(self, reason: str, *, again: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.again = again


@dataclass(frozen=True)
class Documents:
    """The stored documents that every shot reads."""

    screenplay_key: str
    analysis_key: str


class ShotRun:
    """Makes one shot. Ends with a clip, or with None if nothing at all could be made."""

    def __init__(
        self,
        context: RenderContext,
        shot: ShotTiming,
        documents: Documents,
        on_keyframe: Callable[[], None],
    ) -> None:
        self._context = context
        self._plan = context.plan
        self._board = context.board
        self._recorder = context.recorder
        self._policies = context.policies
        self._shot = shot
        self._documents = documents
        self._on_keyframe = on_keyframe
        self._label = f"Shot {shot.index} of {len(context.plan.shots)}"

    async def run(self) -> Clip | None:
        try:
            keyframe = await self._storyboard()
            return await self._film(keyframe)
        except ActivityError as error:
            if is_cancellation(error):
                raise asyncio.CancelledError from error
            self._give_up(describe(error))
            return None

    async def _storyboard(self) -> Keyframe:
        self._board.update_clip(self._shot.index, status=ClipState.STORYBOARDING)
        for draw in range(1, KEYFRAME_DRAWS_MAX + 1):
            keyframe = await self._draw(draw)
            review = await self._review(StoryboardActivities.review_keyframe, keyframe.key)
            if review.passed:
                break
        else:
            self._board.warn(f"{self._label}: the critic refused the keyframe: {review.remark}")
        self._recorder.deliver(self._line("keyframe"))
        self._on_keyframe()
        return keyframe

    async def _draw(self, draw: int) -> Keyframe:
        self._board.check_running()
        task = ShotTask(
            project_id=self._context.project_id,
            shot=self._shot,
            shot_count=len(self._plan.shots),
            attempt=draw,
            model=self._plan.models.image,
            resolution=self._plan.image_resolution,
            screenplay_key=self._documents.screenplay_key,
            analysis_key=self._documents.analysis_key,
        )
        return await workflow.execute_activity_method(
            StoryboardActivities.draw_keyframe,
            task,
            summary=f"{self._label}: keyframe, attempt {draw}",
            **self._policies.call,
        )

    async def _film(self, keyframe: Keyframe) -> Clip | None:
        self._context.enter(Stage.FILMING)
        reason = ""
        for attempt in range(1, self._context.render.timings.shot_attempts_max + 1):
            self._board.update_clip(self._shot.index, status=ClipState.FILMING, attempts=attempt)
            try:
                clip = await self._attempt(self._clip_task(keyframe, attempt))
            except ShotLost as lost:
                reason = lost.reason
                self._board.update_clip(self._shot.index, error=reason)
                if lost.again:
                    continue
                break
            return await self._accept(clip)
        return await self._replace(keyframe, reason)

    async def _attempt(self, task: ClipTask) -> Clip:
        job = await self._order(task)
        if self._board.stopping:
            await self._withdraw(job)
            self._board.check_running()
        try:
            await workflow.execute_activity_method(
                FilmingActivities.await_clip,
                job,
                summary=f"{self._label}: film, attempt {task.attempt}",
                **self._policies.wait,
            )
        except ActivityError as error:
            if is_cancellation(error) or failure_kind(error) == TIMEOUT:
                await self._withdraw(job)
            if is_cancellation(error):
                raise
            # A job that hangs may still be billed: only a definite failure is worth a new one.
            raise ShotLost(describe(error), again=failure_kind(error) == CLIP_FAILED) from error
        return await self._collect(CollectTask(clip=task, job=job))

    async def _collect(self, task: CollectTask) -> Clip:
        try:
            return await workflow.execute_activity_method(
                FilmingActivities.collect_clip,
                task,
                summary=f"{self._label}: collect and normalise, attempt {task.clip.attempt}",
                **self._policies.collect,
            )
        except ActivityError as error:
            if is_cancellation(error):
                raise
            raise ShotLost(describe(error), again=False) from error

    async def _order(self, task: ClipTask) -> ClipJob:
        self._board.check_running()
        try:
            return await workflow.execute_activity_method(
                FilmingActivities.submit_clip,
                task,
                summary=f"{self._label}: order, attempt {task.attempt}",
                **self._policies.submit,
            )
        except ActivityError as error:
            if is_cancellation(error):
                raise
            if failure_kind(error) == REJECTED:
                raise ShotLost(describe(error), again=False) from error
            return await self._reconcile(task, describe(error))

    async def _withdraw(self, job: ClipJob) -> None:
        """Nobody will wait for this job. A provider that does not hear it changes nothing here."""
        try:
            await workflow.execute_activity_method(
                FilmingActivities.withdraw_clip,
                job,
                summary=f"{self._label}: withdraw the order",
                **self._policies.withdraw,
            )
        except ActivityError as error:
            if is_cancellation(error):
                raise
            workflow.logger.warning("order not withdrawn", extra={"attempt_id": job.attempt_id})

    async def _reconcile(self, task: ClipTask, reason: str) -> ClipJob:
        """The order's outcome is unknown: the provider is asked before anything is paid again."""
        try:
            result = await workflow.execute_activity_method(
                FilmingActivities.reconcile_clip,
                task,
                summary=f"{self._label}: ask what became of order {task.attempt}",
                **self._policies.reconcile,
            )
        except ActivityError as error:
            if is_cancellation(error):
                raise
            # It may have been ordered, and nobody can say: it is not ordered a second time.
            raise ShotLost(reason, again=False) from error
        if result.job is None:
            raise ShotLost(reason, again=result.lost)
        return result.job

    async def _accept(self, clip: Clip) -> Clip:
        self._show(clip, ClipState.COMPLETED, None)
        self._recorder.deliver(self._line("video"))
        self._board.check_running()
        review = await self._review(FilmingActivities.review_clip, clip.preview_key)
        if not review.passed:
            self._board.warn(f"{self._label}: the critic remarked: {review.remark}")
        if review.score is not None:  # one that could not look is not charged
            self._recorder.deliver(self._line("critic"))
        return clip

    async def _review(
        self, look: Callable[[Any, ReviewTask], Awaitable[Review]], media_key: str
    ) -> Review:
        """A critic that could not look is not a verdict: the shot goes on without one."""
        task = ReviewTask(
            project_id=self._context.project_id,
            shot=self._shot,
            model=self._plan.models.critic,
            screenplay_key=self._documents.screenplay_key,
            media_key=media_key,
        )
        try:
            return await workflow.execute_activity_method(
                look, task, summary=f"{self._label}: critic", **self._policies.call
            )
        except ActivityError as error:
            if is_cancellation(error):
                raise
            self._board.warn(f"{self._label}: the critic could not look: {describe(error)}")
            return Review(passed=True)

    async def _replace(self, keyframe: Keyframe, reason: str) -> Clip:
        """Filming failed for good: the keyframe, animated, takes the shot's place."""
        self._board.check_running()
        clip = await workflow.execute_activity_method(
            FilmingActivities.animate_keyframe,
            self._clip_task(keyframe, 0),
            summary=f"{self._label}: animate the keyframe instead",
            **self._policies.media,
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

    def _clip_task(self, keyframe: Keyframe, attempt: int) -> ClipTask:
        return ClipTask(
            project_id=self._context.project_id,
            attempt_id=f"{self._context.project_id}-shot{self._shot.index:03d}-take{attempt}",
            shot=self._shot,
            shot_count=len(self._plan.shots),
            attempt=attempt,
            model=self._plan.models.video,
            resolution=self._plan.video_resolution,
            screenplay_key=self._documents.screenplay_key,
            keyframe_key=keyframe.key,
            frames_per_second=self._plan.frames_per_second,
            poll_interval_seconds=self._context.render.timings.poll_interval_seconds,
        )

    def _line(self, kind: str) -> str:
        return f"shot-{self._shot.index:03d}/{kind}"
