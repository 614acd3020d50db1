"""What an account may do: its role, its suspension, and when its owner is told of a low balance."""

from datetime import datetime
from typing import Any, Final, cast

from sqlalchemy import ColumnElement, CursorResult, Update, select, update
from sqlalchemy.orm import Session

from studio.accounts.errors import AccountSuspended, InvalidAccount, UnknownAccount
from studio.accounts.records import Watched
from studio.accounts.tables import AccountRole, AccountRow

LOW_BALANCE_CREDITS_MAX: Final = 1_000_000_000
"""As of one movement of the ledger."""


def set_role(session: Session, *, account_id: str, role: AccountRole) -> bool:
    """Make an account an operator's or a customer's; whether that changed it. UnknownAccount."""
    return _change_from(session, account_id, AccountRow.role != role, {"role": role})


def suspend_account(session: Session, *, account_id: str, now: datetime) -> bool:
    """Have an account start nothing from now on; whether that changed it. UnknownAccount.

    Suspending again keeps the first moment.
    """
    is_active = AccountRow.suspended_at.is_(None)
    return _change_from(session, account_id, is_active, {"suspended_at": now})


def resume_account(session: Session, *, account_id: str) -> bool:
    """End a suspension; whether there was one. UnknownAccount."""
    is_suspended = AccountRow.suspended_at.is_not(None)
    return _change_from(session, account_id, is_suspended, {"suspended_at": None})


def require_active(session: Session, *, account_id: str) -> None:
    """Raise AccountSuspended where the account may start nothing, and UnknownAccount."""
    row = session.execute(
        select(AccountRow.suspended_at).where(AccountRow.account_id == account_id)
    ).one_or_none()
    if row is None:
        raise UnknownAccount(account_id)
    if row.suspended_at is not None:
        raise AccountSuspended


def set_low_balance(session: Session, *, account_id: str, credits: int | None) -> None:
    """Have the owner told when fewer credits are available; None for never.

    Raises UnknownAccount, and InvalidAccount for a threshold that is none.
    """
    if credits is not None and not 1 <= credits <= LOW_BALANCE_CREDITS_MAX:
        raise InvalidAccount(
            f"A low balance is a whole number of credits from 1 to {LOW_BALANCE_CREDITS_MAX}."
        )
    values = {"low_balance_credits": credits, "low_balance_noticed_at": None}
    if not _change(session, update(AccountRow).where(_is(account_id)).values(values)):
        raise UnknownAccount(account_id)


def list_watched(session: Session, *, after: str, limit: int) -> list[Watched]:
    """Accounts with a threshold, in the order of their ids, those behind `after`."""
    rows = session.execute(
        select(
            AccountRow.account_id,
            AccountRow.low_balance_credits,
            AccountRow.low_balance_noticed_at,
        )
        .where(AccountRow.low_balance_credits.is_not(None), AccountRow.account_id > after)
        .order_by(AccountRow.account_id)
        .limit(limit)
    ).all()
    return [Watched(row[0], int(row[1] or 0), row[2] is not None) for row in rows]


def note_balance(
    session: Session, *, account_id: str, available_credits: int, now: datetime
) -> bool:
    """Whether the owner is to be told now that the balance is low, which counts as told.

    Once, until the balance was at the threshold or above it again.
    """
    account = (_is(account_id), AccountRow.low_balance_credits.is_not(None))
    is_low = AccountRow.low_balance_credits > available_credits
    session.execute(
        update(AccountRow)
        .where(*account, ~is_low, AccountRow.low_balance_noticed_at.is_not(None))
        .values(low_balance_noticed_at=None)
        .execution_options(synchronize_session=False)
    )
    due = update(AccountRow).where(*account, is_low, AccountRow.low_balance_noticed_at.is_(None))
    return _change(session, due.values(low_balance_noticed_at=now))


def _change_from(
    session: Session, account_id: str, differs: ColumnElement[bool], values: dict[str, object]
) -> bool:
    if _change(session, update(AccountRow).where(_is(account_id), differs).values(values)):
        return True
    if session.scalar(select(AccountRow.account_id).where(_is(account_id))) is None:
        raise UnknownAccount(account_id)
    return False


def _is(account_id: str) -> ColumnElement[bool]:
    return AccountRow.account_id == account_id


def _change(session: Session, statement: Update) -> bool:
    """Whether the statement changed its one row."""
    result = session.execute(statement.execution_options(synchronize_session=False))
    return cast("CursorResult[Any]", result).rowcount == 1
