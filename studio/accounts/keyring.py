"""Issuing, rotating, revoking and checking API keys."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import exists, insert, or_, select, update
from sqlalchemy.orm import Session

from studio.accounts import keys
from studio.accounts.accounts import check_name
from studio.accounts.errors import (
    InvalidKey,
    KeyNotActive,
    KeyRotated,
    UnknownAccount,
    UnknownKey,
)
from studio.accounts.records import WITHOUT_LIMITS, IssuedKey, KeyInfo, KeyTerms, Principal
from studio.accounts.tables import AccountRow, ApiKeyRow, KeyEnvironment, KeyScope
from studio.accounts.terms import check_terms
from studio.contracts.names import test_side_of
from studio.contracts.tokens import RandomBytes

ROTATION_OVERLAP_SECONDS = 24 * 3600
"""How long a rotated key still works: a day to change it wherever it is used."""

TOUCH_INTERVAL_SECONDS = 60
"""A status is polled every few seconds; the time of last use need not be that exact."""

_KEY_ID_BYTES = 8


def issue_key(
    session: Session,
    *,
    account_id: str,
    name: str,
    environment: Literal["live", "test"],
    peppers: Sequence[bytes],
    now: datetime,
    terms: KeyTerms = WITHOUT_LIMITS,
    random_bytes: RandomBytes = secrets.token_bytes,
) -> IssuedKey:
    """Issue a key for an account, hashed under the first pepper.

    Raises UnknownAccount, InvalidAccount for a bad name, and InvalidKeyTerms.
    """
    check_name(name)
    check_terms(terms, now=now)
    if not session.scalar(select(exists().where(AccountRow.account_id == account_id))):
        raise UnknownAccount(account_id)
    kind = KeyEnvironment(environment)
    secret = keys.make_secret(kind, random_bytes)
    issued = IssuedKey(
        key_id=f"key_{random_bytes(_KEY_ID_BYTES).hex()}", secret=secret, hint=keys.hint(secret)
    )
    session.execute(
        insert(ApiKeyRow).values(
            key_id=issued.key_id,
            account_id=account_id,
            name=name,
            environment=kind,
            digest=keys.digests(secret, peppers)[0],
            hint=issued.hint,
            scopes=sorted(terms.scopes),
            expires_at=terms.expires_at,
            requests_per_minute_max=terms.requests_per_minute_max,
            credits_per_month_max=terms.credits_per_month_max,
            created_at=now,
        )
    )
    return issued


def authenticate(
    session: Session, *, secret: str, peppers: Sequence[bytes], now: datetime
) -> Principal:
    """Whom a key acts for. Raises InvalidKey, the same for every reason.

    `peppers` are the current one and those before it, so that a pepper can be changed without
    breaking the keys in use. One read by a unique index, none for a malformed key.
    """
    environment = keys.parse_secret(secret)
    if environment is None:
        raise InvalidKey
    candidates = keys.digests(secret, peppers)
    row = session.execute(
        select(
            ApiKeyRow.digest,
            ApiKeyRow.account_id,
            ApiKeyRow.key_id,
            ApiKeyRow.expires_at,
            ApiKeyRow.revoked_at,
            ApiKeyRow.last_used_at,
            ApiKeyRow.scopes,
            ApiKeyRow.requests_per_minute_max,
            ApiKeyRow.credits_per_month_max,
            AccountRow.suspended_at,
        )
        .join(AccountRow, AccountRow.account_id == ApiKeyRow.account_id)
        .where(ApiKeyRow.digest.in_(candidates))
    ).one_or_none()
    if row is None or not keys.matches_any(row.digest, candidates):
        raise InvalidKey
    if row.revoked_at is not None or (row.expires_at is not None and row.expires_at <= now):
        raise InvalidKey
    is_test = environment is KeyEnvironment.TEST
    return Principal(
        account_id=test_side_of(row.account_id) if is_test else row.account_id,
        key_id=row.key_id,
        is_test=is_test,
        scopes=_known_scopes(row.scopes),
        is_suspended=row.suspended_at is not None,
        requests_per_minute_max=row.requests_per_minute_max,
        credits_per_month_max=row.credits_per_month_max,
        touch_due=row.last_used_at is None or row.last_used_at <= _touch_before(now),
    )


def touch_key(session: Session, *, key_id: str, now: datetime) -> None:
    """Remember that the key was used, at most once a minute. Unknown keys are ignored."""
    session.execute(
        update(ApiKeyRow)
        .where(
            ApiKeyRow.key_id == key_id,
            or_(ApiKeyRow.last_used_at.is_(None), ApiKeyRow.last_used_at <= _touch_before(now)),
        )
        .values(last_used_at=now)
        .execution_options(synchronize_session=False)
    )


def require_key(session: Session, *, key_id: str, now: datetime) -> None:
    """Raise InvalidKey where a key that was checked before works no more, and UnknownKey."""
    if not key_info(session, key_id=key_id).is_active(now):
        raise InvalidKey


def revoke_key(session: Session, *, key_id: str, now: datetime) -> None:
    """Refuse the key from now on. Repeating it keeps the first moment. Raises UnknownKey."""
    key_info(session, key_id=key_id)
    session.execute(
        update(ApiKeyRow)
        .where(ApiKeyRow.key_id == key_id, ApiKeyRow.revoked_at.is_(None))
        .values(revoked_at=now)
        .execution_options(synchronize_session=False)
    )


def rotate_key(
    session: Session,
    *,
    key_id: str,
    peppers: Sequence[bytes],
    now: datetime,
    random_bytes: RandomBytes = secrets.token_bytes,
) -> IssuedKey:
    """Issue a successor on the same terms; the old key works for `ROTATION_OVERLAP_SECONDS` more.

    Raises UnknownKey, KeyNotActive for one that no longer works, and KeyRotated.
    """
    old = key_info(session, key_id=key_id)
    if old.successor_id is not None:
        raise KeyRotated(key_id, old.successor_id)
    if not old.is_active(now):
        raise KeyNotActive(key_id)
    issued = issue_key(
        session,
        account_id=old.account_id,
        name=old.name,
        environment=old.environment.value,
        peppers=peppers,
        now=now,
        terms=old.terms,
        random_bytes=random_bytes,
    )
    ends_at = now + timedelta(seconds=ROTATION_OVERLAP_SECONDS)
    if old.terms.expires_at is not None:
        ends_at = min(ends_at, old.terms.expires_at)
    rotated = session.execute(
        update(ApiKeyRow)
        .where(ApiKeyRow.key_id == key_id, ApiKeyRow.successor_id.is_(None))
        .values(expires_at=ends_at, successor_id=issued.key_id)
        .returning(ApiKeyRow.key_id)
        .execution_options(synchronize_session=False)
    ).all()
    if not rotated:  # somebody did it between our look and our change
        raise KeyNotActive(key_id)
    return issued


def list_keys(session: Session, *, account_id: str) -> list[KeyInfo]:
    """An account's keys, revoked and expired ones too, oldest first. Raises UnknownAccount."""
    if not session.scalar(select(exists().where(AccountRow.account_id == account_id))):
        raise UnknownAccount(account_id)
    rows = session.scalars(
        select(ApiKeyRow)
        .where(ApiKeyRow.account_id == account_id)
        .order_by(ApiKeyRow.created_at, ApiKeyRow.key_id)
    )
    return [_info(row) for row in rows]


def key_info(session: Session, *, key_id: str) -> KeyInfo:
    """Read a key. Raises UnknownKey."""
    row = session.execute(
        select(ApiKeyRow)
        .where(ApiKeyRow.key_id == key_id)
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if row is None:
        raise UnknownKey(key_id)
    return _info(row)


def _info(row: ApiKeyRow) -> KeyInfo:
    return KeyInfo(
        key_id=row.key_id,
        account_id=row.account_id,
        name=row.name,
        environment=row.environment,
        hint=row.hint,
        terms=KeyTerms(
            scopes=_known_scopes(row.scopes),
            expires_at=row.expires_at,
            requests_per_minute_max=row.requests_per_minute_max,
            credits_per_month_max=row.credits_per_month_max,
        ),
        created_at=row.created_at,
        revoked_at=row.revoked_at,
        last_used_at=row.last_used_at,
        successor_id=row.successor_id,
    )


def _known_scopes(stored: Sequence[str]) -> frozenset[KeyScope]:
    """One that a newer release knows is none here."""
    return frozenset(scope for scope in KeyScope if scope in stored)


def _touch_before(now: datetime) -> datetime:
    return now - timedelta(seconds=TOUCH_INTERVAL_SECONDS)
