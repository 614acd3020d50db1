"""The sweep over quotes: what no run carries is carried on, what nobody paid is let go.

A gateway may die between the claim and the word to the run; a run may be terminated. The row says
what is left to do, so a run is started that looks at it.
"""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy.orm import Session
from temporalio import activity
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from activities.measures import count_drift
from activities.workbench import Workbench
from studio.contracts.activities import ReconcileActivities
from studio.contracts.launch import payment_start_arguments
from studio.contracts.names import PAID_RENDER_WORKFLOW, paid_render_workflow_id
from studio.contracts.payment import (
    MAKING_STATES,
    SENT_BACK_STATES,
    PaymentState,
    QuoteSweepReport,
)
from studio.contracts.sweeps import ReconcileTask
from studio.ledger import service as ledger
from studio.quotes.claims import expire_due
from studio.quotes.repository import find_ended, list_sent_back, list_unfinished, purge_expired
from studio.quotes.tables import QuoteRow
from studio.quotes.workflow_io import payment_input

KEPT_AFTER_EXPIRY: Final = timedelta(days=7)
"""A late webhook of an expired quote still finds it; Stripe tries for three days."""

KEPT_UNTRIED: Final = timedelta(hours=1)
"""Without a payment there is no webhook either, and whoever asked may still learn that it is over.
Anybody can have quotes made, of up to 2 MB each: in a week one address alone could fill a disk."""

PURGED_AT_ONCE_MAX: Final = 100
"""Rows of a transaction, which keeps others from writing."""
PURGES_MAX: Final = 200
"""Transactions of a sweep, each minute: so many quotes a minute are forgotten as 333 addresses may
have made at their limit."""
FINDINGS_MAX: Final = 100

log: Final = structlog.get_logger(__name__)


class TemporalQuoteSweep(ReconcileActivities):
    """`sweep_quotes` of the interface; renders are swept by `TemporalReconcileActivities`."""

    def __init__(self, bench: Workbench, client: Client, task_queue: str) -> None:
        self._bench = bench
        self._client = client
        self._task_queue = task_queue

    @activity.defn
    async def sweep_quotes(self, task: ReconcileTask) -> QuoteSweepReport:
        now = self._bench.now()
        expired = await self._bench.transact(lambda session: expire_due(session, now=now))
        purged = await self._purge(now)
        started: list[str] = []
        drift: list[str] = []
        async for row in self._unfinished(now - timedelta(seconds=task.grace_seconds), task.limit):
            activity.heartbeat({"state": "comparing", "quote_id": row.quote_id})
            try:
                if await self._mend(row):
                    started.append(row.quote_id)
            except (RPCError, ValueError) as error:
                # One row that cannot be compared must not keep the others from it.
                drift.append(f"{row.quote_id} cannot be compared ({type(error).__name__})")
        drift += await self._bench.transact(_find_drift)
        for sentence in drift:
            log.error("quotes' money does not add up", finding=sentence)
        count_drift(len(drift))
        return QuoteSweepReport(
            started=tuple(started), expired=expired, purged=purged, drift=tuple(drift)
        )

    async def _purge(self, now: datetime) -> int:
        """Forget what was over long ago, in short transactions; how many quotes that were."""
        purged = 0
        for _ in range(PURGES_MAX):
            activity.heartbeat({"state": "forgetting", "purged": purged})
            count = await self._bench.transact(
                lambda session: purge_expired(
                    session,
                    expired_before=now - KEPT_AFTER_EXPIRY,
                    untried_before=now - KEPT_UNTRIED,
                    limit=PURGED_AT_ONCE_MAX,
                )
            )
            purged += count
            if count < PURGED_AT_ONCE_MAX:
                break
        return purged

    async def _unfinished(self, before: datetime, page_length: int) -> AsyncIterator[QuoteRow]:
        """All of them: those that wait for days must not keep the rest from being looked at."""
        last: QuoteRow | None = None
        while True:
            rows = await self._page(before, page_length, last)
            for row in rows:
                yield row
            if len(rows) < page_length:
                return
            last = rows[-1]

    async def _page(self, before: datetime, length: int, after: QuoteRow | None) -> list[QuoteRow]:
        def page(session: Session) -> list[QuoteRow]:
            return list_unfinished(session, updated_before=before, limit=length, after=after)

        return await self._bench.transact(page)

    async def _mend(self, row: QuoteRow) -> bool:
        """Have a row carried on that no run carries; whether a run was started."""
        if row.refund_state in SENT_BACK_STATES:
            return False
        is_running = await self._is_running(row.quote_id)
        # A run that waits for a payment may not have been told of this one, or of a wish.
        has_wish = row.cancel_requested and row.state in MAKING_STATES
        has_news = row.state is PaymentState.SETTLING or has_wish
        if not is_running or has_news:
            await self._wake(row)
        return not is_running

    async def _is_running(self, quote_id: str) -> bool:
        handle = self._client.get_workflow_handle(paid_render_workflow_id(quote_id))
        try:
            description = await handle.describe()
        except RPCError as error:
            if error.status == RPCStatusCode.NOT_FOUND:
                return False
            raise
        except ValueError:
            # A status newer than this SDK (a paused workflow): it is there, so leave it alone.
            return True
        return description.status == WorkflowExecutionStatus.RUNNING

    async def _wake(self, row: QuoteRow) -> None:
        payment = payment_input(row)
        await self._client.start_workflow(
            PAID_RENDER_WORKFLOW,
            payment,
            task_queue=self._task_queue,
            **payment_start_arguments(payment),
        )


def _find_drift(session: Session) -> list[str]:
    """What an operator has to look at; nothing of it mends itself."""
    filled = ledger.filled_guest_wallets(session, limit=FINDINGS_MAX)
    leftovers = [
        f"{quote_id} has ended, and its wallet is not empty"
        for quote_id in find_ended(session, filled)
    ]
    sent_back = [
        f"The refund of {row.quote_id} over {row.refund_cents} cents did not reach its card"
        for row in list_sent_back(session, limit=FINDINGS_MAX)
    ]
    return [*leftovers, *sent_back]
