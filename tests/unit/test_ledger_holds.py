from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from studio.db.engine import Database
from studio.ledger import service as ledger
from studio.ledger.errors import (
    ExceedsHold,
    HoldAlreadyResolved,
    HoldExpired,
    IdempotencyConflict,
    InsufficientCredits,
    InvalidAmount,
    InvalidReference,
    UnknownHold,
    UnknownWallet,
)
from tests.ledger_scenes import (
    EXPIRY,
    LINES,
    NOW,
    RENDER,
    TOTAL,
    WALLET,
    charge_lines,
    fund,
    hold,
    rows,
)


@pytest.fixture
def funded(database: Database) -> Database:
    """A database whose wallet has exactly what the render's lines cost."""
    fund(database, TOTAL)
    return database


@pytest.fixture
def held(funded: Database) -> Database:
    """The same with all lines of the render held."""
    with funded.transaction() as session:
        hold(session)
    return funded


def balance(database: Database) -> ledger.Balance:
    with database.reading() as session:
        return ledger.balance(session, wallet=WALLET)


def summary(database: Database) -> ledger.SubjectSummary:
    with database.reading() as session:
        return ledger.summary(session, subject=RENDER)


@pytest.mark.requirement("BILL-1")
def test_reserving_holds_every_line_and_spends_nothing(held: Database) -> None:
    assert balance(held) == ledger.Balance(available=0, held=TOTAL, spent=0, granted=TOTAL)
    assert summary(held) == ledger.SubjectSummary(TOTAL, 0, TOTAL, 0)


@pytest.mark.requirement("BILL-4")
def test_too_few_credits_hold_no_line_at_all_and_say_how_many_are_missing(
    database: Database,
) -> None:
    fund(database, TOTAL - 1)
    before = rows(database)
    with pytest.raises(InsufficientCredits) as refused, database.transaction() as session:
        hold(session)
    assert (refused.value.credits_required, refused.value.credits_available) == (TOTAL, TOTAL - 1)
    assert rows(database) == before


def test_what_is_held_is_not_available_to_another_render(held: Database) -> None:
    with pytest.raises(InsufficientCredits) as refused, held.transaction() as session:
        hold(session, {"project": 1}, subject="proj_other")
    assert refused.value.credits_available == 0


def test_reserving_the_same_lines_again_changes_nothing(held: Database) -> None:
    before = rows(held)
    with held.transaction() as session:
        hold(session, dict(reversed(LINES.items())))
    assert rows(held) == before


def test_reserving_again_after_settling_and_releasing_changes_nothing(held: Database) -> None:
    with held.transaction() as session:
        ledger.settle(session, subject=RENDER, line_id="project", now=NOW)
        ledger.release_open(session, subject=RENDER, now=NOW)
    before = rows(held)
    with held.transaction() as session:
        hold(session)
    assert rows(held) == before


@pytest.mark.parametrize(
    "lines",
    [{**LINES, "project": 13}, {**LINES, "extra": 1}, {"project": 12}, {}],
    ids=["other amount", "one more", "fewer", "none"],
)
def test_reserving_other_lines_for_the_same_render_is_a_conflict(
    held: Database, lines: dict[str, int]
) -> None:
    before = rows(held)
    with pytest.raises(IdempotencyConflict), held.transaction() as session:
        hold(session, lines)
    assert rows(held) == before


def test_reserving_for_the_same_render_on_another_wallet_is_a_conflict(held: Database) -> None:
    other = fund(held, TOTAL, owner="acct_2")
    before = rows(held)
    with pytest.raises(IdempotencyConflict), held.transaction() as session:
        ledger.reserve(
            session,
            wallet=other,
            subject=RENDER,
            lines=charge_lines(LINES),
            expires_at=EXPIRY,
            now=NOW,
        )
    assert rows(held) == before


def test_lines_that_cost_nothing_are_not_held(funded: Database) -> None:
    with funded.transaction() as session:
        hold(session, {**LINES, "free": 0})
        hold(session, LINES)
    assert summary(funded).reserved == TOTAL


