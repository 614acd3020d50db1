import secrets
from datetime import timedelta

import pytest
from sqlalchemy import event, select, text

from studio.accounts import keys
from studio.accounts import service as accounts
from studio.accounts.errors import (
    InvalidAccount,
    InvalidKey,
    KeyNotActive,
    KeyRotated,
    UnknownAccount,
    UnknownKey,
)
from studio.accounts.keyring import ROTATION_OVERLAP_SECONDS
from studio.accounts.tables import ApiKeyRow, KeyEnvironment, KeyScope
from studio.db.engine import Database
from tests.ledger_scenes import NOW

PEPPERS = [b"p" * 32]
SECOND = timedelta(seconds=1)
OVERLAP = timedelta(seconds=ROTATION_OVERLAP_SECONDS)


@pytest.fixture
def home(database: Database) -> Database:
    """A database with the account `acct_1`."""
    with database.transaction() as session:
        accounts.create_account(session, account_id="acct_1", name="Ada", now=NOW)
    return database


def issue(home: Database, *, test: bool = False) -> accounts.IssuedKey:
    with home.transaction() as session:
        return accounts.issue_key(
            session,
            account_id="acct_1",
            name="laptop",
            environment="test" if test else "live",
            peppers=PEPPERS,
            now=NOW,
        )


def who(home: Database, secret: str, *, later: timedelta = timedelta(0)) -> accounts.Principal:
    with home.reading() as session:
        return accounts.authenticate(session, secret=secret, peppers=PEPPERS, now=NOW + later)


@pytest.mark.requirement("AUTH-2", "AUTH-3")
@pytest.mark.parametrize("test", [False, True])
def test_a_key_speaks_for_its_account(home: Database, *, test: bool) -> None:
    issued = issue(home, test=test)
    assert who(home, issued.secret) == accounts.Principal(
        account_id="acct_1~test" if test else "acct_1",
        key_id=issued.key_id,
        is_test=test,
        scopes=frozenset(KeyScope),
        touch_due=True,
    )


@pytest.mark.requirement("AUTH-2")
def test_malformed_unknown_revoked_and_expired_keys_are_refused_alike(home: Database) -> None:
    revoked, expired = issue(home), issue(home)
    with home.transaction() as session:
        accounts.revoke_key(session, key_id=revoked.key_id, now=NOW)
        accounts.rotate_key(session, key_id=expired.key_id, peppers=PEPPERS, now=NOW - OVERLAP)
    unknown = keys.make_secret(KeyEnvironment.LIVE, secrets.token_bytes)
    refusals = []
    for secret in ("", "fvs_live_typo", unknown, revoked.secret, expired.secret):
        with pytest.raises(InvalidKey) as refused:
            who(home, secret)
        refusals.append((type(refused.value), refused.value.detail))
    assert len(set(refusals)) == 1


@pytest.mark.mcp_case("2.3")
def test_the_secret_is_not_in_the_database(home: Database) -> None:
    issued = issue(home)
    with home.reading() as session:
        row = session.execute(select(*ApiKeyRow.__table__.columns)).one()
    assert issued.secret not in repr(tuple(row))
    assert issued.secret not in repr(issued)


@pytest.mark.mcp_case("2.3")
def test_checking_a_key_is_one_read_and_a_typing_error_none(home: Database) -> None:
    issued = issue(home)
    statements: list[str] = []

    def note(_c: object, _cursor: object, sql: str, *_rest: object) -> None:
        statements.append(sql)

    event.listen(home.engine, "before_cursor_execute", note)
    who(home, issued.secret)
    with pytest.raises(InvalidKey):
        who(home, issued.secret[:-1] + "!")
    assert [sql.split()[0] for sql in statements if sql != "BEGIN"] == ["SELECT"]


def test_checking_a_key_uses_the_index(sqlite_database: Database) -> None:
    with sqlite_database.reading() as session:
        plan = session.execute(
            text("EXPLAIN QUERY PLAN SELECT key_id FROM api_key WHERE digest IN ('a', 'b')")
        ).all()
    assert "SEARCH api_key USING INDEX" in str(plan)


def test_a_key_under_an_older_pepper_still_works(home: Database) -> None:
    issued = issue(home)
    with home.reading() as session:
        principal = accounts.authenticate(
            session, secret=issued.secret, peppers=[b"n" * 32, *PEPPERS], now=NOW
        )
        assert principal.key_id == issued.key_id
        with pytest.raises(InvalidKey):
            accounts.authenticate(session, secret=issued.secret, peppers=[b"n" * 32], now=NOW)


