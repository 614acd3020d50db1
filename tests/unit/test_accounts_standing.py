"""Roles, suspension, and being told of a low balance."""

from datetime import timedelta

import pytest

from studio.accounts import service as accounts
from studio.accounts.errors import AccountSuspended, InvalidAccount, UnknownAccount
from studio.accounts.service import AccountRole
from studio.db.engine import Database
from tests.ledger_scenes import NOW

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def home(database: Database) -> Database:
    """A database with the accounts `acct_1` and `acct_2`."""
    with database.transaction() as session:
        for account_id in ("acct_1", "acct_2"):
            accounts.create_account(session, account_id=account_id, name="Ada", now=NOW)
    return database


def is_told(home: Database, available_credits: int) -> bool:
    with home.transaction() as session:
        return accounts.note_balance(
            session, account_id="acct_1", available_credits=available_credits, now=NOW
        )


def test_an_account_is_a_customers_until_it_is_made_an_operators(home: Database) -> None:
    with home.transaction() as session:
        assert not accounts.get_account(session, account_id="acct_1").is_operator
        assert accounts.set_role(session, account_id="acct_1", role=AccountRole.OPERATOR)
        assert not accounts.set_role(session, account_id="acct_1", role=AccountRole.OPERATOR)
    with home.reading() as session:
        assert accounts.get_account(session, account_id="acct_1").is_operator
        assert not accounts.get_account(session, account_id="acct_2").is_operator
        operators = accounts.list_accounts(session, limit=9, role=AccountRole.OPERATOR)
        assert [account.account_id for account in operators] == ["acct_1"]


def test_a_suspended_account_starts_nothing_until_it_is_resumed(home: Database) -> None:
    with home.transaction() as session:
        assert accounts.suspend_account(session, account_id="acct_1", now=NOW)
        assert not accounts.suspend_account(session, account_id="acct_1", now=LATER)
    with home.reading() as session:
        assert accounts.get_account(session, account_id="acct_1").suspended_at == NOW
        accounts.require_active(session, account_id="acct_2")
        with pytest.raises(AccountSuspended):
            accounts.require_active(session, account_id="acct_1")
    with home.transaction() as session:
        assert accounts.resume_account(session, account_id="acct_1")
        assert not accounts.resume_account(session, account_id="acct_1")
        accounts.require_active(session, account_id="acct_1")


def test_nothing_is_changed_of_an_account_that_there_is_none_of(home: Database) -> None:
    with home.transaction() as session:
        with pytest.raises(UnknownAccount):
            accounts.set_role(session, account_id="nobody", role=AccountRole.OPERATOR)
        with pytest.raises(UnknownAccount):
            accounts.suspend_account(session, account_id="nobody", now=NOW)
        with pytest.raises(UnknownAccount):
            accounts.resume_account(session, account_id="nobody")
        with pytest.raises(UnknownAccount):
            accounts.require_active(session, account_id="nobody")
        with pytest.raises(UnknownAccount):
            accounts.set_low_balance(session, account_id="nobody", credits=5)
        with pytest.raises(UnknownAccount):
            accounts.rename_account(session, account_id="nobody", name="Bob")
        assert not accounts.note_balance(session, account_id="nobody", available_credits=0, now=NOW)


def test_a_low_balance_is_told_once_until_it_was_high_again(home: Database) -> None:
    with home.transaction() as session:
        accounts.set_low_balance(session, account_id="acct_1", credits=100)
    answers = [is_told(home, available) for available in (100, 99, 50, 100, 99)]
    assert answers == [False, True, False, False, True]


def test_who_set_no_threshold_is_told_nothing(home: Database) -> None:
    assert not is_told(home, 0)


def test_a_new_threshold_is_told_anew(home: Database) -> None:
    for threshold in (100, 200):
        with home.transaction() as session:
            accounts.set_low_balance(session, account_id="acct_1", credits=threshold)
        assert is_told(home, 50)
    with home.transaction() as session:
        accounts.set_low_balance(session, account_id="acct_1", credits=None)
    assert not is_told(home, 0)


@pytest.mark.parametrize("credits", [0, -1, 10**9 + 1])
def test_a_threshold_that_is_none_is_refused(home: Database, credits: int) -> None:
    with home.transaction() as session, pytest.raises(InvalidAccount):
        accounts.set_low_balance(session, account_id="acct_1", credits=credits)


def test_an_account_is_renamed_to_what_can_be_shown(home: Database) -> None:
    with home.transaction() as session:
        accounts.rename_account(session, account_id="acct_1", name="Grace")
        with pytest.raises(InvalidAccount):
            accounts.rename_account(session, account_id="acct_1", name="\n")
        assert accounts.get_account(session, account_id="acct_1").name == "Grace"
