"""The sweep over wallets: gifts end at their time, and owners learn that their credits run low."""

from datetime import datetime
from typing import Final, Protocol

import structlog
from sqlalchemy.orm import Session
from temporalio import activity

from activities.workbench import Workbench
from studio.contracts.activities import ReconcileActivities
from studio.contracts.sweeps import ReconcileTask, WalletSweepReport
from studio.ledger import service as ledger

GRANTS_AT_ONCE_MAX: Final = 100
"""Gifts of a transaction, which keeps others from writing."""

TRANSACTIONS_MAX: Final = 100
"""Of a sweep, each minute: ten thousand gifts that end together are gone at once."""

log: Final = structlog.get_logger(__name__)


class LowBalanceNotices(Protocol):
    """Tells the owners of wallets that run low, each once until it is filled again."""

    async def send_due(self, now: datetime) -> int:
        """Tell everybody who is to be told; how many were. A mail that fails is not an error."""
        ...


class WalletSweep(ReconcileActivities):
    """`sweep_wallets` of the interface; without `notices` nobody is told of anything."""

    def __init__(self, bench: Workbench, notices: LowBalanceNotices | None = None) -> None:
        self._bench = bench
        self._notices = notices

    @activity.defn
    async def sweep_wallets(self, _task: ReconcileTask) -> WalletSweepReport:
        now = self._bench.now()
        expired = await self._expire(now)
        if expired:
            log.info("gifts ended", credits=expired)
        notified = await self._notices.send_due(now) if self._notices else 0
        return WalletSweepReport(credits_expired=expired, notified=notified)

    async def _expire(self, now: datetime) -> int:
        """End what is due, in short transactions; the credits that left their wallets."""
        expired = 0

        def expire(session: Session) -> tuple[int, int]:
            return ledger.expire_grants(session, now=now, limit=GRANTS_AT_ONCE_MAX)

        for _ in range(TRANSACTIONS_MAX):
            activity.heartbeat({"state": "ending gifts", "credits": expired})
            grants, credits = await self._bench.transact(expire)
            expired += credits
            if grants == 0:
                break
        return expired
