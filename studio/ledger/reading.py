"""Questions to the ledger that change nothing."""

from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, aliased

from studio.ledger.holds import Hold, holds_of
from studio.ledger.records import Cash, LineReceipt, LineState, StatementLine, SubjectSummary
from studio.ledger.tables import Phase, TransferCode, TransferRow
from studio.ledger.wallets import balance


def summary(session: Session, *, subject: str) -> SubjectSummary:
    """A subject's money, all zero where nothing was ever held for it."""
    holds = holds_of(session, subject)
    reserved = sum(hold.held for hold in holds)
    settled = sum(hold.charged for hold in holds)
    still_open = sum(hold.held for hold in holds if hold.resolution is None)
    return SubjectSummary(
        reserved=reserved,
        settled=settled,
        open=still_open,
        released=reserved - settled - still_open,
    )


def receipt(session: Session, *, subject: str) -> dict[str, LineReceipt]:
    """Every line that is or was held for a subject, by its id; empty where nothing was."""
    return {
        hold.line_id: LineReceipt(hold.line_id, _state(hold), hold.held, hold.charged)
        for hold in holds_of(session, subject)
    }


def _state(hold: Hold) -> LineState:
    if hold.resolution is None:
        return LineState.HELD
    return LineState.SETTLED if hold.resolution is Phase.POST else LineState.RELEASED


def open_subjects(session: Session, *, limit: int, offset: int = 0) -> list[str]:
    """Subjects with at least one open hold, those held longest first."""
    resolution = aliased(TransferRow)
    return list(
        session.scalars(
            select(TransferRow.subject)
            .outerjoin(resolution, resolution.pending_id == TransferRow.id)
            .where(TransferRow.phase == Phase.PENDING, resolution.id.is_(None))
            .group_by(TransferRow.subject)
            .order_by(func.min(TransferRow.created_at), TransferRow.subject)
            .limit(limit)
            .offset(offset)
        )
    )


def cash(session: Session, *, wallet: str) -> Cash:
    """What was paid into a wallet and out of it, for a comparison with the payment service.

    Reads the wallet's whole past: nothing for every request. Raises UnknownWallet.
    """
    balance(session, wallet=wallet)
    of_wallet = or_(TransferRow.debit_account_id == wallet, TransferRow.credit_account_id == wallet)
    rows = session.execute(
        select(TransferRow.code, func.sum(TransferRow.amount))
        .where(of_wallet, TransferRow.phase == Phase.POSTED)
        .group_by(TransferRow.code)
    ).all()
    totals = {row[0]: int(row[1]) for row in rows}
    return Cash(
        topped_up=totals.get(TransferCode.TOP_UP, 0),
        paid_out=totals.get(TransferCode.PAYOUT, 0),
        returned=totals.get(TransferCode.PAYOUT_RETURN, 0),
    )


def statement(session: Session, *, wallet: str, limit: int) -> list[StatementLine]:
    """A wallet's newest transfers, newest first. Raises UnknownWallet."""
    balance(session, wallet=wallet)
    # Two queries, each served in order by its own index; an OR over both columns would sort the
    # wallet's whole past for every page.
    rows = _transfers(session, TransferRow.debit_account_id == wallet, limit)
    rows += _transfers(session, TransferRow.credit_account_id == wallet, limit)
    rows.sort(key=lambda row: (row.line_id or "", row.phase.value))
    rows.sort(key=lambda row: row.created_at, reverse=True)
    newest = rows[:limit]
    held = _held(session, [row.pending_id for row in newest if row.pending_id is not None])
    return [
        StatementLine(
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
        for row in newest
    ]


def _transfers(session: Session, of_wallet: ColumnElement[bool], limit: int) -> list[TransferRow]:
    return list(
        session.scalars(
            select(TransferRow)
            .where(of_wallet)
            .order_by(TransferRow.created_at.desc(), TransferRow.id)
            .limit(limit)
        )
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
