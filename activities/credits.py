"""Reservation, settlement and release, each in one transaction with the row that shows it."""

from datetime import timedelta
from typing import ClassVar

from sqlalchemy.orm import Session
from temporalio import activity

from activities.workbench import Workbench
from studio.contracts.activities import CreditActivities
from studio.contracts.errors import StudioError
from studio.contracts.limits import HOLD_LIFETIME_SECONDS
from studio.contracts.workflow_io import HoldRequest, ProgressReceipt, ProgressUpdate
from studio.ledger import service as ledger
from studio.renders.repository import (
    mark_started,
    read_revision,
    read_snapshot,
    store_snapshot,
)


class HoldsReleased(StudioError):
    """The render has ended before: running it again (a reset) would spend uncovered money."""

    code: ClassVar[str] = "holds_released"

    def __init__(self, project_id: str) -> None:
        super().__init__(f"{project_id} has ended and its credits were released; submit it anew.")


class LedgerCreditActivities(CreditActivities):
    """The ledger and the render row behind the workflow's money and progress."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench

    @activity.defn
    async def confirm_holds(self, request: HoldRequest) -> ProgressReceipt:
        now = self._bench.now()
        run_id = activity.info().workflow_run_id or ""

        def confirm(session: Session) -> ProgressReceipt:
            ledger.reserve(
                session,
                wallet=ledger.wallet_id(request.account_id),
                subject=request.project_id,
                lines=request.plan.charges.lines,
                expires_at=now + timedelta(seconds=HOLD_LIFETIME_SECONDS),
                now=now,
            )
            held = ledger.summary(session, subject=request.project_id)
            if held.released:
                raise HoldsReleased(request.project_id)
            mark_started(session, request.project_id, run_id)
            revision = read_revision(session, request.project_id)
            return ProgressReceipt(revision=revision, credits_settled=held.settled)

        return await self._bench.transact(confirm)

    @activity.defn
    async def record_progress(self, update: ProgressUpdate) -> ProgressReceipt:
        def record(session: Session) -> ProgressReceipt:
            return self._store(session, update, self._settle(session, update))

        return await self._bench.transact(record)

    @activity.defn
    async def close_render(self, update: ProgressUpdate) -> ProgressReceipt:
        def close(session: Session) -> ProgressReceipt:
            settled = self._settle(session, update)
            ledger.release_open(session, subject=update.project_id, now=self._bench.now())
            return self._store(session, update, settled)

        return await self._bench.transact(close)

    def _settle(self, session: Session, update: ProgressUpdate) -> int:
        """Charge for what was delivered; returns what the render was charged in all."""
        return ledger.settle_lines(
            session,
            subject=update.project_id,
            line_ids=update.settle_line_ids,
            now=self._bench.now(),
        )

    def _store(self, session: Session, update: ProgressUpdate, settled: int) -> ProgressReceipt:
        """Store the snapshot with what the ledger says was settled, not what the run expects."""
        snapshot = update.snapshot.model_copy(update={"credits_settled": settled})
        if update.partial:
            # Whoever wrote the row last, it has all that was sent before: runs tell one story.
            snapshot = snapshot.completed_by(read_snapshot(session, update.project_id))
        revision = store_snapshot(
            session, update.project_id, snapshot, now=self._bench.now(), replace_equal=True
        )
        return ProgressReceipt(revision=revision, credits_settled=settled)
