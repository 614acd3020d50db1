"""Questions to the ledger that change nothing."""

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, aliased

from studio.ledger.holds import Hold, holds_of
from studio.ledger.records import Cash, LineReceipt, LineState, SubjectSummary
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
