"""Sessions and the links that set a new password."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import func, select

from studio.db.engine import Database
from studio.identity import service as identity
from studio.identity.errors import InvalidReset, NotSignedIn, WrongCredentials
from studio.identity.resets import RESET_LIFETIME
from studio.identity.sessions import IDLE_MAX, LIFETIME_MAX, TOUCH_INTERVAL
from studio.identity.tables import PasswordResetRow, SessionRow
from tests.identity_scenes import HASHER, SECOND, sign_in, sign_up
from tests.ledger_scenes import NOW

RACERS = 4


def who(database: Database, token: str, *, later: timedelta = timedelta(0)) -> identity.SignedIn:
    with database.reading() as session:
        return identity.read_session(session, token=token, now=NOW + later)


def is_signed_in(database: Database, token: str, *, later: timedelta = timedelta(0)) -> bool:
    try:
        who(database, token, later=later)
    except NotSignedIn:
        return False
    return True


def change_password(database: Database, account_id: str = "acct_1") -> None:
    with database.transaction() as session:
        kept = identity.new_password_hash(HASHER, "another password")
        identity.set_password(session, account_id=account_id, password_hash=kept, now=NOW)


def open_reset(database: Database, account_id: str = "acct_1") -> str:
    with database.transaction() as session:
        return identity.open_reset(session, account_id=account_id, now=NOW)


def use_reset(database: Database, token: str, *, later: timedelta = timedelta(0)) -> str | None:
    """The account that the link was for; None where it does not work."""
    try:
        with database.transaction() as session:
            return identity.use_reset(session, token=token, now=NOW + later)
    except InvalidReset:
        return None


def test_a_session_is_its_accounts(database: Database) -> None:
    first, second = sign_up(database), sign_up(database, "acct_2", "eve@example.com")
    tokens = [sign_in(database, first), sign_in(database, second), sign_in(database, first)]
    assert [who(database, token).account_id for token in tokens] == ["acct_1", "acct_2", "acct_1"]
    assert len(set(tokens)) == 3
    assert who(database, tokens[0]).expires_at == NOW + LIFETIME_MAX


@pytest.mark.parametrize(
    "token",
    ["", "x", "a" * 43, "a" * 42 + "!", "a" * 100_000, "\0" * 43, "é" * 43, "a" * 43 + "\n"],
)
def test_a_token_of_nobodys_is_nobodys(database: Database, token: str) -> None:
    sign_in(database, sign_up(database))
    assert not is_signed_in(database, token)
    with database.transaction() as session:
        identity.end_session(session, token=token)
        identity.touch_session(session, token=token, now=NOW)
        assert session.scalar(select(func.count()).select_from(SessionRow)) == 1


def test_the_token_is_in_no_table_and_no_repr(database: Database) -> None:
    login = sign_up(database)
    with database.transaction() as session:
        opened = identity.open_session(session, login=login, now=NOW)
        row = session.execute(select(*SessionRow.__table__.columns)).one()
    assert opened.token not in repr(tuple(row)) + repr(opened)


def test_a_session_ends_when_it_was_not_used_for_two_weeks(database: Database) -> None:
    token = sign_in(database, sign_up(database))
    assert is_signed_in(database, token, later=IDLE_MAX - SECOND)
    assert not is_signed_in(database, token, later=IDLE_MAX)
    with database.transaction() as session:
        identity.touch_session(session, token=token, now=NOW + IDLE_MAX)
    assert not is_signed_in(database, token, later=IDLE_MAX)


def test_a_session_that_is_used_ends_after_a_month_all_the_same(database: Database) -> None:
    token = sign_in(database, sign_up(database))
    for days in range(0, 30, 7):
        later = timedelta(days=days)
        assert is_signed_in(database, token, later=later)
        with database.transaction() as session:
            identity.touch_session(session, token=token, now=NOW + later)
    assert is_signed_in(database, token, later=LIFETIME_MAX - SECOND)
    assert not is_signed_in(database, token, later=LIFETIME_MAX)


def test_the_use_of_a_session_is_noted_once_a_minute(database: Database) -> None:
    token = sign_in(database, sign_up(database))
    assert not who(database, token, later=TOUCH_INTERVAL - SECOND).touch_due
    assert who(database, token, later=TOUCH_INTERVAL).touch_due
    with database.transaction() as session:
        identity.touch_session(session, token=token, now=NOW + TOUCH_INTERVAL)
    assert not who(database, token, later=TOUCH_INTERVAL).touch_due


def test_signing_out_ends_this_session_alone(database: Database) -> None:
    login = sign_up(database)
    here, there = sign_in(database, login), sign_in(database, login)
    with database.transaction() as session:
        identity.end_session(session, token=here)
    assert (is_signed_in(database, here), is_signed_in(database, there)) == (False, True)


def test_a_changed_password_ends_every_session_of_its_account_and_no_other(
    database: Database,
) -> None:
    login, other = sign_up(database), sign_up(database, "acct_2", "eve@example.com")
    ended = [sign_in(database, login) for _ in range(3)]
    kept = sign_in(database, other)
    change_password(database)
    assert not any(is_signed_in(database, token) for token in ended)
    assert is_signed_in(database, kept)


def test_no_session_is_opened_with_a_password_that_was_changed_meanwhile(
    database: Database,
) -> None:
    checked = sign_up(database)
    change_password(database)
    with pytest.raises(WrongCredentials):
        sign_in(database, checked)


def test_signing_in_clears_away_what_has_ended(database: Database) -> None:
    login, other = sign_up(database), sign_up(database, "acct_2", "eve@example.com")
    sign_in(database, login)
    sign_in(database, other)
    sign_in(database, login, later=IDLE_MAX)
    with database.reading() as session:
        rows = session.scalars(select(SessionRow.account_id).order_by(SessionRow.account_id))
        assert list(rows) == ["acct_1", "acct_2"]


def test_a_link_works_once_for_an_hour(database: Database) -> None:
    sign_up(database)
    token = open_reset(database)
    with database.reading() as session:
        just_before = NOW + RESET_LIFETIME - SECOND
        assert identity.check_reset(session, token=token, now=just_before) == "acct_1"
        with pytest.raises(InvalidReset):
            identity.check_reset(session, token=token, now=NOW + RESET_LIFETIME)
    assert use_reset(database, token, later=RESET_LIFETIME) is None
    assert use_reset(database, token, later=RESET_LIFETIME - SECOND) == "acct_1"
    assert use_reset(database, token) is None


def test_a_new_link_voids_the_accounts_earlier_ones_alone(database: Database) -> None:
    sign_up(database)
    sign_up(database, "acct_2", "eve@example.com")
    first, others = open_reset(database), open_reset(database, "acct_2")
    second = open_reset(database)
    assert use_reset(database, first) is None
    assert use_reset(database, second) == "acct_1"
    assert use_reset(database, others) == "acct_2"


def test_a_changed_password_voids_the_links_that_are_out(database: Database) -> None:
    sign_up(database)
    token = open_reset(database)
    change_password(database)
    assert use_reset(database, token) is None


@pytest.mark.parametrize("token", ["", "a" * 43, "a" * 100_000, "\0" * 43])
def test_a_made_up_link_is_refused(database: Database, token: str) -> None:
    sign_up(database)
    open_reset(database)
    assert use_reset(database, token) is None
    with database.reading() as session, pytest.raises(InvalidReset):
        identity.check_reset(session, token=token, now=NOW)


def test_the_token_of_a_link_is_not_stored(database: Database) -> None:
    sign_up(database)
    token = open_reset(database)
    with database.reading() as session:
        row = session.execute(select(*PasswordResetRow.__table__.columns)).one()
    assert token not in repr(tuple(row))


def test_of_many_who_use_a_link_at_once_one_does(database: Database) -> None:
    sign_up(database)
    token, start = open_reset(database), Barrier(RACERS)

    def race(_racer: int) -> str | None:
        start.wait()
        return use_reset(database, token)

    with ThreadPoolExecutor(RACERS) as pool:
        used = list(pool.map(race, range(RACERS)))
    assert (used.count("acct_1"), used.count(None)) == (1, RACERS - 1)
