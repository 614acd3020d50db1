"""What a wallet's owner looks at: every movement, and what each render cost, page by page.

Newest first, and stable while new ones are added at the top.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, case, func, or_, select, tuple_
from sqlalchemy.orm import Session, aliased

from studio.db.cursor import Cursor
from studio.ledger.records import RenderSpending, SpendingPage, StatementLine, StatementPage
from studio.ledger.tables import Phase, TransferCode, TransferRow
from studio.ledger.wallets import balance


def statement(
    session: Session, *, wallet: str, limit: int, cursor: str | None = None
) -> StatementPage:
    """A wallet's transfers. Raises UnknownWallet, and InvalidCursor for one that is not ours."""
    balance(session, wallet=wallet)
    after = None if cursor is None else Cursor.decode(cursor)
    # Two queries, each served in order by its own index; an OR over both columns would sort the
    # wallet's whole past for every page.
    rows = _transfers(session, TransferRow.debit_account_id == wallet, after, limit + 1)
    rows += _transfers(session, TransferRow.credit_account_id == wallet, after, limit + 1)
    rows.sort(key=lambda row: (row.created_at, row.id), reverse=True)
    newest, more = rows[:limit], len(rows) > limit
    held = _held(session, [row.pending_id for row in newest if row.pending_id is not None])
    return StatementPage(
        tuple(_line(row, wallet, held) for row in newest),
        Cursor(newest[-1].created_at, str(newest[-1].id)).encode() if more else None,
    )


def spending(
    session: Session, *, wallet: str, limit: int, cursor: str | None = None
) -> SpendingPage:
    """What a wallet spent, render by render. Raises as `statement` does."""
    balance(session, wallet=wallet)
    subject, created_at = TransferRow.subject, TransferRow.created_at
    query = select(subject, created_at).where(
        TransferRow.debit_account_id == wallet, TransferRow.phase == Phase.PENDING
    )
    if cursor is not None:
        after = Cursor.decode(cursor)
        query = query.where(tuple_(created_at, subject) < tuple_(after.created_at, after.row_id))
    # All that a render holds was held at one moment, so this counts renders in the index's order.
    query = query.group_by(created_at, subject).order_by(created_at.desc(), subject.desc())
    found = session.execute(query.limit(limit + 1)).all()
    newest, more = found[:limit], len(found) > limit
    sums = _sums(session, [row.subject for row in newest])
    return SpendingPage(
        tuple(RenderSpending(row.subject, row.created_at, *sums[row.subject]) for row in newest),
        Cursor(newest[-1].created_at, newest[-1].subject).encode() if more else None,
    )


def _transfers(
    session: Session, of_wallet: ColumnElement[bool], after: Cursor | None, limit: int
) -> list[TransferRow]:
    query = select(TransferRow).where(of_wallet)
    if after is not None:
        place = tuple_(after.created_at, after.row_uuid)
        query = query.where(tuple_(TransferRow.created_at, TransferRow.id) < place)
    query = query.order_by(TransferRow.created_at.desc(), TransferRow.id.desc())
    return list(session.scalars(query.limit(limit)))


def _line(row: TransferRow, wallet: str, held: dict[UUID, int]) -> StatementLine:
    return StatementLine(
        transfer_id=str(row.id),
        created_at=row.created_at,
        phase=row.phase,
        code=row.code,
        subject=row.subject,
        line_id=row.line_id,
        credits=row.amount,
        change_available=_change_available(row, wallet, held),
        reason=row.reason,
    )


def _held(session: Session, hold_ids: list[UUID]) -> dict[UUID, int]:
    rows = session.execute(
        select(TransferRow.id, TransferRow.amount).where(TransferRow.id.in_(hold_ids))
    ).all()
    return {row[0]: row[1] for row in rows}


def _change_available(row: TransferRow, wallet: str, held: dict[UUID, int]) -> int:
    if row.pending_id is None:
        return row.amount if row.credit_account_id == wallet else -row.amount
    charged = row.amount if row.phase is Phase.POST else 0
    return held[row.pending_id] - charged


def _sums(session: Session, subjects: Sequence[str]) -> dict[str, tuple[int, int, int, int]]:
    """Reserved, open, settled and refunded of each subject."""
    resolution = aliased(TransferRow)
    is_hold = TransferRow.phase == Phase.PENDING
    counted = (
        is_hold,
        is_hold & resolution.id.is_(None),
        TransferRow.phase == Phase.POST,
        TransferRow.code == TransferCode.REFUND,
    )
    amounts = (func.sum(case((which, TransferRow.amount), else_=0)) for which in counted)
    rows = session.execute(
        select(TransferRow.subject, *amounts)
        .outerjoin(resolution, resolution.pending_id == TransferRow.id)
        .where(
            TransferRow.subject.in_(subjects),
            or_(is_hold, TransferRow.phase == Phase.POST, TransferRow.code == TransferCode.REFUND),
        )
        .group_by(TransferRow.subject)
    ).all()
    return {row[0]: (int(row[1]), int(row[2]), int(row[3]), int(row[4])) for row in rows}
