"""One order of one clip: placed once, waited for on any worker, collected."""

from datetime import timedelta
from enum import Enum, auto

from temporalio import workflow
from temporalio.exceptions import ActivityError

from studio.contracts.activities import FilmingActivities
from studio.contracts.workflow_io import Clip, ClipJob, ClipTask, CollectTask
from workflows.context import RenderContext
from workflows.failures import (
    BUSY,
    CLIP_FAILED,
    MODEL_GONE,
    MODERATED,
    NOT_ORDERED,
    TIMEOUT,
    UNAVAILABLE,
    describe,
    failure_kind,
    is_cancellation,
    refused_input,
    retry_delay,
)


class Next(Enum):
    """What may be done after an order that brought no clip."""

    NOTHING = auto()
    AGAIN = auto()
    LATER = auto()
    SOFTER = auto()
    SUCCESSOR = auto()


class ShotLost(Exception):
    """An order ended without a clip. `refused` is what a content filter named, `delay` a wish."""

    def __init__(
        self, reason: str, then: Next, *, refused: str = "", delay: timedelta | None = None
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.then = then
        self.refused = refused
        self.delay = delay


class ClipOrder:
    """Places one order. Everything but the placing may be repeated by Temporal."""

    def __init__(self, context: RenderContext, label: str, task: ClipTask) -> None:
        self._context = context
        self._board = context.board
        self._policies = context.policies
        self._label = label
        self._task = task

    async def film(self) -> ClipJob:
        """Order and wait. Raises ShotLost, and ActivityError where the render is canceled."""
        job = await self._place()
        if self._board.stopping:
            await self._withdraw(job)
            self._board.check_running()
        try:
            await workflow.execute_activity_method(
                FilmingActivities.await_clip,
                job,
                summary=f"{self._label}: film, attempt {self._task.attempt}",
                **self._policies.wait,
            )
        except ActivityError as error:
            kind = failure_kind(error)
            if is_cancellation(error) or kind == TIMEOUT:
                await self._withdraw(job)
            if is_cancellation(error):
                raise
            # A job that hangs may still be billed: only a definite failure is worth a new one.
            raise _lost(error, {CLIP_FAILED: Next.AGAIN, MODERATED: Next.SOFTER}) from error
        return job

    async def collect(self, job: ClipJob) -> Clip:
        """Fetch what was filmed. Raises ShotLost."""
        try:
            return await workflow.execute_activity_method(
                FilmingActivities.collect_clip,
                CollectTask(clip=self._task, job=job),
                summary=f"{self._label}: collect and normalise, attempt {self._task.attempt}",
                **self._policies.collect,
            )
        except ActivityError as error:
            if is_cancellation(error):
                raise
            raise _lost(error, {}) from error

    async def _place(self) -> ClipJob:
        self._board.check_running()
        try:
            return await workflow.execute_activity_method(
                FilmingActivities.submit_clip,
                self._task,
                summary=f"{self._label}: order, attempt {self._task.attempt}",
                **self._policies.submit,
            )
        except ActivityError as error:
            if is_cancellation(error):
                raise
            if failure_kind(error) in NOT_ORDERED:
                raise _lost(error, _AFTER_REFUSAL) from error
            return await self._reconcile(describe(error))

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

    async def _reconcile(self, reason: str) -> ClipJob:
        """The order's outcome is unknown: the provider is asked before anything is paid again."""
        try:
            result = await workflow.execute_activity_method(
                FilmingActivities.reconcile_clip,
                self._task,
                summary=f"{self._label}: ask what became of order {self._task.attempt}",
                **self._policies.reconcile,
            )
        except ActivityError as error:
            if is_cancellation(error):
                raise
            # It may have been ordered, and nobody can say: it is not ordered a second time.
            raise ShotLost(reason, Next.NOTHING) from error
        if result.job is None:
            raise ShotLost(reason, Next.AGAIN if result.lost else Next.NOTHING)
        return result.job


_AFTER_REFUSAL = {
    MODERATED: Next.SOFTER,
    MODEL_GONE: Next.SUCCESSOR,
    BUSY: Next.LATER,
    UNAVAILABLE: Next.LATER,
}


def _lost(error: ActivityError, then: dict[str, Next]) -> ShotLost:
    return ShotLost(
        describe(error),
        then.get(failure_kind(error), Next.NOTHING),
        refused=refused_input(error),
        delay=retry_delay(error),
    )
