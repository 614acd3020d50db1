"""The sweep over purchases of credits: webhooks that never came, and credits that are owed."""

from datetime import datetime, timedelta
from typing import Final

import structlog
from temporalio import activity

from activities.measures import count_top_up
from activities.workbench import Workbench
from studio.contracts.activities import ReconcileActivities
from studio.contracts.errors import StudioError
from studio.contracts.purchase import CheckoutUnavailable, TopUpSweepReport
from studio.contracts.sweeps import ReconcileTask
from studio.ledger import service as ledger
from studio.topups.decision import Finding
from studio.topups.errors import TopUpChanged
from studio.topups.looking import Purchases
from studio.topups.ports import Checkout
from studio.topups.repository import expire_unopened, list_open, list_owing, mark_looked_at
from studio.topups.settling import collect_owed
from studio.topups.tables import TopUpRow

KEPT_UNOPENED: Final = timedelta(hours=2)
"""As long as a page lives: a purchase that has none by then was given up by a gateway that died."""
_ENDED: Final = frozenset({Finding.EXPIRED, Finding.FAILED})

log: Final = structlog.get_logger(__name__)


class TopUpSweep(ReconcileActivities):
    """`sweep_top_ups` of the interface."""

    def __init__(self, bench: Workbench, checkout: Checkout) -> None:
        self._bench = bench
        self._purchases = Purchases(
            checkout=checkout, transact=bench.transact, wallets=ledger, now=bench.now
        )

    @activity.defn
    async def sweep_top_ups(self, task: ReconcileTask) -> TopUpSweepReport:
        now = self._bench.now()
        before = now - timedelta(seconds=task.top_up_seconds)
        unopened = await self._bench.transact(
            lambda session: expire_unopened(session, created_before=now - KEPT_UNOPENED, now=now)
        )
        rows = await self._bench.transact(
            lambda session: list_open(session, looked_before=before, limit=task.limit)
        )
        paid: list[str] = []
        flagged: list[str] = []
        ended = unopened
        for row in rows:
            activity.heartbeat({"state": "asking", "top_up_id": row.top_up_id})
            try:
                finding = await self._look(row, now)
            except CheckoutUnavailable:
                break  # the next sweep goes on where this one stopped
            except StudioError as error:
                # One purchase that cannot be looked at must not keep the others from it.
                flagged.append(f"{row.top_up_id} cannot be looked at ({error.code})")
                continue
            if finding is Finding.PAID:
                paid.append(row.top_up_id)
            elif finding is Finding.MISMATCH:
                flagged.append(f"{row.top_up_id} was paid otherwise than it was asked for")
            ended += finding in _ENDED
        await self._collect(task.limit, now)
        for sentence in flagged:
            log.error("a purchase of credits needs a look", finding=sentence)
        return TopUpSweepReport(paid=tuple(paid), ended=ended, flagged=tuple(flagged))

    async def _look(self, row: TopUpRow, now: datetime) -> Finding:
        # First, so that what cannot be looked at does not keep its place at the front.
        await self._bench.transact(lambda session: mark_looked_at(session, row, now=now))
        finding = await self._purchases.look(row.top_up_id)
        if finding is not Finding.UNCHANGED:
            count_top_up(finding.value)
        return finding

    async def _collect(self, limit: int, now: datetime) -> None:
        """What is owed is taken from what came back to a wallet meanwhile."""
        owing = await self._bench.transact(lambda session: list_owing(session, limit=limit))
        for account_id in dict.fromkeys(row.account_id for row in owing):
            await self._collect_of(account_id, now)

    async def _collect_of(self, account_id: str, now: datetime) -> None:
        try:
            await self._bench.transact(
                lambda session: collect_owed(session, account_id, wallets=ledger, now=now)
            )
        except TopUpChanged:
            log.info("what an account owes is being changed by others", account_id=account_id)
