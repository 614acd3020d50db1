from uuid import UUID

import pytest
from sqlalchemy import Uuid, bindparam, text
from sqlalchemy.exc import DBAPIError

from studio.db.engine import Database
from studio.ledger import service as ledger
from studio.ledger.errors import (
    IdempotencyConflict,
    InsufficientCredits,
    InvalidAmount,
    InvalidReference,
    UnknownPayout,
    UnknownWallet,
)
from studio.ledger.wallets import TRANSFER_CREDITS_MAX
from tests.ledger_scenes import (
    LINES,
    NOW,
    OWNER,
    RENDER,
    TOTAL,
    WALLET,
    fund,
    hold,
    pay_out,
    return_payout,
    rows,
)


@pytest.fixture
def paid(database: Database) -> Database:
    """A database whose wallet was topped up with 100 credits."""
    fund(database, 100)
    return database


def balance(database: Database) -> ledger.Balance:
    with database.reading() as session:
        return ledger.balance(session, wallet=WALLET)


def audit(database: Database) -> list[str]:
    with database.reading() as session:
        return ledger.audit(session)


def test_a_payout_leaves_the_wallet_once_a_reference(paid: Database) -> None:
    pay_out(paid, 30)
    pay_out(paid, 30)
    assert balance(paid) == ledger.Balance(available=70, held=0, spent=30, granted=100)
    assert audit(paid) == []


def test_everything_can_be_paid_out_and_then_the_wallet_is_empty(paid: Database) -> None:
    pay_out(paid, 100)
    assert balance(paid) == ledger.Balance(available=0, held=0, spent=100, granted=100)


def test_one_credit_too_many_is_refused_and_changes_nothing(paid: Database) -> None:
    before = rows(paid)
    with pytest.raises(InsufficientCredits) as refused:
        pay_out(paid, 101)
    assert (refused.value.credits_required, refused.value.credits_available) == (101, 100)
    assert rows(paid) == before


def test_what_is_held_or_charged_cannot_be_paid_out(paid: Database) -> None:
    with paid.transaction() as session:
        hold(session, {"project": 30, "planning": 20})
        ledger.settle(session, subject=RENDER, line_id="project", now=NOW)
    with pytest.raises(InsufficientCredits) as refused:
        pay_out(paid, 51)
    assert refused.value.credits_available == 50
    pay_out(paid, 50)
    assert balance(paid) == ledger.Balance(available=0, held=20, spent=80, granted=100)


def test_what_was_paid_out_cannot_be_held(paid: Database) -> None:
    pay_out(paid, 100)
    with pytest.raises(InsufficientCredits), paid.transaction() as session:
        hold(session, {"project": 1})


def test_a_payout_that_came_back_is_in_the_wallet_again_once(paid: Database) -> None:
    pay_out(paid, 100)
    return_payout(paid)
    return_payout(paid)
    assert balance(paid) == ledger.Balance(available=100, held=0, spent=100, granted=200)
    assert audit(paid) == []


def test_a_payout_that_came_back_is_paid_again_under_a_reference_of_its_own(
    paid: Database,
) -> None:
    pay_out(paid, 100)
    return_payout(paid)
    pay_out(paid, 100)
    assert balance(paid).available == 100
    pay_out(paid, 100, reference="refund_2")
    assert balance(paid).available == 0
    assert audit(paid) == []


def test_each_payout_comes_back_by_itself(paid: Database) -> None:
    pay_out(paid, 60, reference="refund_1")
    pay_out(paid, 40, reference="refund_2")
    return_payout(paid, reference="refund_2")
    assert balance(paid).available == 40


@pytest.mark.parametrize("reference", ["refund_2", f"funds-of-{OWNER}"])
def test_only_a_payout_can_come_back(paid: Database, reference: str) -> None:
    pay_out(paid, 30)
    before = rows(paid)
    with pytest.raises(UnknownPayout):
        return_payout(paid, reference=reference)
    assert rows(paid) == before


def test_a_reference_with_another_meaning_is_a_conflict(paid: Database) -> None:
    other = fund(paid, 100, owner="acct_2")
    pay_out(paid, 30)
    before = rows(paid)
    for wallet, credits in ((WALLET, 31), (WALLET, 29), (other, 30)):
        with pytest.raises(IdempotencyConflict):
            pay_out(paid, credits, wallet=wallet)
    assert rows(paid) == before


