"""The audit log: complete, in order, and for good."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import delete, text, update
from sqlalchemy.exc import DBAPIError

from studio.db.cursor import Cursor, InvalidCursor
from studio.db.engine import Database
from studio.operators import service as operators
from studio.operators.tables import OperatorActionRow
from tests.ledger_scenes import NOW


def act(database: Database, action: str, *, account_id: str = "acct_1", minutes: int = 0) -> None:
    with database.transaction() as session:
        operators.record_action(
            session,
            operator=operators.SHELL,
            action=action,
            account_id=account_id,
            details={"credits": 5, "reason": "a gift"},
            now=NOW + timedelta(minutes=minutes),
        )


def listed(database: Database, **wanted: str) -> list[str]:
    """The actions of all pages of two."""
    found: list[str] = []
    cursor: str | None = None
    with database.reading() as session:
        while True:
            page = operators.list_actions(session, limit=2, cursor=cursor, **wanted)
            found += [action.action for action in page.actions]
            if page.next_cursor is None:
                return found
            cursor = page.next_cursor


def test_what_was_done_is_read_newest_first(database: Database) -> None:
    for minutes, action in enumerate(("a", "b", "c", "d", "e")):
        act(database, action, minutes=minutes)
    assert listed(database) == ["e", "d", "c", "b", "a"]


def test_acts_of_one_moment_are_neither_lost_nor_told_twice(database: Database) -> None:
    for action in "abcde":
        act(database, action)
    assert sorted(listed(database)) == ["a", "b", "c", "d", "e"]


def test_what_concerns_one_account_is_found(database: Database) -> None:
    for minutes in range(4):
        act(database, f"one {minutes}", minutes=minutes)
        act(database, f"two {minutes}", minutes=minutes, account_id="acct_2")
    assert listed(database, account_id="acct_2") == ["two 3", "two 2", "two 1", "two 0"]


def test_an_act_says_who_did_what_to_whom(database: Database) -> None:
    with database.transaction() as session:
        operators.record_action(
            session,
            operator="acct_9",
            action="credits.grant",
            account_id=None,
            details={"credits": 5},
            now=NOW,
            action_id=UUID(int=7),
        )
        (found,) = operators.list_actions(session, limit=9).actions
    assert found == operators.OperatorAction(
        action_id=str(UUID(int=7)),
        operator="acct_9",
        action="credits.grant",
        account_id=None,
        details={"credits": 5},
        created_at=NOW,
    )


def test_an_act_that_was_rolled_back_was_not_done(database: Database) -> None:
    with database.transaction() as session:
        operators.record_action(session, operator="shell", action="a", account_id=None, now=NOW)
        session.rollback()
    assert listed(database) == []


@pytest.mark.parametrize(
    "change",
    [
        update(OperatorActionRow).values(operator="nobody"),
        delete(OperatorActionRow),
        text("UPDATE operator_action SET details = '{}'"),
    ],
)
def test_nobody_changes_what_was_done(database: Database, change: object) -> None:
    act(database, "a")
    with pytest.raises(DBAPIError, match="never changes"), database.transaction() as session:
        session.execute(change)  # type: ignore[call-overload]
    assert listed(database) == ["a"]


@pytest.mark.parametrize("cursor", ["", "x", "💥", Cursor(NOW, "no id").encode()])
def test_a_cursor_that_is_none_of_ours_is_refused(database: Database, cursor: str) -> None:
    with database.reading() as session, pytest.raises(InvalidCursor):
        operators.list_actions(session, limit=2, cursor=cursor)
