"""What the renders of one key cost in a month, on both databases."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.services.key_limits import KeyCapReached, check_monthly_cap, credits_of_month, month_of
from studio.accounts.records import Principal
from studio.contracts.status import RenderState
from studio.db.engine import Database
from studio.ledger import service as ledger
from studio.renders.tables import RenderRow
from tests.ledger_scenes import EXPIRY, NOW, charge_lines, fund

KEY = "key_one"
MONTH = datetime(2026, 11, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture
def funded(database: Database) -> Database:
    fund(database, 10_000)
    return database


def render(
    database: Database, name: str, credits: int, *, key_id: str | None = KEY, at: datetime = NOW
) -> None:
    """A render of two lines that holds so many credits."""
    with database.transaction() as session:
        ledger.reserve(
            session,
            wallet=ledger.wallet_id("acct_1"),
            subject=name,
            lines=charge_lines({"project": 10, "rest": credits - 10}),
            expires_at=EXPIRY,
            now=at,
        )
        session.add(
            RenderRow(
                project_id=name,
                account_id="acct_1",
                key_id=key_id,
                name=name,
                request={},
                assets=[],
                workflow_input={},
                fingerprint="",
                status=RenderState.QUEUED,
                revision=0,
                snapshot={},
                created_at=at,
                updated_at=at,
            )
        )


def used(database: Database, *, now: datetime = NOW) -> int:
    with database.reading() as session:
        return credits_of_month(session, key_id=KEY, now=now)


def check(database: Database, credits: int, *, cap: int | None, key_id: str | None = KEY) -> None:
    asks = Principal("acct_1", key_id, credits_per_month_max=cap)
    with database.reading() as session:
        check_monthly_cap(session, asks, credits=credits, now=NOW)


def test_a_key_that_made_nothing_has_cost_nothing(funded: Database) -> None:
    assert used(funded) == 0


def test_what_is_held_and_what_was_charged_counts_and_what_was_released_does_not(
    funded: Database,
) -> None:
    render(funded, "held", 100)
    render(funded, "charged", 200)
    render(funded, "released", 400)
    with funded.transaction() as session:
        ledger.settle_lines(session, subject="charged", line_ids=["project", "rest"], now=NOW)
        ledger.settle_lines(session, subject="released", line_ids=["project"], now=NOW)
        ledger.release_open(session, subject="released", now=NOW)
    assert used(funded) == 100 + 200 + 10


def test_other_keys_and_the_console_count_for_themselves(funded: Database) -> None:
    render(funded, "mine", 100)
    render(funded, "others", 200, key_id="key_two")
    render(funded, "consoles", 400, key_id=None)
    assert used(funded) == 100


def test_a_month_begins_at_midnight_of_its_first_day_in_utc(funded: Database) -> None:
    render(funded, "before", 100, at=MONTH - SECOND)
    render(funded, "first", 200, at=MONTH)
    assert (used(funded), used(funded, now=MONTH - SECOND)) == (200, 300)
    east = datetime.fromisoformat("2026-12-01T01:00:00+02:00")
    assert month_of(east) == MONTH


def test_a_cap_lets_through_what_is_left_and_not_a_credit_more(funded: Database) -> None:
    render(funded, "earlier", 100)
    check(funded, 50, cap=150)
    with pytest.raises(KeyCapReached) as refused:
        check(funded, 51, cap=150)
    assert (refused.value.credits_required, refused.value.credits_left) == (51, 50)


def test_a_cap_that_was_lowered_below_what_was_spent_leaves_nothing(funded: Database) -> None:
    render(funded, "earlier", 100)
    with pytest.raises(KeyCapReached) as refused:
        check(funded, 1, cap=20)
    assert refused.value.credits_left == 0


@pytest.mark.parametrize(("cap", "key_id"), [(None, KEY), (1, None)])
def test_without_a_cap_or_a_key_nothing_is_counted(
    funded: Database, cap: int | None, key_id: str | None
) -> None:
    render(funded, "earlier", 100)
    check(funded, 5_000, cap=cap, key_id=key_id)
