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
