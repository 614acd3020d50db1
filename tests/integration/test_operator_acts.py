"""Operators' acts and lists on both databases."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from gateway.services.account_search import AccountWish, search_accounts
from gateway.services.operator_acts import Act, grant_credits, resume, suspend
from studio.accounts.service import create_account
from studio.db.engine import Database
from studio.ledger.service import balance, wallet_id
from studio.operators.service import list_actions
from studio.renders.progress import list_progress
from tests.integration.test_ledger_races import database, race
from tests.ledger_scenes import NOW

__all__ = ["database"]

AT_ONCE = 4
ACCOUNT = "acct_1"
ACT = Act(operator="acct_operator", reference="a" * 32, reason="For the outage", now=NOW)


def _open(database: Database, *account_ids: str) -> None:
    with database.transaction() as session:
        for number, account_id in enumerate(account_ids):
            now = NOW + timedelta(seconds=number)
            create_account(session, account_id=account_id, name=f"Name {account_id}", now=now)


def _grant(session: Session) -> None:
    grant_credits(session, ACT, account_id=ACCOUNT, credits=250, expires_at=None)


def _suspend(session: Session) -> None:
    suspend(session, ACT, account_id=ACCOUNT)


@pytest.mark.parametrize("act", [_grant, _suspend])
def test_the_same_form_at_once_is_one_act_and_one_entry(
    database: Database, act: Callable[[Session], None]
) -> None:
    _open(database, ACCOUNT)

    def run() -> str:
        with database.transaction() as session:
            act(session)
        return "done"

    assert race(*[run] * AT_ONCE) == ["done"] * AT_ONCE
    with database.reading() as session:
        assert len(list_actions(session, limit=10).actions) == 1
        if act is _grant:
            assert balance(session, wallet=wallet_id(ACCOUNT)).available == 250


def test_resuming_what_is_not_suspended_is_no_act(database: Database) -> None:
    _open(database, ACCOUNT)
    with database.transaction() as session:
        resume(session, ACT, account_id=ACCOUNT)
        assert list_actions(session, limit=10).actions == ()


def test_accounts_are_found_page_by_page_newest_first(database: Database) -> None:
    _open(database, "acct_1", "acct_2", "acct_3")
    seen: list[str] = []
    cursor = None
    with database.reading() as session:
        while True:
            page = search_accounts(session, AccountWish(text="nAME"), limit=2, cursor=cursor)
            seen += [found.account_id for found in page.accounts]
            cursor = page.next_cursor
            if cursor is None:
                break
        assert search_accounts(session, AccountWish(text="%"), limit=2).accounts == ()
        assert list_progress(session, limit=2, name_part="%_").renders == ()
    assert seen == ["acct_3", "acct_2", "acct_1"]
