"""Logins: an e-mail address and the hash of a password."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from studio.identity.emails import normalise_email
from studio.identity.errors import EmailTaken, InvalidEmail, UnknownLogin
from studio.identity.records import Login
from studio.identity.resets import void_resets
from studio.identity.sessions import end_sessions
from studio.identity.tables import LoginRow


def create_login(
    session: Session, *, account_id: str, email: str, password_hash: str, now: datetime
) -> str:
    """Give an account its way in; the address as it is kept. Raises EmailTaken and InvalidEmail."""
    kept = normalise_email(email)
    try:
        with session.begin_nested():
            session.execute(
                insert(LoginRow).values(
                    account_id=account_id,
                    email=kept,
                    password_hash=password_hash,
                    password_changed_at=now,
                    created_at=now,
                )
            )
    except IntegrityError as error:
        raise EmailTaken from error
    return kept


def find_login(session: Session, *, email: str) -> Login | None:
    """The login of an address; None where there is none, and for what is no address."""
    try:
        kept = normalise_email(email)
    except InvalidEmail:
        return None
    row = session.scalars(select(LoginRow).where(LoginRow.email == kept)).one_or_none()
    return None if row is None else _login(row)


def login_of(session: Session, *, account_id: str) -> Login:
    """The login of an account. Raises UnknownLogin."""
    row = session.execute(
        select(LoginRow)
        .where(LoginRow.account_id == account_id)
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if row is None:
        raise UnknownLogin(account_id)
    return _login(row)


def emails_of(session: Session, *, account_ids: Sequence[str]) -> dict[str, str]:
    """The addresses of several accounts; those without a login are left out."""
    rows = session.execute(
        select(LoginRow.account_id, LoginRow.email).where(LoginRow.account_id.in_(account_ids))
    ).all()
    return {row[0]: row[1] for row in rows}


def set_password(session: Session, *, account_id: str, password_hash: str, now: datetime) -> None:
    """Replace the password, end every session and void every mailed link. Raises UnknownLogin."""
    changed = session.execute(
        update(LoginRow)
        .where(LoginRow.account_id == account_id)
        .values(password_hash=password_hash, password_changed_at=now)
        .returning(LoginRow.account_id)
        .execution_options(synchronize_session=False)
    ).all()
    if not changed:
        raise UnknownLogin(account_id)
    end_sessions(session, account_id=account_id)
    void_resets(session, account_id=account_id)


def keep_rehash(session: Session, *, login: Login, password_hash: str) -> None:
    """Keep the same password's newer hash, unless the password was changed meanwhile."""
    session.execute(
        update(LoginRow)
        .where(
            LoginRow.account_id == login.account_id, LoginRow.password_hash == login.password_hash
        )
        .values(password_hash=password_hash)
        .execution_options(synchronize_session=False)
    )


def _login(row: LoginRow) -> Login:
    return Login(
        account_id=row.account_id,
        email=row.email,
        password_hash=row.password_hash,
        password_changed_at=row.password_changed_at,
        created_at=row.created_at,
    )
