"""Refunds: credits that were charged and go back to the wallet.

They come back as credits without an end, also where a gift had been spent.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from studio.ledger.errors import ExceedsSettlement, IdempotencyConflict, NotSettled
from studio.ledger.holds import holds_of, lock_subject
from studio.ledger.identity import REFUNDS, house_of, transfer_id
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
    step = _refund_id(reference)
    if _is_repeat(session, step, charge_id=charge_id, credits=credits):
        return
    left = charged - _refunded(session, subject).get(charge_id, 0)
    if credits > left:
        raise ExceedsSettlement(credits_asked=credits, credits_left=left)
    given_back = _GivenBack(step, charge_id, line_id, credits)
    _give_back(session, wallet, [given_back], subject=subject, reason=reason, now=now)


def refund_settled(
    session: Session, *, subject: str, reason: str, reference_prefix: str, now: datetime
) -> int:
    """Give back whatever the subject's lines were charged and is not refunded yet.

    Returns the credits given back, 0 where nothing was left. What is still held stays held. Each
    line is refunded under the reference `{reference_prefix}:{line_id}`, so a prefix is of one
    subject. Raises InvalidReference, and IdempotencyConflict where one of these references was
    used before; then nothing is given back.
    """
    check_reference(reference_prefix)
    check_reference(reason)
    lock_subject(session, subject)
    charged = [hold for hold in holds_of(session, subject) if hold.charged]
    refunded = _refunded(session, subject)
    due: list[_GivenBack] = []
    for hold in charged:
        charge_id = _charge_id(subject, hold.line_id)
        left = hold.charged - refunded.get(charge_id, 0)
        if left:
            reference = f"{reference_prefix}:{hold.line_id}"
            check_reference(reference)
            due.append(_GivenBack(_refund_id(reference), charge_id, hold.line_id, left))
    if due:
        _give_back(session, charged[0].wallet, due, subject=subject, reason=reason, now=now)
    return sum(given_back.credits for given_back in due)


@dataclass(frozen=True)
class _GivenBack:
    """A refund to be: its id, and of which charge and line it gives back how much."""

    id: UUID
    charge_id: UUID
    line_id: str
    credits: int


def _give_back(
    session: Session,
    wallet: str,
    refunds: Sequence[_GivenBack],
    *,
    subject: str,
    reason: str,
    now: datetime,
) -> None:
    """Write the refunds of one subject and change its wallet once."""
    refunds_account = house_of(wallet, REFUNDS)
    rows = [
        {
            "id": refund.id,
            "phase": Phase.POSTED,
            "code": TransferCode.REFUND,
            "debit_account_id": refunds_account,
            "credit_account_id": wallet,
            "amount": refund.credits,
            "reverses_id": refund.charge_id,
            "subject": subject,
            "line_id": refund.line_id,
            "reason": reason,
            "created_at": now,
        }
        for refund in refunds
    ]
    insert_transfers(session, rows)
    add_credits(session, wallet, sum(refund.credits for refund in refunds))


def _refund_id(reference: str) -> UUID:
    return transfer_id(reference, "refund")


def _charge_id(subject: str, line_id: str) -> UUID:
    return transfer_id(subject, f"{Phase.POST.value}:{line_id}")


def _charge_of(session: Session, subject: str, line_id: str) -> tuple[UUID, str, int]:
    found = session.execute(
        select(TransferRow.id, TransferRow.debit_account_id, TransferRow.amount).where(
            TransferRow.id == _charge_id(subject, line_id)
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


def _refunded(session: Session, subject: str) -> dict[UUID, int]:
    """What was refunded of each of the subject's charges."""
    rows = session.execute(
        select(TransferRow.reverses_id, func.sum(TransferRow.amount))
        .where(TransferRow.subject == subject, TransferRow.code == TransferCode.REFUND)
        .group_by(TransferRow.reverses_id)
    ).all()
    return {row[0]: int(row[1]) for row in rows if row[0] is not None}
