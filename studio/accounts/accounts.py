"""Accounts and their saved defaults."""

import re
import secrets
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from studio.accounts.errors import AccountExists, InvalidAccount, UnknownAccount
from studio.accounts.records import Account
from studio.accounts.tables import ACCOUNT_ID_LENGTH_MAX, AccountRole, AccountRow
from studio.catalog.catalogue import load_catalogue
from studio.contracts.defaults import AccountDefaults
from studio.contracts.limits import NAME_LENGTH_MAX
from studio.contracts.tokens import RandomBytes

_ACCOUNT_ID_BYTES = 8
_ACCOUNT_ID = re.compile(rf"[A-Za-z0-9][A-Za-z0-9_-]{{0,{ACCOUNT_ID_LENGTH_MAX - 1}}}")


def new_account_id(random_bytes: RandomBytes = secrets.token_bytes) -> str:
    """An id for an account whose owner has no wish of their own."""
    return f"acct_{random_bytes(_ACCOUNT_ID_BYTES).hex()}"


def create_account(
    session: Session,
    *,
    account_id: str,
    name: str,
    now: datetime,
    defaults: AccountDefaults | None = None,
) -> None:
    """Create an account, with the catalogue's defaults unless others are given.

    Raises AccountExists, and InvalidAccount for a bad id or name.
    """
    if not _ACCOUNT_ID.fullmatch(account_id):
        raise InvalidAccount(
            f"An account id has 1 to {ACCOUNT_ID_LENGTH_MAX} letters, digits, '-' and '_'."
        )
    check_name(name)
    try:
        with session.begin_nested():
            session.execute(
                insert(AccountRow).values(
                    account_id=account_id,
                    name=name,
                    defaults=(defaults or new_account_defaults()).model_dump(mode="json"),
                    created_at=now,
                )
            )
    except IntegrityError as error:
        raise AccountExists(account_id) from error


def get_account(session: Session, *, account_id: str) -> Account:
    """Read an account. Raises UnknownAccount."""
    row = session.execute(
        select(AccountRow)
        .where(AccountRow.account_id == account_id)
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if row is None:
        raise UnknownAccount(account_id)
    return _account(row)


def rename_account(session: Session, *, account_id: str, name: str) -> None:
    """Call an account something else. Raises UnknownAccount, and InvalidAccount for a bad name."""
    check_name(name)
    _save(session, account_id, {"name": name})


def list_accounts(
    session: Session, *, limit: int, role: AccountRole | None = None
) -> list[Account]:
    """The newest accounts first; those of a role where one is given."""
    query = select(AccountRow).order_by(AccountRow.created_at.desc(), AccountRow.account_id)
    if role is not None:
        query = query.where(AccountRow.role == role)
    return [_account(row) for row in session.scalars(query.limit(limit))]


def account_defaults(session: Session, *, account_id: str) -> AccountDefaults:
    """What omitted fields take for this account. Raises UnknownAccount.

    A field that a newer release added has its default value until it is saved.
    """
    saved = session.scalar(select(AccountRow.defaults).where(AccountRow.account_id == account_id))
    if saved is None:
        raise UnknownAccount(account_id)
    return _with_new_fields(saved)


def save_defaults(session: Session, *, account_id: str, defaults: AccountDefaults) -> None:
    """Save an account's defaults whole. Raises UnknownAccount.

    Whether a model exists is the caller's to check, since the catalogue changes by itself.
    """
    _save(session, account_id, {"defaults": defaults.model_dump(mode="json")})


def check_name(name: str) -> None:
    """Raise InvalidAccount unless the name of an account or a key can be shown in one line."""
    if not name.strip() or len(name) > NAME_LENGTH_MAX or not name.isprintable():
        raise InvalidAccount(f"A name has 1 to {NAME_LENGTH_MAX} printable characters.")


def new_account_defaults() -> AccountDefaults:
    """What a new account, and a guest, starts with."""
    return load_catalogue().defaults.account


def _save(session: Session, account_id: str, values: dict[str, object]) -> None:
    changed = session.execute(
        update(AccountRow)
        .where(AccountRow.account_id == account_id)
        .values(values)
        .returning(AccountRow.account_id)
        .execution_options(synchronize_session=False)
    ).all()
    if not changed:
        raise UnknownAccount(account_id)


def _with_new_fields(saved: Mapping[str, object]) -> AccountDefaults:
    started_with = new_account_defaults().model_dump(mode="json")
    return AccountDefaults.model_validate(started_with | dict(saved))


def _account(row: AccountRow) -> Account:
    return Account(
        account_id=row.account_id,
        name=row.name,
        defaults=_with_new_fields(row.defaults),
        created_at=row.created_at,
        role=row.role,
        suspended_at=row.suspended_at,
        low_balance_credits=row.low_balance_credits,
    )
