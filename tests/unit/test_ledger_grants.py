"""Credits that are given: how they are spent, come back, and end."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from studio.db.engine import Database
from studio.ledger import service as ledger
from studio.ledger.errors import (
    IdempotencyConflict,
    InsufficientCredits,
    InvalidAmount,
    InvalidExpiry,
    InvalidReference,
    UnknownWallet,
)
from tests.ledger_scenes import (
    EXPIRY,
    NOW,
    RENDER,
    WALLET,
    balance_of,
    charge_lines,
    findings,
    fund,
    give,
    hold,
    rows,
)

HOUR = timedelta(hours=1)


@pytest.fixture
def wallet(database: Database) -> Iterator[Database]:
    """A database with a wallet of 100 bought credits, that adds up in the end."""
    fund(database, 100)
    yield database
    assert findings(database) == []


def left(database: Database) -> dict[str, int]:
    """What each gift has left, in the order of their spending."""
    with database.reading() as session:
        found = ledger.open_grants(session, wallet=WALLET)
    return {gift.grant_id: gift.remaining for gift in found}


def end_gifts(database: Database, now: datetime, *, limit: int = 100) -> tuple[int, int]:
    with database.transaction() as session:
        return ledger.expire_grants(session, now=now, limit=limit)


def settle(database: Database, line_id: str, credits: int, *, now: datetime = NOW) -> None:
    with database.transaction() as session:
        ledger.settle(session, subject=RENDER, line_id=line_id, credits=credits, now=now)


def release(database: Database, *, now: datetime = NOW) -> None:
    with database.transaction() as session:
        ledger.release_open(session, subject=RENDER, now=now)


def reserve(database: Database, credits: int, *, now: datetime) -> None:
    with database.transaction() as session:
        ledger.reserve(
            session,
            wallet=WALLET,
            subject=RENDER,
            lines=charge_lines({"project": credits}),
            expires_at=now + HOUR,
            now=now,
        )


def test_a_gift_is_there_at_once_and_is_told_apart(wallet: Database) -> None:
    give(wallet, 30)
    assert balance_of(wallet) == ledger.Balance(130, 0, 0, 130, promotional=30)
    with wallet.reading() as session:
        assert ledger.cash(session, wallet=WALLET).topped_up == 100


def test_a_gift_is_given_once_whatever_became_of_it(wallet: Database) -> None:
    give(wallet, 30, lasts=HOUR)
    end_gifts(wallet, NOW + HOUR)
    give(wallet, 30, lasts=2 * HOUR)
    give(wallet, 30, lasts=-HOUR)
    assert balance_of(wallet) == ledger.Balance(100, 0, 30, 130)


def test_a_gift_with_another_meaning_is_refused_and_changes_nothing(wallet: Database) -> None:
    other = fund(wallet, 0, owner="acct_2")
    give(wallet, 30)
    before = rows(wallet)
    with pytest.raises(IdempotencyConflict):
        give(wallet, 31)
    with pytest.raises(IdempotencyConflict):
        give(wallet, 30, wallet=other)
    assert rows(wallet) == before


def test_what_is_no_gift_is_refused_and_changes_nothing(wallet: Database) -> None:
    before = rows(wallet)
    with pytest.raises(InvalidExpiry):
        give(wallet, 30, lasts=timedelta(0))
    with pytest.raises(InvalidAmount):
        give(wallet, 0)
    for grant_id in ("", "g" * 41):
        with pytest.raises(InvalidReference):
            give(wallet, 30, grant_id=grant_id)
    for stranger in ("wallet:nobody", "house:cash"):
        with pytest.raises(UnknownWallet):
            give(wallet, 30, wallet=stranger)
    assert rows(wallet) == before


def test_gifts_are_spent_before_bought_credits_the_soonest_to_end_first(wallet: Database) -> None:
    give(wallet, 10, grant_id="lasting")
    give(wallet, 10, grant_id="late", lasts=2 * HOUR)
    give(wallet, 10, grant_id="soon", lasts=HOUR)
    assert list(left(wallet)) == ["soon", "late", "lasting"]
    with wallet.transaction() as session:
        hold(session, {"project": 4, "planning": 8})
    assert left(wallet) == {"late": 8, "lasting": 10}
    assert balance_of(wallet) == ledger.Balance(118, 12, 0, 130, promotional=18)


def test_a_hold_larger_than_all_gifts_takes_the_rest_of_what_was_bought(wallet: Database) -> None:
    give(wallet, 10)
    with wallet.transaction() as session:
        hold(session, {"project": 110})
    assert balance_of(wallet) == ledger.Balance(0, 110, 0, 110)


def test_what_is_released_goes_back_to_the_gifts_that_it_came_from(wallet: Database) -> None:
    give(wallet, 10, grant_id="soon", lasts=HOUR)
    give(wallet, 10, grant_id="lasting")
    with wallet.transaction() as session:
        hold(session, {"project": 12, "planning": 13})
    assert left(wallet) == {}
    settle(wallet, "project", 12)
    release(wallet)
    assert left(wallet) == {"lasting": 8}
    assert balance_of(wallet) == ledger.Balance(108, 0, 12, 120, promotional=8)


def test_a_charge_in_part_returns_to_the_gifts_what_the_render_keeps_no_more(
    wallet: Database,
) -> None:
    give(wallet, 10)
    with wallet.transaction() as session:
        hold(session, {"project": 12})
    settle(wallet, "project", 11)
    assert left(wallet) == {}
    assert balance_of(wallet).available == 99
    give(wallet, 5, grant_id="second")
    with wallet.transaction() as session:
        hold(session, {"project": 5}, subject="proj_2")
        ledger.settle(session, subject="proj_2", line_id="project", credits=2, now=NOW)
    assert left(wallet) == {"second": 3}


def test_holds_that_expire_return_their_gifts(wallet: Database) -> None:
    give(wallet, 10)
    with wallet.transaction() as session:
        hold(session, {"project": 12})
        assert ledger.expire_due(session, subjects=[RENDER], now=EXPIRY) == 12
    assert left(wallet) == {"gift": 10}


def test_a_refund_of_a_gift_that_was_spent_has_no_end(wallet: Database) -> None:
    give(wallet, 10, lasts=HOUR)
    with wallet.transaction() as session:
        hold(session, {"project": 10})
        ledger.settle(session, subject=RENDER, line_id="project", now=NOW)
        ledger.refund_settled(
            session, subject=RENDER, reason="no film", reference_prefix="r", now=NOW
        )
    assert end_gifts(wallet, NOW + HOUR) == (1, 0)
    assert balance_of(wallet) == ledger.Balance(110, 0, 10, 120)


def test_a_gift_ends_at_its_moment_and_not_before(wallet: Database) -> None:
    give(wallet, 30, lasts=HOUR)
    assert end_gifts(wallet, NOW + HOUR - timedelta(microseconds=1)) == (0, 0)
    assert end_gifts(wallet, NOW + HOUR) == (1, 30)
    assert end_gifts(wallet, NOW + 2 * HOUR) == (0, 0)
    assert balance_of(wallet) == ledger.Balance(100, 0, 30, 130)


def test_a_gift_without_an_end_stays(wallet: Database) -> None:
    give(wallet, 30)
    assert end_gifts(wallet, NOW + 100_000 * HOUR) == (0, 0)
    assert balance_of(wallet).promotional == 30


def test_what_a_render_holds_does_not_end_with_its_gift(wallet: Database) -> None:
    give(wallet, 30, lasts=HOUR)
    with wallet.transaction() as session:
        hold(session, {"project": 20})
    assert end_gifts(wallet, NOW + HOUR) == (1, 10)
    settle(wallet, "project", 20, now=NOW + HOUR)
    assert balance_of(wallet) == ledger.Balance(100, 0, 30, 130)


@pytest.mark.parametrize("is_swept", [True, False])
def test_what_goes_back_to_a_gift_that_has_ended_leaves_the_wallet(
    wallet: Database, *, is_swept: bool
) -> None:
    give(wallet, 30, lasts=HOUR)
    with wallet.transaction() as session:
        hold(session, {"project": 10, "planning": 15})
    if is_swept:
        end_gifts(wallet, NOW + HOUR)
    settle(wallet, "project", 4, now=NOW + HOUR)
    release(wallet, now=NOW + 2 * HOUR)
    assert left(wallet) == {}
    assert balance_of(wallet) == ledger.Balance(100, 0, 30, 130)


def test_a_gift_that_ended_by_another_clock_does_not_come_back(wallet: Database) -> None:
    give(wallet, 30, lasts=HOUR)
    with wallet.transaction() as session:
        hold(session, {"project": 10})
    end_gifts(wallet, NOW + HOUR)
    release(wallet, now=NOW + HOUR - timedelta(seconds=1))
    assert balance_of(wallet) == ledger.Balance(100, 0, 30, 130)


def test_what_has_ended_cannot_be_held_before_the_sweep_took_it(wallet: Database) -> None:
    give(wallet, 30, lasts=HOUR)
    before = rows(wallet)
    with pytest.raises(InsufficientCredits) as refused:
        reserve(wallet, 101, now=NOW + HOUR)
    assert (refused.value.credits_required, refused.value.credits_available) == (101, 100)
    assert rows(wallet) == before
    reserve(wallet, 100, now=NOW + HOUR)
    assert left(wallet) == {"gift": 30}
    assert end_gifts(wallet, NOW + HOUR) == (1, 30)
    assert balance_of(wallet) == ledger.Balance(0, 100, 30, 130)


def test_gifts_of_many_wallets_end_together_a_limited_number_at_once(database: Database) -> None:
    for number in range(3):
        wallet = fund(database, 0, owner=f"acct_{number}")
        lasts = (3 - number) * HOUR
        give(database, 5, grant_id=f"gift_{number}", lasts=lasts, wallet=wallet)
    assert end_gifts(database, NOW + 2 * HOUR, limit=1) == (1, 5)
    with database.reading() as session:
        found = ledger.balances(session, owners=["acct_0", "acct_1", "acct_2", "acct_none"])
    assert {owner: each.available for owner, each in found.items()} == {
        "acct_0": 5,
        "acct_1": 5,
        "acct_2": 0,
    }
    assert end_gifts(database, NOW + 3 * HOUR) == (2, 10)
    assert findings(database) == []
