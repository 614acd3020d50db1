"""The sweep over wallets: gifts end by themselves."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from temporalio.testing import ActivityEnvironment

from activities.reconcile_wallets import GRANTS_AT_ONCE_MAX, LowBalanceNotices, WalletSweep
from activities.workbench import Workbench
from studio.contracts.sweeps import ReconcileTask, WalletSweepReport
from studio.db.engine import Database
from studio.storage.local import LocalStorage
from studio.storage.signing import SigningKey, UrlSigner
from tests.ledger_scenes import NOW, balance_of, findings, fund, give

LATER = NOW + timedelta(hours=1)


@dataclass
class Postbox:
    """Notices that are only written down."""

    asked_at: list[datetime] = field(default_factory=list)

    async def send_due(self, now: datetime) -> int:
        self.asked_at.append(now)
        return 2


@pytest.fixture
def bench(database: Database, tmp_path: Path) -> Workbench:
    storage = LocalStorage(tmp_path / "storage", UrlSigner([SigningKey("test", b"0" * 32)]))
    return Workbench(database=database, storage=storage, scratch=tmp_path, now=lambda: LATER)


async def sweep(bench: Workbench, notices: LowBalanceNotices | None = None) -> WalletSweepReport:
    activities = WalletSweep(bench, notices)
    return await ActivityEnvironment().run(activities.sweep_wallets, ReconcileTask())


async def test_gifts_that_are_past_their_time_leave_their_wallets(bench: Workbench) -> None:
    fund(bench.database, 100)
    give(bench.database, 30, grant_id="over", lasts=timedelta(hours=1))
    give(bench.database, 20, grant_id="not yet", lasts=timedelta(hours=1, seconds=1))
    assert await sweep(bench) == WalletSweepReport(credits_expired=30)
    assert await sweep(bench) == WalletSweepReport()
    assert balance_of(bench.database).promotional == 20
    assert findings(bench.database) == []


async def test_more_gifts_end_than_fit_into_a_transaction(bench: Workbench) -> None:
    wallets = [fund(bench.database, 0, owner=owner) for owner in ("acct_1", "acct_2")]
    count = GRANTS_AT_ONCE_MAX // 2 + 1
    for wallet in wallets:
        for number in range(count):
            grant_id = f"{wallet[-1]}-{number}"
            give(bench.database, 1, grant_id=grant_id, lasts=timedelta(hours=1), wallet=wallet)
    assert (await sweep(bench)).credits_expired == 2 * count


async def test_owners_are_told_of_low_balances_after_gifts_have_ended(bench: Workbench) -> None:
    postbox = Postbox()
    assert (await sweep(bench, postbox)).notified == 2
    assert postbox.asked_at == [LATER]
