"""Test wallets: filled by themselves, and never mixed with what is somebody's money."""

import pytest
from sqlalchemy import select

from studio.contracts.names import test_side_of as side_of
from studio.db.engine import Database
from studio.ledger import service as ledger
from studio.ledger.errors import TestWallet as RefusedForTests
from studio.ledger.filling import TEST_CREDITS, TEST_CREDITS_LOW
from studio.ledger.tables import TransferRow
from tests.ledger_scenes import (
    EXPIRY,
    NOW,
    OWNER,
    RENDER,
    WALLET,
    balance_of,
    charge_lines,
    findings,
    fund,
    give,
    pay_out,
)

TEST_WALLET = ledger.wallet_id(side_of(OWNER))


def fill(database: Database, account_id: str = OWNER) -> str:
    with database.transaction() as session:
        return ledger.ensure_test_credits(session, account_id=account_id, now=NOW)


def spend(database: Database, credits: int, *, subject: str = RENDER) -> None:
    with database.transaction() as session:
        ledger.reserve(
            session,
            wallet=TEST_WALLET,
            subject=subject,
            lines=charge_lines({"project": credits}),
            expires_at=EXPIRY,
            now=NOW,
        )
        ledger.settle(session, subject=subject, line_id="project", now=NOW)


@pytest.mark.parametrize("named", [OWNER, side_of(OWNER)])
def test_a_test_wallet_is_opened_full(database: Database, named: str) -> None:
    assert fill(database, named) == TEST_WALLET
    assert balance_of(database, TEST_WALLET).available == TEST_CREDITS


def test_a_test_wallet_is_filled_again_only_where_it_is_low(database: Database) -> None:
    fill(database)
    spend(database, TEST_CREDITS - TEST_CREDITS_LOW)
    fill(database)
    assert balance_of(database, TEST_WALLET).available == TEST_CREDITS_LOW
    spend(database, 1, subject="proj_2")
    for _ in range(2):
        fill(database)
        assert balance_of(database, TEST_WALLET).available == TEST_CREDITS


def test_a_test_wallet_is_emptied_and_filled_however_often(database: Database) -> None:
    for number in range(3):
        fill(database)
        spend(database, TEST_CREDITS, subject=f"proj_{number}")
    assert balance_of(database, TEST_WALLET).spent == 3 * TEST_CREDITS
    assert findings(database) == []


def test_test_credits_meet_test_accounts_of_the_house_only(database: Database) -> None:
    fund(database, 500)
    fill(database)
    spend(database, 100)
    with database.transaction() as session:
        ledger.refund(
            session,
            subject=RENDER,
            line_id="project",
            credits=40,
            reason="late",
            reference="r1",
            now=NOW,
        )
    pay_out(database, 5, wallet=TEST_WALLET)
    with database.reading() as session:
        pairs = session.execute(
            select(TransferRow.debit_account_id, TransferRow.credit_account_id)
        ).all()
    met = {name for pair in pairs if TEST_WALLET in pair for name in pair} - {TEST_WALLET}
    assert met == {"house:test-cash", "house:test-revenue", "house:test-refunds"}
    assert balance_of(database, WALLET) == ledger.Balance(500, 0, 0, 500)
    assert findings(database) == []


def test_nothing_is_given_for_tests(database: Database) -> None:
    fill(database)
    with pytest.raises(RefusedForTests):
        give(database, 5, wallet=TEST_WALLET)
    assert balance_of(database, TEST_WALLET).available == TEST_CREDITS
