from datetime import datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from studio.db.engine import Database
from studio.ledger import service as ledger
from studio.ledger.errors import (
    IdempotencyConflict,
    InvalidAmount,
    InvalidReference,
    UnknownWallet,
)
from studio.ledger.wallets import TRANSFER_CREDITS_MAX
from tests.ledger_scenes import NOW, OWNER, RENDER, WALLET, fund, hold, rows


def test_a_new_wallet_is_empty(database: Database) -> None:
    wallet = fund(database, 0)
    with database.reading() as session:
        assert ledger.balance(session, wallet=wallet) == ledger.Balance(0, 0, 0, 0)


def test_opening_a_wallet_again_keeps_what_is_in_it(database: Database) -> None:
    fund(database, 500)
    with database.transaction() as session:
        assert ledger.open_wallet(session, owner=OWNER, now=NOW) == WALLET
    with database.reading() as session:
        assert ledger.balance(session, wallet=WALLET).available == 500


def test_an_owner_has_one_wallet_id() -> None:
    assert ledger.wallet_id("acct_1") == ledger.wallet_id("acct_1") != ledger.wallet_id("acct_2")


@pytest.mark.parametrize("owner", ["", "a" * 65])
def test_an_owner_that_does_not_fit_is_refused(sqlite_database: Database, owner: str) -> None:
    with sqlite_database.transaction() as session, pytest.raises(InvalidReference):
        ledger.open_wallet(session, owner=owner, now=NOW)


def test_a_payment_counts_once_however_often_it_is_reported(database: Database) -> None:
    fund(database, 0)
    for _ in range(3):
        with database.transaction() as session:
            ledger.top_up(session, wallet=WALLET, credits=500, reference="pi_1", now=NOW)
    with database.reading() as session:
        assert ledger.balance(session, wallet=WALLET).granted == 500


def test_a_payment_reference_with_another_meaning_is_refused_and_changes_nothing(
    database: Database,
) -> None:
    fund(database, 500)
    other = fund(database, 0, owner="acct_2")
    before = rows(database)
    for wallet, credits in ((WALLET, 501), (other, 500)):
        with pytest.raises(IdempotencyConflict), database.transaction() as session:
            ledger.top_up(
                session, wallet=wallet, credits=credits, reference=f"funds-of-{OWNER}", now=NOW
            )
    assert rows(database) == before


@pytest.mark.parametrize("credits", [0, -1, TRANSFER_CREDITS_MAX + 1])
def test_an_amount_outside_the_limits_is_refused(sqlite_database: Database, credits: int) -> None:
    fund(sqlite_database, 0)
    with sqlite_database.transaction() as session, pytest.raises(InvalidAmount):
        ledger.top_up(session, wallet=WALLET, credits=credits, reference="pi_1", now=NOW)


def test_the_largest_amount_is_accepted(database: Database) -> None:
    fund(database, TRANSFER_CREDITS_MAX)
    with database.reading() as session:
        assert ledger.balance(session, wallet=WALLET).available == TRANSFER_CREDITS_MAX


@pytest.mark.parametrize("reference", ["", "r" * 201])
def test_a_reference_that_does_not_fit_is_refused(
    sqlite_database: Database, reference: str
) -> None:
    fund(sqlite_database, 0)
    with sqlite_database.transaction() as session, pytest.raises(InvalidReference):
        ledger.top_up(session, wallet=WALLET, credits=1, reference=reference, now=NOW)


@pytest.mark.parametrize("wallet", ["wallet:nobody", "house:cash"])
def test_only_wallets_can_be_filled_and_read(database: Database, wallet: str) -> None:
    with database.transaction() as session, pytest.raises(UnknownWallet):
        ledger.top_up(session, wallet=wallet, credits=1, reference="pi_1", now=NOW)
    with database.reading() as session, pytest.raises(UnknownWallet):
        ledger.balance(session, wallet=wallet)


def test_a_naive_time_is_refused(sqlite_database: Database) -> None:
    fund(sqlite_database, 0)
    naive = datetime(2026, 1, 1)  # noqa: DTZ001 - the mistake under test
    with pytest.raises(Exception, match="naive"), sqlite_database.transaction() as session:
        ledger.top_up(session, wallet=WALLET, credits=1, reference="pi_1", now=naive)


@pytest.mark.parametrize(
    "statement", ["UPDATE ledger_transfer SET amount = amount + 1", "DELETE FROM ledger_transfer"]
)
def test_the_database_itself_refuses_to_change_a_transfer(
    database: Database, statement: str
) -> None:
    fund(database, 100)
    before = rows(database)
    with pytest.raises(DBAPIError, match="never changes"), database.transaction() as session:
        session.execute(text(statement))
    assert rows(database) == before


def test_the_database_itself_refuses_an_overdraft(database: Database) -> None:
    fund(database, 100)
    overdraw = text("UPDATE ledger_account SET debits_pending = 101 WHERE kind = 'wallet'")
    refused = pytest.raises(DBAPIError, match="wallet_not_overdrawn")
    with refused, database.transaction() as session:
        session.execute(overdraw)


def test_the_database_itself_refuses_a_second_resolution_of_a_hold(database: Database) -> None:
    fund(database, 100)
    with database.transaction() as session:
        hold(session, {"project": 12})
        ledger.settle(session, subject=RENDER, line_id="project", now=NOW)
    copy = text(
        "INSERT INTO ledger_transfer (id, phase, code, debit_account_id, credit_account_id, "
        "amount, pending_id, subject, line_id, created_at) "
        "SELECT '00000000000000000000000000000001', 'void', code, debit_account_id, "
        "credit_account_id, amount, pending_id, subject, line_id, created_at "
        "FROM ledger_transfer WHERE phase = 'post'"
    )
    if database.engine.dialect.name == "postgresql":
        copy = text(copy.text.replace("0001'", "0001'::uuid"))
    with pytest.raises(DBAPIError, match=r"pending_id"), database.transaction() as session:
        session.execute(copy)