def test_a_render_that_costs_nothing_holds_nothing(funded: Database) -> None:
    with funded.transaction() as session:
        hold(session, {"free": 0})
        assert ledger.settle_lines(session, subject=RENDER, line_ids=["free"], now=NOW) == 0
    assert summary(funded) == ledger.SubjectSummary(0, 0, 0, 0)


def test_a_line_that_is_there_twice_is_refused(funded: Database) -> None:
    twice = charge_lines({"project": 1}) * 2
    with pytest.raises(InvalidReference), funded.transaction() as session:
        ledger.reserve(
            session, wallet=WALLET, subject=RENDER, lines=twice, expires_at=EXPIRY, now=NOW
        )


def test_reserving_on_an_unknown_wallet_is_refused(database: Database) -> None:
    with pytest.raises(UnknownWallet), database.transaction() as session:
        hold(session)


@pytest.mark.requirement("BILL-1")
def test_settling_charges_the_whole_hold_once(held: Database) -> None:
    for _ in range(2):
        with held.transaction() as session:
            ledger.settle(session, subject=RENDER, line_id="project", now=NOW)
    assert balance(held) == ledger.Balance(available=0, held=TOTAL - 12, spent=12, granted=TOTAL)


@pytest.mark.parametrize("credits", [0, 5, 12])
def test_settling_part_of_a_hold_gives_the_rest_back(held: Database, credits: int) -> None:
    for _ in range(2):
        with held.transaction() as session:
            ledger.settle(session, subject=RENDER, line_id="project", now=NOW, credits=credits)
    assert balance(held) == ledger.Balance(
        available=12 - credits, held=TOTAL - 12, spent=credits, granted=TOTAL
    )
    assert summary(held) == ledger.SubjectSummary(TOTAL, credits, TOTAL - 12, 12 - credits)


@pytest.mark.parametrize(
    ("credits", "error"), [(13, ExceedsHold), (-1, InvalidAmount)], ids=["above", "negative"]
)
def test_settling_outside_the_hold_is_refused(
    held: Database, credits: int, error: type[Exception]
) -> None:
    before = rows(held)
    with pytest.raises(error), held.transaction() as session:
        ledger.settle(session, subject=RENDER, line_id="project", now=NOW, credits=credits)
    assert rows(held) == before


def test_settling_again_for_another_amount_is_a_conflict(held: Database) -> None:
    with held.transaction() as session:
        ledger.settle(session, subject=RENDER, line_id="project", now=NOW, credits=5)
    before = rows(held)
    with pytest.raises(IdempotencyConflict), held.transaction() as session:
        ledger.settle(session, subject=RENDER, line_id="project", now=NOW)
    assert rows(held) == before


@pytest.mark.parametrize(("subject", "line_id"), [(RENDER, "unknown"), ("proj_none", "project")])
def test_settling_what_was_never_held_is_refused(
    held: Database, subject: str, line_id: str
) -> None:
    with pytest.raises(UnknownHold), held.transaction() as session:
        ledger.settle(session, subject=subject, line_id=line_id, now=NOW)


def test_settling_several_lines_returns_all_that_was_ever_charged(held: Database) -> None:
    with held.transaction() as session:
        first = ledger.settle_lines(session, subject=RENDER, line_ids=["project"], now=NOW)
        repeated = ["project", "planning", "planning", "costs-nothing"]
        second = ledger.settle_lines(session, subject=RENDER, line_ids=repeated, now=NOW)
        third = ledger.settle_lines(session, subject=RENDER, line_ids=[], now=NOW)
    assert (first, second, third) == (12, 22, 22)
    assert summary(held) == ledger.SubjectSummary(TOTAL, 22, TOTAL - 22, 0)


def test_settling_several_lines_leaves_a_line_charged_in_part_as_it_is(held: Database) -> None:
    with held.transaction() as session:
        ledger.settle(session, subject=RENDER, line_id="project", now=NOW, credits=5)
        assert ledger.settle_lines(session, subject=RENDER, line_ids=list(LINES), now=NOW) == (
            TOTAL - 7
        )


