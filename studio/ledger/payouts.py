"""Payouts: credits that leave a wallet for the card that paid for them, and those sent back.

Only what was bought can leave: neither gifts, nor more than was paid for the wallet and is still
ours, however many gifts came back to it as refunds.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from studio.ledger.errors import IdempotencyConflict, InsufficientCredits, UnknownPayout
from studio.ledger.identity import CASH, house_of, transfer_id
from studio.ledger.reading import cash
from studio.ledger.tables import Phase, TransferCode, TransferRow
from studio.ledger.wallets import (
    add_credits,
    balance,
    check_amount,
    check_reference,
    insert_transfers,
    lock_wallet,
    take_out,
)


def pay_out(
    session: Session,
    *,
    wallet: str,
    credits: int,
    reference: str,
    reason: str,
    now: datetime,
) -> None:
    """Take credits out of a wallet, once a `reference`; whoever calls this refunds the card.

    Repeating it has no effect, not even after the payout came back: what is to be paid again needs
    a reference of its own. Raises InsufficientCredits where less can leave the wallet,
    InvalidAmount, InvalidReference, UnknownWallet, and IdempotencyConflict where the reference was
    used for another wallet or amount.
    """
    check_amount(credits, minimum=1)
    check_reference(reference)
    check_reference(reason)
    lock_wallet(session, wallet)
    made = _payout(session, reference)
    if made is not None:
        if made != (wallet, credits):
            raise IdempotencyConflict(
                f"The payout {reference} was already made from another wallet or of another amount."
            )
        return
    bought = _bought(session, wallet)
    if credits > bought:
        raise InsufficientCredits(credits_required=credits, credits_available=bought)
    _take(session, wallet, credits, reference=reference, reason=reason, now=now)


def withdraw(
    session: Session,
    *,
    wallet: str,
    credits_max: int,
    reference: str,
    reason: str,
    now: datetime,
) -> int:
    """Take credits out of a wallet whose purchase was refunded or disputed, as far as they last.

    Returns how many were taken: what is held or spent stays, and what was given. Repeating it under
    its `reference` takes nothing and returns the same; where nothing could be taken nothing was
    written, and a repetition tries again. `return_payout` puts them back whole, `top_up` a part of
    them. Raises InvalidAmount, InvalidReference, UnknownWallet, and IdempotencyConflict where the
    reference was used for another wallet, or took more than it may now.
    """
    check_amount(credits_max, minimum=1)
    check_reference(reference)
    check_reference(reason)
    lock_wallet(session, wallet)
    made = _payout(session, reference)
    if made is not None:
        if made[0] != wallet or made[1] > credits_max:
            raise IdempotencyConflict(
                f"The payout {reference} was already made from another wallet, or of more credits."
            )
        return made[1]
    credits = min(credits_max, _bought(session, wallet))
    if credits:
        _take(session, wallet, credits, reference=reference, reason=reason, now=now)
    return credits


def return_payout(session: Session, *, reference: str, now: datetime) -> None:
    """Put a payout that the bank sent back into its wallet again, whole and once.

    Raises UnknownPayout and InvalidReference.
    """
    check_reference(reference)
    made = _payout(session, reference)
    if made is None:
        raise UnknownPayout(reference)
    wallet, credits = made
    lock_wallet(session, wallet)
    step = transfer_id(reference, "payout_return")
    if session.scalar(select(TransferRow.id).where(TransferRow.id == step)) is not None:
        return
    row = {
        "id": step,
        "phase": Phase.POSTED,
        "code": TransferCode.PAYOUT_RETURN,
        "debit_account_id": house_of(wallet, CASH),
        "credit_account_id": wallet,
        "amount": credits,
        "reverses_id": _payout_id(reference),
        "subject": reference,
        "created_at": now,
    }
    insert_transfers(session, [row])
    add_credits(session, wallet, credits)


def _bought(session: Session, wallet: str) -> int:
    """How much can leave a wallet."""
    found = balance(session, wallet=wallet)
    return min(found.available - found.promotional, cash(session, wallet=wallet).kept)


def _take(
    session: Session, wallet: str, credits: int, *, reference: str, reason: str, now: datetime
) -> None:
    take_out(session, wallet, credits)
    row = {
        "id": _payout_id(reference),
        "phase": Phase.POSTED,
        "code": TransferCode.PAYOUT,
        "debit_account_id": wallet,
        "credit_account_id": house_of(wallet, CASH),
        "amount": credits,
        "subject": reference,
        "reason": reason,
        "created_at": now,
    }
    insert_transfers(session, [row])


def _payout_id(reference: str) -> UUID:
    return transfer_id(reference, "payout")


def _payout(session: Session, reference: str) -> tuple[str, int] | None:
    """The wallet and the credits of the payout made under a reference."""
    found = session.execute(
        select(TransferRow.debit_account_id, TransferRow.amount).where(
            TransferRow.id == _payout_id(reference)
        )
    ).one_or_none()
    return None if found is None else (found[0], found[1])