def test_a_revoked_key_is_refused_from_that_moment(home: Database) -> None:
    issued = issue(home)
    who(home, issued.secret)
    with home.transaction() as session:
        accounts.revoke_key(session, key_id=issued.key_id, now=NOW)
        accounts.revoke_key(session, key_id=issued.key_id, now=NOW + SECOND)
        assert accounts.key_info(session, key_id=issued.key_id).revoked_at == NOW
    with pytest.raises(InvalidKey):
        who(home, issued.secret)


def test_after_a_rotation_both_keys_work_for_a_day(home: Database) -> None:
    old = issue(home, test=True)
    with home.transaction() as session:
        new = accounts.rotate_key(session, key_id=old.key_id, peppers=PEPPERS, now=NOW)
    assert who(home, new.secret).is_test
    assert who(home, old.secret, later=OVERLAP - SECOND).account_id == "acct_1~test"
    assert who(home, new.secret, later=OVERLAP).account_id == "acct_1~test"
    with pytest.raises(InvalidKey):
        who(home, old.secret, later=OVERLAP)


def test_a_key_is_rotated_once_and_then_its_successor_is(home: Database) -> None:
    old = issue(home)
    with home.transaction() as session:
        new = accounts.rotate_key(session, key_id=old.key_id, peppers=PEPPERS, now=NOW)
        with pytest.raises(KeyRotated, match=new.key_id):
            accounts.rotate_key(session, key_id=old.key_id, peppers=PEPPERS, now=NOW + SECOND)
        ended = accounts.key_info(session, key_id=old.key_id)
        assert (ended.terms.expires_at, ended.successor_id) == (NOW + OVERLAP, new.key_id)
        assert len(accounts.list_keys(session, account_id="acct_1")) == 2


def test_a_key_that_no_longer_works_is_not_rotated(home: Database) -> None:
    old = issue(home)
    with home.transaction() as session:
        accounts.revoke_key(session, key_id=old.key_id, now=NOW)
        with pytest.raises(KeyNotActive):
            accounts.rotate_key(session, key_id=old.key_id, peppers=PEPPERS, now=NOW)
        assert len(accounts.list_keys(session, account_id="acct_1")) == 1


def test_the_last_use_is_remembered_once_a_minute(home: Database) -> None:
    issued = issue(home)

    def touch(later: timedelta) -> object:
        with home.transaction() as session:
            accounts.touch_key(session, key_id=issued.key_id, now=NOW + later)
            return accounts.key_info(session, key_id=issued.key_id).last_used_at

    assert touch(timedelta(0)) == NOW
    assert touch(59 * SECOND) == NOW
    assert who(home, issued.secret, later=59 * SECOND).touch_due is False
    assert who(home, issued.secret, later=60 * SECOND).touch_due is True
    assert touch(60 * SECOND) == NOW + 60 * SECOND


def test_keys_are_listed_without_their_secrets(home: Database) -> None:
    first, second = issue(home), issue(home)
    with home.transaction() as session:
        accounts.revoke_key(session, key_id=second.key_id, now=NOW)
        listed = {key.key_id: key for key in accounts.list_keys(session, account_id="acct_1")}
    assert set(listed) == {first.key_id, second.key_id}
    assert listed[first.key_id].is_active(NOW)
    assert not listed[second.key_id].is_active(NOW)
    assert listed[first.key_id].hint == first.hint


def test_keys_of_unknown_accounts_and_unknown_keys_are_refused(home: Database) -> None:
    with home.transaction() as session:
        with pytest.raises(UnknownAccount):
            accounts.issue_key(
                session,
                account_id="nobody",
                name="k",
                environment="live",
                peppers=PEPPERS,
                now=NOW,
            )
        with pytest.raises(UnknownKey):
            accounts.revoke_key(session, key_id="key_none", now=NOW)
        with pytest.raises(UnknownKey):
            accounts.rotate_key(session, key_id="key_none", peppers=PEPPERS, now=NOW)
        accounts.touch_key(session, key_id="key_none", now=NOW)


def test_a_key_name_that_cannot_be_shown_is_refused(home: Database) -> None:
    with home.transaction() as session, pytest.raises(InvalidAccount):
        accounts.issue_key(
            session,
            account_id="acct_1",
            name="\n",
            environment="live",
            peppers=PEPPERS,
            now=NOW,
        )
