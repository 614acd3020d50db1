"""Sessions of browsers: opened at sign-in, found by their token's digest, ended by time or wish."""

import secrets
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.orm import Session

from studio.contracts.tokens import RandomBytes
from studio.identity.errors import NotSignedIn, WrongCredentials
from studio.identity.records import Login, OpenedSession, SignedIn
from studio.identity.secret_tokens import digest_of, make_secret_token
from studio.identity.tables import LoginRow, SessionRow

IDLE_MAX: Final = timedelta(days=14)
LIFETIME_MAX: Final = timedelta(days=30)
"""NIST SP 800-63B asks for a new sign-in after thirty days at the lowest level of assurance."""
TOUCH_INTERVAL: Final = timedelta(minutes=1)
"""A page with live progress asks every second; two weeks need not be that exact."""


def open_session(
    session: Session,
    *,
    login: Login,
    now: datetime,
    random_bytes: RandomBytes = secrets.token_bytes,
) -> OpenedSession:
    """Open a session for whoever knew the login's password; the token is always a new one.

    Raises WrongCredentials where the password was changed since it was checked. What the account
    has of ended sessions is deleted.
    """
    unchanged = session.scalar(
        select(LoginRow.account_id)
        .where(
            LoginRow.account_id == login.account_id, LoginRow.password_hash == login.password_hash
        )
        .with_for_update()
    )
    if unchanged is None:
        raise WrongCredentials
    token, ends_at = make_secret_token(random_bytes), now + LIFETIME_MAX
    session.execute(
        delete(SessionRow)
        .where(
            SessionRow.account_id == login.account_id,
            or_(SessionRow.expires_at <= now, SessionRow.seen_at <= now - IDLE_MAX),
        )
        .execution_options(synchronize_session=False)
    )
    session.execute(
        insert(SessionRow).values(
            digest=digest_of(token),
            account_id=login.account_id,
            created_at=now,
            seen_at=now,
            expires_at=ends_at,
        )
    )
    return OpenedSession(login.account_id, token, ends_at)


def read_session(session: Session, *, token: str, now: datetime) -> SignedIn:
    """Whose session it is. Raises NotSignedIn; one read by the key, none for a malformed token."""
    digest = digest_of(token)
    if digest is None:
        raise NotSignedIn
    row = session.execute(
        select(SessionRow.account_id, SessionRow.seen_at, SessionRow.expires_at).where(
            SessionRow.digest == digest
        )
    ).one_or_none()
    if row is None or row.expires_at <= now or row.seen_at <= now - IDLE_MAX:
        raise NotSignedIn
    return SignedIn(row.account_id, row.expires_at, row.seen_at <= now - TOUCH_INTERVAL)


def touch_session(session: Session, *, token: str, now: datetime) -> None:
    """Remember that the session is used, at most once a minute. One that has ended stays so."""
    session.execute(
        update(SessionRow)
        .where(
            SessionRow.digest == digest_of(token),
            SessionRow.seen_at <= now - TOUCH_INTERVAL,
            SessionRow.seen_at > now - IDLE_MAX,
        )
        .values(seen_at=now)
        .execution_options(synchronize_session=False)
    )


def end_session(session: Session, *, token: str) -> None:
    """Sign out. Unknown tokens are ignored."""
    session.execute(
        delete(SessionRow)
        .where(SessionRow.digest == digest_of(token))
        .execution_options(synchronize_session=False)
    )


def end_sessions(session: Session, *, account_id: str) -> None:
    """Sign an account's owner out everywhere."""
    session.execute(
        delete(SessionRow)
        .where(SessionRow.account_id == account_id)
        .execution_options(synchronize_session=False)
    )