def test_a_payment_and_its_payout_may_share_a_reference(paid: Database) -> None:
    pay_out(paid, 100, reference=f"funds-of-{OWNER}")
    assert balance(paid).available == 0


@pytest.mark.parametrize("credits", [0, -1, TRANSFER_CREDITS_MAX + 1])
def test_an_amount_outside_the_limits_is_refused(paid: Database, credits: int) -> None:
    with pytest.raises(InvalidAmount):
        pay_out(paid, credits)


@pytest.mark.parametrize("reference", ["", "r" * 201])
def test_a_reference_that_does_not_fit_is_refused(paid: Database, reference: str) -> None:
    with pytest.raises(InvalidReference):
        pay_out(paid, 1, reference=reference)
    with pytest.raises(InvalidReference):
        return_payout(paid, reference=reference)


@pytest.mark.parametrize("wallet", ["wallet:nobody", "house:cash"])
def test_only_wallets_are_paid_out(paid: Database, wallet: str) -> None:
    with pytest.raises(UnknownWallet):
        pay_out(paid, 1, wallet=wallet)


@pytest.mark.parametrize("delivered", [[], ["project", "planning"], list(LINES)])
def test_a_guest_s_wallet_reads_nothing_once_the_rest_went_back_to_the_card(
    database: Database, delivered: list[str]
) -> None:
    fund(database, TOTAL)
    with database.transaction() as session:
        hold(session, LINES)
        ledger.settle_lines(session, subject=RENDER, line_ids=delivered, now=NOW)
        left_over = ledger.release_open(session, subject=RENDER, now=NOW)
    if left_over:
        pay_out(database, left_over)
    found = balance(database)
    assert (found.available, found.held) == (0, 0)
    with database.reading() as session:
        assert ledger.cash(session, wallet=WALLET).kept == sum(LINES[name] for name in delivered)


def test_the_whole_payment_goes_back_for_a_render_without_a_film(database: Database) -> None:
    fund(database, TOTAL)
    with database.transaction() as session:
        hold(session, LINES)
        ledger.settle_lines(session, subject=RENDER, line_ids=["project", "planning"], now=NOW)
        ledger.release_open(session, subject=RENDER, now=NOW)
        ledger.refund_settled(
            session, subject=RENDER, reason="no film", reference_prefix="no-film", now=NOW
        )
    pay_out(database, TOTAL)
    found = balance(database)
    assert (found.available, found.held) == (0, 0)
    with database.reading() as session:
        assert ledger.cash(session, wallet=WALLET).kept == 0
    assert audit(database) == []


@pytest.mark.parametrize(
    ("code", "line_id", "reverses_id", "rule"),
    [
        ("payout", "'project'", "NULL", "line_of_a_charge"),
        ("payout", "NULL", "id", "reversal_names_its_transfer"),
        ("payout_return", "NULL", "NULL", "reversal_names_its_transfer"),
        ("payout_return", "'project'", "id", "line_of_a_charge"),
        ("top_up", "'project'", "NULL", "line_of_a_charge"),
        ("charge", "NULL", "NULL", "line_of_a_charge"),
        ("refund", "NULL", "id", "line_of_a_charge"),
        ("refund", "'project'", "NULL", "reversal_names_its_transfer"),
    ],
)
def test_the_database_itself_refuses_a_transfer_that_names_the_wrong_things(
    paid: Database, code: str, line_id: str, reverses_id: str, rule: str
) -> None:
    copy = text(
        "INSERT INTO ledger_transfer (id, phase, code, debit_account_id, credit_account_id, "  # noqa: S608 - names of this file
        "amount, reverses_id, subject, line_id, created_at) "
        f"SELECT :id, phase, '{code}', debit_account_id, credit_account_id, 1, {reverses_id}, "
        f"subject, {line_id}, created_at FROM ledger_transfer"
    ).bindparams(bindparam("id", UUID(int=1), type_=Uuid()))
    with pytest.raises(DBAPIError, match=rule), paid.transaction() as session:
        session.execute(copy)
