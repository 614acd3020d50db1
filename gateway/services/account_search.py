"""Finding accounts by what somebody who writes to us would give: a name, an address, an id."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select, tuple_
from sqlalchemy.orm import Session

from studio.accounts.tables import AccountRole, AccountRow
from studio.db.cursor import Cursor
from studio.identity.tables import LoginRow


@dataclass(frozen=True)
class AccountWish:
    """Which accounts: with this text in their name, e-mail address or id; suspended or not."""

    text: str = ""
    is_suspended: bool | None = None


@dataclass(frozen=True)
class FoundAccount:
    account_id: str
    name: str
    email: str | None
    role: AccountRole
    suspended_at: datetime | None
    created_at: datetime


@dataclass(frozen=True)
class AccountPage:
    """Newest first; `next_cursor` is None on the last page."""

    accounts: tuple[FoundAccount, ...]
    next_cursor: str | None


def search_accounts(
    session: Session, wish: AccountWish, *, limit: int, cursor: str | None = None
) -> AccountPage:
    """A page of accounts. InvalidCursor."""
    query = (
        select(
            AccountRow.account_id,
            AccountRow.name,
            LoginRow.email,
            AccountRow.role,
            AccountRow.suspended_at,
            AccountRow.created_at,
        )
        .outerjoin(LoginRow, LoginRow.account_id == AccountRow.account_id)
        .where(*_conditions(wish))
    )
    if cursor is not None:
        after = Cursor.decode(cursor)
        query = query.where(
            tuple_(AccountRow.created_at, AccountRow.account_id)
            < tuple_(after.created_at, after.row_id)
        )
    query = query.order_by(AccountRow.created_at.desc(), AccountRow.account_id.desc())
    rows = session.execute(query.limit(limit + 1)).all()
    page = tuple(FoundAccount(*row) for row in rows[:limit])
    more = len(rows) > limit
    last = Cursor(page[-1].created_at, page[-1].account_id).encode() if more else None
    return AccountPage(page, last)


def _conditions(wish: AccountWish) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wish.text:
        places = (AccountRow.name, AccountRow.account_id, LoginRow.email)
        conditions.append(or_(*(place.icontains(wish.text, autoescape=True) for place in places)))
    if wish.is_suspended is not None:
        is_active = AccountRow.suspended_at.is_(None)
        conditions.append(~is_active if wish.is_suspended else is_active)
    return conditions
