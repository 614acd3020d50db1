"""Links that set a new password: mailed, good for an hour, and for once."""

import secrets
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, and_, delete, insert, select, update
from sqlalchemy.orm import Session

from studio.contracts.tokens import RandomBytes
from studio.identity.errors import InvalidReset
from studio.identity.secret_tokens import digest_of, make_secret_token
from studio.identity.tables import PasswordResetRow

RESET_LIFETIME: Final = timedelta(hours=1)


def open_reset(
    session: Session,
    *,
    account_id: str,
    now: datetime,
    random_bytes: RandomBytes = secrets.token_bytes,
) -> str:
    """The token of a new link; the account's earlier ones work no more."""
    token = make_secret_token(random_bytes)
    void_resets(session, account_id=account_id)
    session.execute(
        insert(PasswordResetRow).values(
            digest=digest_of(token),
            account_id=account_id,
            created_at=now,
            expires_at=now + RESET_LIFETIME,
        )
    )
    return token


def check_reset(session: Session, *, token: str, now: datetime) -> str:
    """The account that a link is for. Raises InvalidReset; the link stays good."""
    account_id = session.scalar(select(PasswordResetRow.account_id).where(_is_good(token, now)))
    if account_id is None:
        raise InvalidReset
    return account_id


def use_reset(session: Session, *, token: str, now: datetime) -> str:
    """The account that a link is for, once: whoever races for it, one wins. Raises InvalidReset."""
    used = session.execute(
        update(PasswordResetRow)
        .where(_is_good(token, now))
        .values(used_at=now)
        .returning(PasswordResetRow.account_id)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if used is None:
        raise InvalidReset
    account_id: str = used.account_id
    return account_id


def void_resets(session: Session, *, account_id: str) -> None:
    """Have no link of the account work any more."""
    session.execute(
        delete(PasswordResetRow)
        .where(PasswordResetRow.account_id == account_id)
        .execution_options(synchronize_session=False)
    )


def _is_good(token: str, now: datetime) -> ColumnElement[bool]:
    return and_(
        PasswordResetRow.digest == digest_of(token),
        PasswordResetRow.expires_at > now,
        PasswordResetRow.used_at.is_(None),
    )
