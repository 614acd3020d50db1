"""Many hear of one purchase at once: one of them credits it, and none waits for ever."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from threading import Barrier

import pytest
from sqlalchemy import func, select

from studio.accounts.service import create_account
from studio.contracts.limits import PAYMENT_CURRENCY
from studio.contracts.purchase import PurchaseStanding, PurchaseState
from studio.db.engine import Database
from studio.ledger import service as ledger
from studio.ledger.tables import TransferCode, TransferRow
from studio.topups.decision import Finding
from studio.topups.errors import TopUpChanged
from studio.topups.records import new_top_up
from studio.topups.repository import insert_once, load_top_up, owed_credits
from studio.topups.settling import settle

ACCOUNT = "acct_races"
NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
CREDITS = 2000
THREADS = 8
LOOKS_MAX = 100


@dataclass(frozen=True)
class Race:
    database: Database

    def buy(self, number: int) -> PurchaseStanding:
        """A purchase of 20 dollars that is paid and not credited yet."""
        new = new_top_up(ACCOUNT, dollars=20, form_id=f"form-of-the-races-{number}")
        with self.database.transaction() as session:
            insert_once(session, new, now=NOW)
        return PurchaseStanding(
            session_id=f"cs_{number}",
            top_up_id=new.top_up_id,
            state=PurchaseState.PAID,
            payment_id=f"pi_{number}",
            received_cents=CREDITS,
            currency=PAYMENT_CURRENCY,
        )

    def look(self, found: PurchaseStanding) -> Finding:
        """Read the row and settle it, again while others are quicker."""
        for _ in range(LOOKS_MAX):
            with self.database.reading() as session:
                seen = load_top_up(session, found.top_up_id)
            try:
                with self.database.transaction() as session:
                    return settle(session, seen, found, wallets=ledger, now=NOW)
            except TopUpChanged:
                continue
        raise AssertionError("somebody else was always quicker")

    def at_once(self, looks: list[Callable[[], Finding]]) -> list[Finding]:
        barrier = Barrier(len(looks))

        def run(look: Callable[[], Finding]) -> Finding:
            barrier.wait()
            return look()

        with ThreadPoolExecutor(len(looks)) as pool:
            return list(pool.map(run, looks))

    def money(self) -> tuple[int, int, int]:
        """How often was credited, what is available, and what is owed."""
        with self.database.reading() as session:
            assert ledger.audit(session) == []
            credited = select(func.count()).where(TransferRow.code == TransferCode.TOP_UP)
            return (
                session.scalars(credited).one(),
                ledger.balance(session, wallet=ledger.wallet_id(ACCOUNT)).available,
                owed_credits(session, ACCOUNT),
            )


@pytest.fixture
def race(database: Database) -> Race:
    with database.transaction() as session:
        create_account(session, account_id=ACCOUNT, name="Races", now=NOW)
    return Race(database)


def test_one_of_many_credits_a_payment(race: Race) -> None:
    found = race.buy(1)
    findings = race.at_once([lambda: race.look(found)] * THREADS)
    assert sorted(findings) == sorted([Finding.PAID, *[Finding.UNCHANGED] * (THREADS - 1)])
    assert race.money() == (1, CREDITS, 0)


def test_one_of_many_takes_a_refund_back(race: Race) -> None:
    refunded = replace(race.buy(1), refunded_cents=500)
    race.look(replace(refunded, refunded_cents=0))
    findings = race.at_once([lambda: race.look(refunded)] * THREADS)
    assert findings.count(Finding.WITHDRAWN) == 1
    assert race.money() == (1, 1500, 0)


def test_purchases_of_one_wallet_that_are_paid_at_once_pay_what_it_owes_once(race: Race) -> None:
    """Each collects from the others' rows: the wallet's lock keeps them in order."""
    owing = race.buy(0)
    race.look(owing)
    with race.database.transaction() as session:
        wallet = ledger.wallet_id(ACCOUNT)
        ledger.pay_out(
            session, wallet=wallet, credits=CREDITS, reference="spent", reason="spent", now=NOW
        )
    race.look(replace(owing, refunded_cents=CREDITS))
    assert race.money() == (1, 0, CREDITS)
    paid = [race.buy(number) for number in range(1, THREADS + 1)]
    findings = race.at_once([lambda found=found: race.look(found) for found in paid])  # type: ignore[misc]  # bound now
    assert findings == [Finding.PAID] * THREADS
    assert race.money() == (1 + THREADS, (THREADS - 1) * CREDITS, 0)
