"""What tests of signing in start from: an account with a login, and time that passes."""

from datetime import timedelta

from studio.accounts import service as accounts
from studio.db.engine import Database
from studio.identity import service as identity
from tests.kit.passwords import CountingPasswords
from tests.ledger_scenes import NOW

EMAIL = "ada@example.com"
PASSWORD = "correct horse battery"
SECOND = timedelta(seconds=1)
HASHER = CountingPasswords()


def sign_up(database: Database, account_id: str = "acct_1", email: str = EMAIL) -> identity.Login:
    """An account whose owner signs in with `PASSWORD`."""
    with database.transaction() as session:
        accounts.create_account(session, account_id=account_id, name="Ada", now=NOW)
        identity.create_login(
            session,
            account_id=account_id,
            email=email,
            password_hash=identity.new_password_hash(HASHER, PASSWORD),
            now=NOW,
        )
        return identity.login_of(session, account_id=account_id)


def sign_in(database: Database, login: identity.Login, *, later: timedelta = 0 * SECOND) -> str:
    """The token of a new session."""
    with database.transaction() as session:
        return identity.open_session(session, login=login, now=NOW + later).token
