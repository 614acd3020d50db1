"""The database of a development stack, with a first account that can render at once."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from alembic.util import CommandError
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from runtime.dev_files import StackError
from studio.accounts import service as accounts
from studio.accounts.errors import AccountExists, InvalidKey
from studio.contracts.redaction import redact_text
from studio.db.engine import open_database
from studio.db.migrate import upgrade
from studio.identity import service as identity
from studio.identity.errors import UnknownLogin
from studio.ledger import service as ledger

ACCOUNT_ID: Final = "dev"
EMAIL: Final = "dev@example.com"
"""Nobody's: the domain is kept for examples (RFC 2606)."""
FIRST_CREDITS: Final = 100_000
"""Two hundred renders of the reference's three-shot payload, at 474 credits each."""

_FIRST_CREDITS_REFERENCE: Final = "dev:first-credits"


@dataclass(frozen=True)
class FirstAccount:
    """The account that the stack offers. `api_key` and `password` are kept by the caller alone."""

    account_id: str
    api_key: str = field(repr=False)
    credits_available: int
    email: str
    password: str = field(repr=False)


def prepare_database(
    url: str,
    *,
    known_key: str | None,
    peppers: Sequence[bytes],
    now: datetime,
    known_password: str | None = None,
) -> FirstAccount:
    """Bring the tables up to date and see to the account, its credits, a key that works and a way
    to sign in.

    Doing it again changes nothing. Raises StackError when the database cannot be used.
    """
    shown = redact_text(url)
    try:
        upgrade(url)
        database = open_database(url)
        try:
            with database.transaction() as session:
                return _see_to_account(
                    session,
                    known_key=known_key,
                    known_password=known_password,
                    peppers=peppers,
                    now=now,
                )
        finally:
            database.dispose()
    except CommandError:
        raise StackError(
            f"The database {shown} was made by a newer version of this program; update it, or "
            "choose another folder with --directory."
        ) from None
    except SQLAlchemyError as error:
        reason = redact_text(str(getattr(error, "orig", None) or error)).strip().splitlines()[0]
        raise StackError(f"The database {shown} cannot be used: {reason}.") from None


def _see_to_account(
    session: Session,
    *,
    known_key: str | None,
    known_password: str | None,
    peppers: Sequence[bytes],
    now: datetime,
) -> FirstAccount:
    with contextlib.suppress(AccountExists):
        accounts.create_account(session, account_id=ACCOUNT_ID, name="Development", now=now)
    accounts.set_role(session, account_id=ACCOUNT_ID, role=accounts.AccountRole.OPERATOR)
    wallet = ledger.open_wallet(session, owner=ACCOUNT_ID, now=now)
    ledger.top_up(
        session, wallet=wallet, credits=FIRST_CREDITS, reference=_FIRST_CREDITS_REFERENCE, now=now
    )
    key = known_key if known_key and _works(session, known_key, peppers, now) else None
    if key is None:
        key = accounts.issue_key(
            session,
            account_id=ACCOUNT_ID,
            name="fvs dev",
            environment="live",
            peppers=peppers,
            now=now,
        ).secret
    email, password = _see_to_login(session, known_password, now)
    available = ledger.balance(session, wallet=wallet).available
    return FirstAccount(ACCOUNT_ID, key, available, email, password)


def _see_to_login(session: Session, known_password: str | None, now: datetime) -> tuple[str, str]:
    """The address and the password that were noted. A password that was changed since stays so;
    one that nobody noted is replaced.
    """
    try:
        login = identity.login_of(session, account_id=ACCOUNT_ID)
    except UnknownLogin:
        login = None
    if login is not None and known_password is not None:
        return login.email, known_password
    password = identity.generate_password()
    password_hash = identity.new_password_hash(identity.Argon2Passwords(), password)
    given = {"account_id": ACCOUNT_ID, "password_hash": password_hash}
    if login is not None:
        identity.set_password(session, **given, now=now)
        return login.email, password
    return identity.create_login(session, email=EMAIL, **given, now=now), password


def _works(session: Session, key: str, peppers: Sequence[bytes], now: datetime) -> bool:
    try:
        accounts.authenticate(session, secret=key, peppers=peppers, now=now)
    except InvalidKey:
        return False
    return True
