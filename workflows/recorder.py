"""Writes a render's progress into the record: money and status in one transaction.

Shots run side by side and each of their steps changes the status. One write is in flight at a
time and carries everything that changed since the last, so that 64 shots do not queue for the
same row, and a line is settled in the very transaction that shows its result.
"""

import asyncio

from temporalio import workflow
from temporalio.exceptions import ActivityError

from studio.contracts.activities import CreditActivities
from studio.contracts.plan import ChargePlan
from studio.contracts.status import ClipSnapshot
from studio.contracts.workflow_io import ProgressReceipt, ProgressUpdate
from workflows.board import StatusBoard
from workflows.measures import RenderMeasures
from workflows.operator_view import current_details
from workflows.policies import Policies


class Recorder:
    """Owns the board's way into the database. `deliver` marks a charge line as earned."""

    def __init__(
        self,
        project_id: str,
        charges: ChargePlan,
        board: StatusBoard,
        *,
        policies: Policies,
        measures: RenderMeasures,
    ) -> None:
        self._project_id = project_id
        self._prices = {line.line_id: line.credits for line in charges.lines}
        self._board = board
        self._policies = policies
        self._measures = measures
        self._earned: list[str] = []
        self._recorded_revision = 0
        self._recorded_clips: dict[int, ClipSnapshot] | None = None
        self._recorded_warnings = 0
        self._closing = False
        self._loop: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._loop = asyncio.create_task(self._record_until_closed())

    def deliver(self, *line_ids: str) -> None:
        """These lines' results are stored: charge for them, where the plan has such a line."""
        known = [line_id for line_id in line_ids if line_id in self._prices]
        if known:
            self._earned.extend(known)
            self._board.earn(sum(self._prices[line_id] for line_id in known))

    @property
    def has_failed(self) -> bool:
        """Whether the ledger or the record refused for good: nothing more may be spent."""
        return not self._closing and self._loop is not None and self._loop.done()

    async def stop(self) -> ActivityError | None:
        """End the writing of progress, so that the terminal state is only ever written by close.

        Returns why a write was refused for good, if one was.
        """
        self._closing = True
        if self._loop is not None:
            try:
                await self._loop
            except ActivityError as error:
                return error
        return None

    async def close(self) -> None:
        """Store the terminal snapshot, settle what was earned and release everything else."""
        workflow.set_current_details(current_details(self._board.snapshot()))
        self._recorded_clips = None
        update = self._take_update()
        receipt = await workflow.execute_activity_method(
            CreditActivities.close_render,
            update,
            summary=f"Settle what was delivered, release the rest: {self._board.status}",
            **self._policies.record,
        )
        self._measures.settled(update.settle_line_ids)
        self._measures.released()
        self._catch_up(receipt)

    async def _record_until_closed(self) -> None:
        while True:
            await workflow.wait_condition(lambda: self._closing or self._is_behind())
            if self._closing:
                return
            await self._record()

    def _is_behind(self) -> bool:
        return bool(self._earned) or self._board.revision > self._recorded_revision

    async def _record(self) -> None:
        workflow.set_current_details(current_details(self._board.snapshot()))
        update = self._take_update()
        receipt = await workflow.execute_activity_method(
            CreditActivities.record_progress,
            update,
            summary=_summarise(update),
            **self._policies.record,
        )
        self._measures.settled(update.settle_line_ids)
        self._catch_up(receipt)

    def _catch_up(self, receipt: ProgressReceipt) -> None:
        if receipt.revision > self._board.revision:
            # Another run wrote the record (an operator's reset): it is told everything anew.
            self._recorded_clips = None
        waiting = sum(self._prices[line_id] for line_id in self._earned)
        self._board.catch_up(receipt.revision, receipt.credits_settled + waiting)

    def _take_update(self) -> ProgressUpdate:
        earned, self._earned = tuple(self._earned), []
        snapshot = self._board.snapshot()
        self._recorded_revision = snapshot.revision
        known, self._recorded_clips = self._recorded_clips, self._board.clips_by_index
        told, self._recorded_warnings = self._recorded_warnings, len(snapshot.warnings)
        if known is not None:
            changed = tuple(clip for clip in snapshot.clips if known[clip.index] is not clip)
            # All warnings of 64 shots in each of hundreds of updates would outgrow a history.
            news = {"clips": changed, "warnings": snapshot.warnings[told:]}
            snapshot = snapshot.model_copy(update=news)
        return ProgressUpdate(
            project_id=self._project_id,
            settle_line_ids=earned,
            snapshot=snapshot,
            partial=known is not None,
        )


def _summarise(update: ProgressUpdate) -> str:
    stage = update.snapshot.stage
    if not update.settle_line_ids:
        return f"Record progress: {stage}"
    first, *others = update.settle_line_ids
    more = f" and {len(others)} more" if others else ""
    return f"Settle {first}{more}; record {stage}"
