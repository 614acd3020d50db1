"""What a refund or a dispute of a purchase takes back out of a wallet."""

from collections.abc import Iterator

import pytest

from studio.db.engine import Database
from studio.ledger import service as ledger
from studio.ledger.errors import (
    IdempotencyConflict,
    InsufficientCredits,
    InvalidAmount,
    UnknownWallet,
)
from tests.ledger_scenes import (
    NOW,
    RENDER,
    WALLET,
    balance_of,
    findings,
    fund,
    give,
    hold,
    pay_out,
    return_payout,
    rows,
)


@pytest.fixture
def bought(database: Database) -> Iterator[Database]:
    """A database with a wallet of 100 bought credits, that adds up in the end."""
    fund(database, 100)
    yield database
    assert findings(database) == []


def withdraw(
    database: Database, credits_max: int, *, reference: str = "re_1", wallet: str = WALLET
) -> int:
    with database.transaction() as session:
        return ledger.withdraw(
            session,
            wallet=wallet,
            credits_max=credits_max,
            reference=reference,
            reason="The purchase was disputed",
            now=NOW,
        )


def test_a_withdrawal_takes_what_was_asked_where_it_is_there(bought: Database) -> None:
    assert withdraw(bought, 60) == 60
    assert balance_of(bought) == ledger.Balance(40, 0, 60, 100)


def test_a_withdrawal_takes_what_is_left_where_that_is_less(bought: Database) -> None:
    with bought.transaction() as session:
        hold(session, {"project": 30, "planning": 20})
        ledger.settle(session, subject=RENDER, line_id="project", now=NOW)
    assert withdraw(bought, 100) == 50
    assert balance_of(bought) == ledger.Balance(0, 20, 80, 100)


def test_a_withdrawal_leaves_gifts_alone(bought: Database) -> None:
    give(bought, 30)
    assert withdraw(bought, 130) == 100
    assert balance_of(bought) == ledger.Balance(30, 0, 100, 130, promotional=30)


def test_gifts_do_not_become_money_by_way_of_a_refund(bought: Database) -> None:
    give(bought, 30)
    with bought.transaction() as session:
        hold(session, {"project": 130})
        ledger.settle(session, subject=RENDER, line_id="project", now=NOW)
        ledger.refund_settled(
            session, subject=RENDER, reason="no film", reference_prefix="r", now=NOW
        )
    assert balance_of(bought).promotional == 0
    assert withdraw(bought, 130) == 100
    with pytest.raises(InsufficientCredits) as refused:
        pay_out(bought, 1)
    assert refused.value.credits_available == 0
    assert balance_of(bought).available == 30


def test_a_payout_leaves_gifts_alone_too(bought: Database) -> None:
    give(bought, 30)
    with pytest.raises(InsufficientCredits) as refused:
        pay_out(bought, 101)
    assert refused.value.credits_available == 100


def test_a_withdrawal_that_is_repeated_takes_nothing_and_says_the_same(bought: Database) -> None:
    with bought.transaction() as session:
        hold(session, {"project": 30})
    assert withdraw(bought, 100) == 70
    with bought.transaction() as session:
        ledger.release_open(session, subject=RENDER, now=NOW)
    assert withdraw(bought, 100) == 70
    assert balance_of(bought).available == 30
    assert withdraw(bought, 30, reference="re_2") == 30


def test_an_empty_wallet_gives_nothing_and_nothing_is_written(bought: Database) -> None:
    pay_out(bought, 100)
    before = rows(bought)
    assert withdraw(bought, 5) == 0
    assert rows(bought) == before


def test_a_withdrawal_with_another_meaning_is_refused_and_changes_nothing(
    bought: Database,
) -> None:
    other = fund(bought, 100, owner="acct_2")
    withdraw(bought, 60)
    before = rows(bought)
    with pytest.raises(IdempotencyConflict):
        withdraw(bought, 60, wallet=other)
    with pytest.raises(IdempotencyConflict):
        withdraw(bought, 59)
    with pytest.raises(InvalidAmount):
        withdraw(bought, 0, reference="re_2")
    with pytest.raises(UnknownWallet):
        withdraw(bought, 1, reference="re_2", wallet="wallet:nobody")
    assert rows(bought) == before


def test_a_dispute_that_was_won_puts_back_what_was_taken_once(bought: Database) -> None:
    withdraw(bought, 60)
    return_payout(bought, reference="re_1")
    return_payout(bought, reference="re_1")
    assert balance_of(bought) == ledger.Balance(100, 0, 60, 160)
    assert withdraw(bought, 100, reference="re_2") == 100
