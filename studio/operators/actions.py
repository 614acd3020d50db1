"""The audit log: written in the transaction of the act itself, read newest first."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID, uuid4

from pydantic import JsonValue
from sqlalchemy import insert, select, tuple_
from sqlalchemy.orm import Session

from studio.db.cursor import Cursor
from studio.operators.records import ActionPage, OperatorAction
from studio.operators.tables import OperatorActionRow


def record_action(
    session: Session,
    *,
    operator: str,
    action: str,
    account_id: str | None,
    now: datetime,
    details: Mapping[str, JsonValue] | None = None,
    action_id: UUID | None = None,
) -> None:
    """Write down what an operator does, for good: if the act is rolled back, so is this.

    `operator` is an account's id, or `shell`. `details` carry numbers and reasons, and no secret.
    """
    session.execute(
        insert(OperatorActionRow).values(
            id=action_id or uuid4(),
            operator=operator,
            action=action,
            account_id=account_id,
            details=dict(details or {}),
            created_at=now,
        )
    )


def is_recorded(session: Session, action_id: UUID) -> bool:
    """Whether an act was written down under this id before."""
    found = select(OperatorActionRow.id).where(OperatorActionRow.id == action_id)
    return session.scalar(found) is not None


def list_actions(
    session: Session,
    *,
    limit: int,
    cursor: str | None = None,
    account_id: str | None = None,
) -> ActionPage:
    """What operators did, newest first; to one account where it is named. InvalidCursor."""
    query = select(OperatorActionRow)
    if account_id is not None:
        query = query.where(OperatorActionRow.account_id == account_id)
    if cursor is not None:
        after = Cursor.decode(cursor)
        query = query.where(
            tuple_(OperatorActionRow.created_at, OperatorActionRow.id)
            < tuple_(after.created_at, after.row_uuid)
        )
    query = query.order_by(OperatorActionRow.created_at.desc(), OperatorActionRow.id.desc())
    rows = session.scalars(query.limit(limit + 1)).all()
    page = rows[:limit]
    more = len(rows) > limit
    return ActionPage(
        actions=tuple(_action(row) for row in page),
        next_cursor=Cursor(page[-1].created_at, str(page[-1].id)).encode() if more else None,
    )


def _action(row: OperatorActionRow) -> OperatorAction:
    return OperatorAction(
        action_id=str(row.id),
        operator=row.operator,
        action=row.action,
        account_id=row.account_id,
        details=row.details,
        created_at=row.created_at,
    )
