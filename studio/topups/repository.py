"""Storing and finding purchases. Whatever changes one is a guarded statement."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, cast

from sqlalchemy import ColumnElement, CursorResult, Update, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from studio.topups.errors import TooManyTopUps, TopUpChanged, TopUpConflict, UnknownTopUp
from studio.topups.records import NewTopUp
from studio.topups.tables import TopUpRow, TopUpState

OPEN_MAX: Final = 20
"""Purchases of an account that wait for money. Their pages end by themselves after two hours."""
_TICK: Final = timedelta(microseconds=1)
"""The finest that both databases keep."""


def insert_once(session: Session, new: NewTopUp, *, now: datetime) -> TopUpRow:
    """Store a new purchase, or find it where its form was sent before.

    Raises TopUpConflict where that was for another amount, TooManyTopUps, and TopUpChanged where
    the same form was sent twice at the same moment.
    """
    row = session.get(TopUpRow, new.top_up_id)
    if row is None:
        if _count_open(session, new.account_id) >= OPEN_MAX:
            raise TooManyTopUps
        row = TopUpRow(
            top_up_id=new.top_up_id,
            account_id=new.account_id,
            state=TopUpState.OPEN,
            credits=new.credits,
            amount_cents=new.amount_cents,
            currency=new.currency,
            refunded_cents=0,
            withdrawn_credits=0,
            owed_credits=0,
            created_at=now,
            updated_at=now,
        )
        session.add(row)
        try:
            session.flush()
        except IntegrityError as error:
            raise TopUpChanged from error
    if (row.account_id, row.amount_cents) != (new.account_id, new.amount_cents):
        raise TopUpConflict
    return row


def load_top_up(session: Session, top_up_id: str) -> TopUpRow:
    """The purchase. UnknownTopUp if there is none."""
    row = session.get(TopUpRow, top_up_id) if "\0" not in top_up_id else None
    if row is None:
        raise UnknownTopUp
    return row


def load_of_account(session: Session, account_id: str, *, session_id: str) -> TopUpRow:
    """The account's purchase of this session. UnknownTopUp also where it is another one's."""
    row = _of(session, TopUpRow.session_id == session_id) if "\0" not in session_id else None
    if row is None or row.account_id != account_id:
        raise UnknownTopUp
    return row


def find_top_up(
    session: Session,
    *,
    top_up_id: str | None = None,
    session_id: str | None = None,
    payment_id: str | None = None,
) -> TopUpRow | None:
    """The purchase by whichever of its names is known, the first that leads to one."""
    found = session.get(TopUpRow, top_up_id) if top_up_id is not None else None
    if found is None and session_id is not None:
        found = _of(session, TopUpRow.session_id == session_id)
    if found is None and payment_id is not None:
        found = _of(session, TopUpRow.payment_id == payment_id)
    return found


def list_top_ups(
    session: Session,
    *,
    limit: int,
    account_id: str | None = None,
    state: TopUpState | None = None,
) -> list[TopUpRow]:
    """Purchases, newest first."""
    query = select(TopUpRow).order_by(TopUpRow.created_at.desc(), TopUpRow.top_up_id).limit(limit)
    if account_id is not None:
        query = query.where(TopUpRow.account_id == account_id)
    if state is not None:
        query = query.where(TopUpRow.state == state)
    return list(session.scalars(query))


def list_open(session: Session, *, looked_before: datetime, limit: int) -> list[TopUpRow]:
    """Purchases with a page that nobody looked at since then, the longest ago first."""
    return list(
        session.scalars(
            select(TopUpRow)
            .where(
                TopUpRow.state == TopUpState.OPEN,
                TopUpRow.session_id.is_not(None),
                TopUpRow.updated_at <= looked_before,
            )
            .order_by(TopUpRow.updated_at)
            .limit(limit)
        )
    )


def list_owing(session: Session, *, limit: int, account_id: str | None = None) -> list[TopUpRow]:
    """Purchases whose credits were spent before they were taken back, the oldest first."""
    query = select(TopUpRow).where(TopUpRow.owed_credits > 0)
    if account_id is not None:
        query = query.where(TopUpRow.account_id == account_id)
    return list(session.scalars(query.order_by(TopUpRow.created_at).limit(limit)))


def owed_credits(session: Session, account_id: str) -> int:
    """What an account's wallet owes, over all of its purchases."""
    owed = select(func.coalesce(func.sum(TopUpRow.owed_credits), 0))
    return int(session.scalars(owed.where(TopUpRow.account_id == account_id)).one())


def note_session(session: Session, top_up_id: str, session_id: str) -> None:
    """Write down the page of a purchase. The first one stays; it is the only one there is."""
    _rows_changed(
        session,
        update(TopUpRow)
        .where(TopUpRow.top_up_id == top_up_id, TopUpRow.session_id.is_(None))
        .values(session_id=session_id),
    )


def expire_unopened(session: Session, *, created_before: datetime, now: datetime) -> int:
    """Close purchases that never got a page; how many there were."""
    return _rows_changed(
        session,
        update(TopUpRow)
        .where(
            TopUpRow.state == TopUpState.OPEN,
            TopUpRow.session_id.is_(None),
            TopUpRow.created_at < created_before,
        )
        .values(state=TopUpState.EXPIRED, updated_at=now),
    )


def mark_looked_at(session: Session, seen: TopUpRow, *, now: datetime) -> None:
    """An open purchase is as it was; if it was changed meanwhile, it was looked at."""
    _rows_changed(
        session,
        update(TopUpRow)
        .where(TopUpRow.top_up_id == seen.top_up_id, TopUpRow.updated_at == seen.updated_at)
        .values(updated_at=next_change(seen, now)),
    )


def change(session: Session, seen: TopUpRow, values: Mapping[str, object], *, at: datetime) -> None:
    """Write over the row that was seen. TopUpChanged if it is another one by now."""
    changed = _rows_changed(
        session,
        update(TopUpRow)
        .where(TopUpRow.top_up_id == seen.top_up_id, TopUpRow.updated_at == seen.updated_at)
        .values(**values, updated_at=at),
    )
    if changed != 1:
        raise TopUpChanged


def next_change(seen: TopUpRow, now: datetime) -> datetime:
    """When a change of this row is dated: later than any before, whatever clocks say.

    So a row with the same date is the same row.
    """
    return max(now, seen.updated_at + _TICK)


def _count_open(session: Session, account_id: str) -> int:
    of_account = (TopUpRow.account_id == account_id, TopUpRow.state == TopUpState.OPEN)
    return session.scalars(select(func.count()).select_from(TopUpRow).where(*of_account)).one()


def _of(session: Session, condition: ColumnElement[bool]) -> TopUpRow | None:
    return session.scalars(select(TopUpRow).where(condition)).one_or_none()


def _rows_changed(session: Session, statement: Update) -> int:
    """How many rows the statement changed; what the session knows of any is read anew."""
    result = session.execute(statement, execution_options={"synchronize_session": False})
    session.expire_all()
    return cast("CursorResult[Any]", result).rowcount
