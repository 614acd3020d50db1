"""What a key may do, until when and how much; whom it acts for."""

from datetime import timedelta

import pytest

from studio.accounts import service as accounts
from studio.accounts.errors import AccountSuspended, InvalidKey, InvalidKeyTerms, KeyLacksScope
from studio.accounts.keyring import ROTATION_OVERLAP_SECONDS
from studio.accounts.service import KeyScope, KeyTerms
from studio.accounts.tables import ApiKeyRow
from studio.accounts.terms import CREDITS_PER_MONTH_MAX, REQUESTS_PER_MINUTE_MAX
from studio.db.engine import Database
from tests.ledger_scenes import NOW

PEPPERS = [b"p" * 32]
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
ANYTHING = KeyTerms()
NARROW = KeyTerms(
    scopes=frozenset({KeyScope.RENDERS_READ}),
    expires_at=NOW + 90 * DAY,
    requests_per_minute_max=60,
    credits_per_month_max=500,
)


@pytest.fixture
def home(database: Database) -> Database:
    """A database with the account `acct_1`."""
    with database.transaction() as session:
        accounts.create_account(session, account_id="acct_1", name="Ada", now=NOW)
    return database


def issue(home: Database, terms: KeyTerms = ANYTHING) -> accounts.IssuedKey:
    with home.transaction() as session:
        return accounts.issue_key(
            session,
            account_id="acct_1",
            name="laptop",
            environment="live",
            peppers=PEPPERS,
            now=NOW,
            terms=terms,
        )


def who(home: Database, secret: str, *, later: timedelta = timedelta(0)) -> accounts.Principal:
    with home.reading() as session:
        return accounts.authenticate(session, secret=secret, peppers=PEPPERS, now=NOW + later)


def test_a_key_carries_its_scopes_and_limits(home: Database) -> None:
    principal = who(home, issue(home, NARROW).secret)

    assert principal.scopes == {KeyScope.RENDERS_READ}
    assert (principal.requests_per_minute_max, principal.credits_per_month_max) == (60, 500)
    principal.require_scope(KeyScope.RENDERS_READ)
    with pytest.raises(KeyLacksScope, match="renders:write"):
        principal.require_scope(KeyScope.RENDERS_WRITE)


def test_a_key_ends_when_it_was_said_to(home: Database) -> None:
    secret = issue(home, NARROW).secret

    assert who(home, secret, later=90 * DAY - SECOND).account_id == "acct_1"
    with pytest.raises(InvalidKey):
        who(home, secret, later=90 * DAY)


def test_a_successor_is_on_the_same_terms(home: Database) -> None:
    old = issue(home, NARROW)
    with home.transaction() as session:
        new = accounts.rotate_key(session, key_id=old.key_id, peppers=PEPPERS, now=NOW + DAY)
        kept = accounts.key_info(session, key_id=new.key_id)
        ended = accounts.key_info(session, key_id=old.key_id)

    assert kept.terms == NARROW
    assert ended.terms.expires_at == NOW + DAY + timedelta(seconds=ROTATION_OVERLAP_SECONDS)


def test_rotating_does_not_lengthen_the_life_of_a_key_that_is_about_to_end(home: Database) -> None:
    old = issue(home, KeyTerms(expires_at=NOW + SECOND))
    with home.transaction() as session:
        accounts.rotate_key(session, key_id=old.key_id, peppers=PEPPERS, now=NOW)

    with pytest.raises(InvalidKey):
        who(home, old.secret, later=SECOND)


@pytest.mark.parametrize(
    "terms",
    [
        KeyTerms(scopes=frozenset()),
        KeyTerms(expires_at=NOW),
        KeyTerms(requests_per_minute_max=0),
        KeyTerms(requests_per_minute_max=REQUESTS_PER_MINUTE_MAX + 1),
        KeyTerms(credits_per_month_max=-1),
        KeyTerms(credits_per_month_max=CREDITS_PER_MONTH_MAX + 1),
    ],
)
def test_terms_that_no_key_can_have_are_refused(home: Database, terms: KeyTerms) -> None:
    with pytest.raises(InvalidKeyTerms):
        issue(home, terms)
    with home.reading() as session:
        assert accounts.list_keys(session, account_id="acct_1") == []


def test_a_scope_of_a_newer_release_is_none_here(home: Database) -> None:
    issued = issue(home)
    with home.transaction() as session:
        row = session.get_one(ApiKeyRow, issued.key_id)
        row.scopes = ["renders:read", "galaxies:write"]

    assert who(home, issued.secret).scopes == {KeyScope.RENDERS_READ}


def test_the_key_of_a_suspended_account_still_looks(home: Database) -> None:
    issued = issue(home)
    with home.transaction() as session:
        accounts.suspend_account(session, account_id="acct_1", now=NOW)
    suspended = who(home, issued.secret)
    with pytest.raises(AccountSuspended):
        suspended.require_active()
    with home.transaction() as session:
        accounts.resume_account(session, account_id="acct_1")

    who(home, issued.secret).require_active()
