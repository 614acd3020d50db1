"""The orders of one shot's clip, one after the other, within their bounds."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from temporalio import workflow

from studio.contracts.plan import ShotTiming
from studio.contracts.status import ClipState
from studio.contracts.workflow_io import Clip, ClipTask
from workflows.casting import Part
from workflows.failures import REFUSED_KEYFRAME, REFUSED_REFERENCES
from workflows.keyframes import Drawn
from workflows.orders import ClipOrder, Next, ShotLost
from workflows.shoot import Shoot

LATER_SECONDS_MAX = 120.0
LATER_DOUBLINGS_MAX = 20
"""Waits for a provider that takes nothing on begin at a poll's and double up to this, whatever it
says: some 20 orders a shot in half an hour, so that 64 shots stay within half of the 51,200 events
that Temporal gives a history."""


class Takes:
    """Orders until there is a clip. `redraw` makes a tamer keyframe, or None."""

    def __init__(
        self,
        shoot: Shoot,
        shot: ShotTiming,
        drawn: Drawn,
        redraw: Callable[[], Awaitable[Drawn | None]],
    ) -> None:
        self._shoot = shoot
        self._context = shoot.context
        self._board = shoot.context.board
        self._timings = shoot.context.render.timings
        self._shot = shot
        self._label = shoot.label(shot)
        self._drawn = drawn
        self._redraw = redraw
        self._failures = 0
        self._softened = 0
        self._waits = 0
        self._waited_seconds = 0.0
        self._with_references = shoot.context.render.ingredients
        self.attempt = 0

    async def film(self) -> Clip:
        """The clip, or ShotLost with the reason of the last order that failed."""
        last_frame_key = await self._shoot.last_frame(self._shot)
        while True:
            self.attempt += 1
            self._board.update_clip(
                self._shot.index, status=ClipState.FILMING, attempts=self.attempt
            )
            task = self._task(self.attempt, last_frame_key)
            try:
                return await self._take(task)
            except ShotLost as lost:
                self._board.update_clip(self._shot.index, error=lost.reason)
                if not await self._may_go_on(task, lost):
                    raise

    def replacement(self) -> ClipTask:
        """What the animated keyframe is made from."""
        return self._task(0, None)

    async def _take(self, task: ClipTask) -> Clip:
        order = ClipOrder(self._context, self._label, task)
        async with self._shoot.job_slot():
            job = await order.film()
        return await order.collect(job)

    async def _may_go_on(self, task: ClipTask, lost: ShotLost) -> bool:
        """Prepare for another order; False where there will be none."""
        self._board.check_running()
        match lost.then:
            case Next.AGAIN:
                self._failures += 1
                return self._failures < self._timings.shot_attempts_max
            case Next.SOFTER:
                return await self._soften(lost)
            case Next.SUCCESSOR:
                return self._context.casting.give_way(Part.VIDEO, task.model)
            case Next.LATER:
                return await self._wait(lost.delay)
            case Next.NOTHING:
                return False

    async def _soften(self, lost: ShotLost) -> bool:
        """Tone down what the content filter named: the words, the keyframe or the references."""
        if self._softened >= self._timings.softenings_max:
            return False
        self._softened += 1
        self._board.warn(
            f"{self._label}: the order was refused and is made again from "
            f"tamer input: {lost.reason}"
        )
        if lost.refused == REFUSED_REFERENCES:
            self._with_references = False
        if lost.refused == REFUSED_KEYFRAME:
            drawn = await self._redraw()
            if drawn is None:
                return False
            self._drawn = drawn
        return True

    async def _wait(self, delay: timedelta | None) -> bool:
        """Nothing was taken on: the order is made again later, until the stage's time is up.

        A provider may ask for more patience than ours, never for less: `Retry-After: 0.001` would
        be an endless loop of orders.
        """
        doublings = min(self._waits, LATER_DOUBLINGS_MAX)
        self._waits += 1
        seconds = min(self._timings.poll_interval_seconds * 2**doublings, LATER_SECONDS_MAX)
        if delay is not None:
            seconds = max(seconds, delay.total_seconds())
        self._waited_seconds += seconds
        if self._waited_seconds > self._timings.stage_deadline_seconds:
            return False
        await workflow.sleep(seconds, summary=f"{self._label}: the provider is busy")
        return True

    def _task(self, attempt: int, last_frame_key: str | None) -> ClipTask:
        context, documents, shot = self._context, self._shoot.documents, self._shot
        model = context.casting.model(Part.VIDEO)
        return ClipTask(
            project_id=context.project_id,
            attempt_id=f"{context.project_id}-shot{shot.index:03d}-take{attempt}",
            shot=shot,
            shot_count=len(self._shoot.shots),
            attempt=attempt,
            model=model,
            resolution=context.plan.video_resolution,
            screenplay_key=documents.screenplay_key,
            keyframe_key=self._drawn.keyframe.key,
            frames_per_second=context.plan.frames_per_second,
            poll_interval_seconds=self._timings.poll_interval_seconds,
            analysis_key=documents.analysis_key,
            sheets=documents.sheets,
            references=model.references if self._with_references else 0,
            # A successor may not be able to end on a picture: its order would be refused.
            last_frame_key=last_frame_key if model.last_frame else None,
            softened=self._softened,
            overlap_before_frames=self._shoot.overlap_before(shot),
        )
