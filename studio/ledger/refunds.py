"""Refunds: credits that were charged and go back to the wallet."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from studio.ledger.errors import ExceedsSettlement, IdempotencyConflict, NotSettled
from studio.ledger.identity import REFUNDS, transfer_id
from studio.ledger.tables import Phase, TransferCode, TransferRow
from studio.ledger.wallets import (
    add_credits,
    check_amount,
    check_reference,
    insert_transfers,
    lock_wallet,
)


def refund(
    session: Session,
    *,
    subject: str,
    line_id: str,
    credits: int,
    reason: str,
    reference: str,
    now: datetime,
) -> None:
    """Give back part or all of a charged line, once a `reference`.

    All refunds of a line together never exceed its charge. Raises NotSettled, ExceedsSettlement,
    InvalidAmount, InvalidReference, and IdempotencyConflict where the reference was used for
    another line or amount.
    """
    check_amount(credits, minimum=1)
    check_reference(reference)
    check_reference(reason)
    charge_id, wallet, charged = _charge_of(session, subject, line_id)
    lock_wallet(session, wallet)
    step = transfer_id(reference, "refund")
    if _is_repeat(session, step, charge_id=charge_id, credits=credits):
        return
    left = charged - _refunded(session, charge_id, subject)
    if credits > left:
        raise ExceedsSettlement(credits_asked=credits, credits_left=left)
    row = {
        "id": step,
        "phase": Phase.POSTED,
        "code": TransferCode.REFUND,
        "debit_account_id": REFUNDS,
        "credit_account_id": wallet,
        "amount": credits,
        "reverses_id": charge_id,
        "subject": subject,
        "line_id": line_id,
        "reason": reason,
        "created_at": now,
    }
    insert_transfers(session, [row])
    add_credits(session, wallet, credits)


def _charge_of(session: Session, subject: str, line_id: str) -> tuple[UUID, str, int]:
    found = session.execute(
        select(TransferRow.id, TransferRow.debit_account_id, TransferRow.amount).where(
            TransferRow.id == transfer_id(subject, f"{Phase.POST.value}:{line_id}")
        )
    ).one_or_none()
    if found is None:
        raise NotSettled(subject, line_id)
    return found[0], found[1], found[2]


def _is_repeat(session: Session, step: UUID, *, charge_id: UUID, credits: int) -> bool:
    found = session.execute(
        select(TransferRow.reverses_id, TransferRow.amount).where(TransferRow.id == step)
    ).one_or_none()
    if found is None:
        return False
    if tuple(found) != (charge_id, credits):
        raise IdempotencyConflict("This refund's reference was used for another line or amount.")
    return True


def _refunded(session: Session, charge_id: UUID, subject: str) -> int:
    total = session.scalar(
        select(func.coalesce(func.sum(TransferRow.amount), 0)).where(
            TransferRow.subject == subject, TransferRow.reverses_id == charge_id
        )
    )
    return int(total or 0)