def test_settling_several_lines_charges_none_if_one_was_released(held: Database) -> None:
    with held.transaction() as session:
        ledger.settle(session, subject=RENDER, line_id="project", now=NOW)
        ledger.release_open(session, subject=RENDER, now=NOW)
    before = rows(held)
    with pytest.raises(HoldAlreadyResolved), held.transaction() as session:
        ledger.settle_lines(session, subject=RENDER, line_ids=["project", "planning"], now=NOW)
    assert rows(held) == before


@pytest.mark.requirement("BILL-1")
def test_releasing_gives_back_what_is_open_and_keeps_what_was_charged(held: Database) -> None:
    with held.transaction() as session:
        ledger.settle(session, subject=RENDER, line_id="project", now=NOW)
        assert ledger.release_open(session, subject=RENDER, now=NOW) == TOTAL - 12
        assert ledger.release_open(session, subject=RENDER, now=NOW) == 0
    assert balance(held) == ledger.Balance(TOTAL - 12, 0, 12, TOTAL)
    assert summary(held) == ledger.SubjectSummary(TOTAL, 12, 0, TOTAL - 12)


def test_a_released_line_can_never_be_charged(held: Database) -> None:
    with held.transaction() as session:
        ledger.release_open(session, subject=RENDER, now=NOW)
    with pytest.raises(HoldAlreadyResolved), held.transaction() as session:
        ledger.settle(session, subject=RENDER, line_id="project", now=NOW)


def test_releasing_a_render_that_holds_nothing_gives_back_nothing(funded: Database) -> None:
    with funded.transaction() as session:
        assert ledger.release_open(session, subject="proj_none", now=NOW) == 0


def test_a_hold_expires_at_its_time_and_not_before(held: Database) -> None:
    with held.transaction() as session:
        early = EXPIRY - timedelta(microseconds=1)
        assert ledger.expire_due(session, subjects=[RENDER], now=early) == 0
        assert ledger.expire_due(session, subjects=[RENDER, RENDER], now=EXPIRY) == TOTAL
    assert balance(held) == ledger.Balance(TOTAL, 0, 0, TOTAL)


def test_an_expired_line_can_never_be_charged(held: Database) -> None:
    with held.transaction() as session:
        ledger.expire_due(session, subjects=[RENDER], now=EXPIRY)
    with pytest.raises(HoldExpired), held.transaction() as session:
        ledger.settle(session, subject=RENDER, line_id="project", now=EXPIRY)


def test_only_the_named_renders_expire(held: Database) -> None:
    with held.transaction() as session:
        assert ledger.expire_due(session, subjects=["proj_other"], now=EXPIRY) == 0
    assert summary(held).open == TOTAL


def test_a_render_still_running_is_charged_after_its_expiry(held: Database) -> None:
    late = EXPIRY + timedelta(days=3)
    with held.transaction() as session:
        ledger.settle(session, subject=RENDER, line_id="project", now=late)
    assert summary(held).settled == 12


def test_a_transaction_that_is_rolled_back_leaves_the_ledger_as_it_was(held: Database) -> None:
    before = rows(held)
    with Session(held.engine) as session:
        ledger.settle_lines(session, subject=RENDER, line_ids=list(LINES), now=NOW)
        session.rollback()
    assert rows(held) == before


def test_a_render_of_sixty_four_shots_settles_to_the_last_credit(database: Database) -> None:
    lines = {f"shot-{index:03}/{kind}": 5 for index in range(1, 65) for kind in ("a", "b", "c")}
    fund(database, 1000)
    with database.transaction() as session:
        hold(session, lines)
    with database.transaction() as session:
        assert ledger.settle_lines(session, subject=RENDER, line_ids=list(lines), now=NOW) == 960
    assert balance(database) == ledger.Balance(40, 0, 960, 1000)
