import pytest

from studio.db.engine import Database
from studio.ledger import service as ledger
from studio.ledger.errors import (
    ExceedsSettlement,
    IdempotencyConflict,
    InvalidAmount,
    InvalidReference,
    NotSettled,
)
from tests.ledger_scenes import LINES, NOW, RENDER, TOTAL, WALLET, fund, hold, rows


@pytest.fixture
def charged(database: Database) -> Database:
    """A database in which the render's project and planning lines were charged."""
    fund(database, TOTAL)
    with database.transaction() as session:
        hold(session, LINES)
        ledger.settle_lines(session, subject=RENDER, line_ids=["project", "planning"], now=NOW)
    return database


def refund(database: Database, credits: int, *, line_id: str = "project", ref: str = "r1") -> None:
    with database.transaction() as session:
        ledger.refund(
            session,
            subject=RENDER,
            line_id=line_id,
            credits=credits,
            reason="the frame was black",
            reference=ref,
            now=NOW,
        )


def refund_settled(database: Database, *, prefix: str = "no-film", subject: str = RENDER) -> int:
    with database.transaction() as session:
        return ledger.refund_settled(
            session, subject=subject, reason="no film", reference_prefix=prefix, now=NOW
        )


def available(database: Database) -> int:
    with database.reading() as session:
        return ledger.balance(session, wallet=WALLET).available


def test_a_refund_makes_credits_available_once_a_reference(charged: Database) -> None:
    refund(charged, 5)
    refund(charged, 5)
    assert available(charged) == 5


def test_a_refund_leaves_what_was_settled_as_it_was(charged: Database) -> None:
    refund(charged, 12)
    with charged.reading() as session:
        assert ledger.summary(session, subject=RENDER).settled == 22
        assert ledger.audit(session) == []


def test_all_refunds_of_a_line_together_never_exceed_its_charge(charged: Database) -> None:
    refund(charged, 7, ref="r1")
    refund(charged, 5, ref="r2")
    before = rows(charged)
    with pytest.raises(ExceedsSettlement):
        refund(charged, 1, ref="r3")
    assert rows(charged) == before


def test_each_line_has_its_own_limit(charged: Database) -> None:
    refund(charged, 12, line_id="project", ref="r1")
    refund(charged, 10, line_id="planning", ref="r2")
    assert available(charged) == 22


@pytest.mark.parametrize(("line_id", "credits"), [("project", 6), ("planning", 5)])
def test_a_reference_with_another_meaning_is_a_conflict(
    charged: Database, line_id: str, credits: int
) -> None:
    refund(charged, 5)
    before = rows(charged)
    with pytest.raises(IdempotencyConflict):
        refund(charged, credits, line_id=line_id)
    assert rows(charged) == before


@pytest.mark.parametrize("line_id", ["shot-001/video", "unknown"])
def test_a_line_that_was_not_charged_cannot_be_refunded(charged: Database, line_id: str) -> None:
    with pytest.raises(NotSettled):
        refund(charged, 1, line_id=line_id)


@pytest.mark.parametrize("credits", [0, -5])
def test_a_refund_is_at_least_one_credit(charged: Database, credits: int) -> None:
    with pytest.raises(InvalidAmount):
        refund(charged, credits)


def test_a_refund_needs_a_reference(charged: Database) -> None:
    with pytest.raises(InvalidReference):
        refund(charged, 1, ref="")


def test_everything_that_a_render_was_charged_goes_back_at_once(charged: Database) -> None:
    assert refund_settled(charged) == 22
    with charged.reading() as session:
        assert ledger.balance(session, wallet=WALLET) == ledger.Balance(
            available=22, held=TOTAL - 22, spent=22, granted=TOTAL + 22
        )
        assert ledger.audit(session) == []


@pytest.mark.parametrize("prefix", ["no-film", "another"])
def test_what_went_back_does_not_go_back_again(charged: Database, prefix: str) -> None:
    refund_settled(charged)
    before = rows(charged)
    assert refund_settled(charged, prefix=prefix) == 0
    assert rows(charged) == before


def test_only_what_was_not_refunded_yet_goes_back(charged: Database) -> None:
    refund(charged, 12, line_id="project", ref="r1")
    refund(charged, 3, line_id="planning", ref="r2")
    assert refund_settled(charged) == 7
    assert available(charged) == 22


def test_a_line_charged_later_goes_back_under_the_same_prefix(charged: Database) -> None:
    refund_settled(charged)
    with charged.transaction() as session:
        ledger.settle(session, subject=RENDER, line_id="shot-001/video", credits=0, now=NOW)
        ledger.settle(session, subject=RENDER, line_id="shot-001/keyframe", credits=20, now=NOW)
    assert refund_settled(charged) == 20


def test_nothing_goes_back_of_a_render_that_was_charged_nothing(database: Database) -> None:
    fund(database, TOTAL)
    with database.transaction() as session:
        hold(session, LINES)
    before = rows(database)
    assert refund_settled(database) == refund_settled(database, subject="proj_none") == 0
    assert rows(database) == before


@pytest.mark.parametrize(("line_id", "credits"), [("planning", 5), ("planning", 1), ("project", 6)])
def test_a_line_s_reference_that_was_used_before_is_a_conflict_and_gives_nothing_back(
    charged: Database, line_id: str, credits: int
) -> None:
    refund(charged, credits, line_id=line_id, ref="no-film:planning")
    before = rows(charged)
    with pytest.raises(IdempotencyConflict):
        refund_settled(charged)
    assert rows(charged) == before


@pytest.mark.parametrize("prefix", ["", "p" * 193])
def test_a_prefix_that_does_not_fit_before_a_line_is_refused(
    charged: Database, prefix: str
) -> None:
    before = rows(charged)
    with pytest.raises(InvalidReference):
        refund_settled(charged, prefix=prefix)
    assert rows(charged) == before
