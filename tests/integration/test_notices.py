"""Owners of wallets that run low are written to, once until there is more again."""

from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.testing import ActivityEnvironment

from activities import notices
from activities.notices import MailedNotices
from activities.reconcile_wallets import WalletSweep
from activities.workbench import Workbench
from studio.accounts.service import create_account, set_low_balance
from studio.contracts.sweeps import ReconcileTask
from studio.db.engine import Database
from studio.identity.service import create_login
from studio.ledger import service as ledger
from studio.storage.local import LocalStorage
from studio.storage.signing import SigningKey, UrlSigner
from tests.kit.mail import MemoryMailer
from tests.ledger_scenes import NOW, fund, hold

OWNER = "acct_1"
EMAIL = "owner@example.com"
URL = "https://studio.example/settings/wallet"
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def bench(database: Database, tmp_path: Path) -> Workbench:
    storage = LocalStorage(tmp_path / "storage", UrlSigner([SigningKey("test", b"0" * 32)]))
    return Workbench(database=database, storage=storage, scratch=tmp_path, now=lambda: LATER)


@pytest.fixture
def mailer() -> MemoryMailer:
    return MemoryMailer()


def _open(
    bench: Workbench, account_id: str = OWNER, *, email: str | None = EMAIL, credits: int = 100
) -> None:
    """An account that wants to be told of less than 100 credits."""
    with bench.database.transaction() as session:
        create_account(session, account_id=account_id, name="<b>Name</b>", now=NOW)
        set_low_balance(session, account_id=account_id, credits=100)
        if email is not None:
            create_login(session, account_id=account_id, email=email, password_hash="none", now=NOW)
    fund(bench.database, credits, owner=account_id)


def _add(bench: Workbench, credits: int, reference: str) -> None:
    with bench.database.transaction() as session:
        ledger.top_up(
            session,
            wallet=ledger.wallet_id(OWNER),
            credits=credits,
            reference=reference,
            now=LATER,
        )


async def _sweep(bench: Workbench, mailer: MemoryMailer) -> int:
    sweep = WalletSweep(bench, MailedNotices(bench, mailer, wallet_url=URL))
    report = await ActivityEnvironment().run(sweep.sweep_wallets, ReconcileTask())
    return report.notified


async def test_an_owner_is_told_once_what_is_left_and_where_there_is_more(
    bench: Workbench, mailer: MemoryMailer
) -> None:
    _open(bench)
    assert await _sweep(bench, mailer) == 0
    with bench.database.transaction() as session:
        hold(session, {"project": 12})
    assert [await _sweep(bench, mailer) for _ in range(3)] == [1, 0, 0]
    [letter] = mailer.sent
    assert letter.to == EMAIL
    assert "88 credits" in letter.text
    assert URL in letter.text
    assert "Name" not in letter.text


async def test_an_owner_is_told_again_after_there_was_enough_again(
    bench: Workbench, mailer: MemoryMailer
) -> None:
    _open(bench, credits=50)
    assert await _sweep(bench, mailer) == 1
    _add(bench, 49, "not enough")
    assert await _sweep(bench, mailer) == 0
    _add(bench, 1, "just enough")
    assert await _sweep(bench, mailer) == 0
    with bench.database.transaction() as session:
        hold(session, {"project": 1})
    assert [await _sweep(bench, mailer) for _ in range(2)] == [1, 0]


async def test_a_gift_that_ends_may_be_what_makes_a_wallet_low(
    bench: Workbench, mailer: MemoryMailer
) -> None:
    _open(bench, credits=90)
    with bench.database.transaction() as session:
        ledger.grant(
            session,
            wallet=ledger.wallet_id(OWNER),
            grant_id="gift",
            credits=30,
            reason="Welcome",
            expires_at=LATER,
            now=NOW,
        )
    assert await _sweep(bench, mailer) == 1
    assert "90 credits" in mailer.sent[0].text


async def test_a_mail_that_fails_is_not_sent_again_and_uses_up_nobody_elses_notice(
    bench: Workbench, mailer: MemoryMailer
) -> None:
    _open(bench, "acct_1", email="one@example.com", credits=0)
    _open(bench, "acct_2", email="two@example.com", credits=0)
    mailer.away = True
    assert await _sweep(bench, mailer) == 0
    mailer.away = False
    assert await _sweep(bench, mailer) == 1
    assert [letter.to for letter in mailer.sent] == ["two@example.com"]
    assert await _sweep(bench, mailer) == 0


async def test_who_has_no_address_is_told_as_soon_as_there_is_one(
    bench: Workbench, mailer: MemoryMailer
) -> None:
    _open(bench, email=None, credits=0)
    assert await _sweep(bench, mailer) == 0
    with bench.database.transaction() as session:
        create_login(session, account_id=OWNER, email=EMAIL, password_hash="none", now=NOW)
    assert await _sweep(bench, mailer) == 1


async def test_who_wants_to_be_told_nothing_is_not(bench: Workbench, mailer: MemoryMailer) -> None:
    _open(bench, credits=0)
    with bench.database.transaction() as session:
        set_low_balance(session, account_id=OWNER, credits=None)
    assert await _sweep(bench, mailer) == 0


async def test_all_owners_are_told_however_many_there_are(
    bench: Workbench, mailer: MemoryMailer
) -> None:
    count = notices.WATCHED_AT_ONCE + 1
    with bench.database.transaction() as session:
        for number in range(count):
            account_id = f"acct_{number}"
            create_account(session, account_id=account_id, name="Name", now=NOW)
            set_low_balance(session, account_id=account_id, credits=1)
    # The first page has nobody to write to; the one behind it has.
    with bench.database.transaction() as session:
        last = max(f"acct_{number}" for number in range(count))
        create_login(session, account_id=last, email=EMAIL, password_hash="none", now=NOW)
    assert await _sweep(bench, mailer) == 1
