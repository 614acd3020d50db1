"""Gifts: credits that nobody paid for, which may end, and are spent before those that were bought.

What a render takes of them is decided when its hold is made, and only ever shrinks: to what the
render still holds and was charged. Everything here happens under the wallet's lock.
"""

from datetime import datetime
from typing import Final

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from studio.contracts.names import is_test_side
from studio.ledger.errors import IdempotencyConflict, InvalidExpiry, InvalidReference, TestWallet
from studio.ledger.identity import GRANTS, transfer_id
from studio.ledger.records import Grant
from studio.ledger.statements import (
    CHANGE_REMAINING,
    INSERT_USE,
    KEPT,
    LESSEN_USE,
    OPEN_GRANTS,
    USES,
)
from studio.ledger.tables import GrantRow, Phase, TransferCode, TransferRow
from studio.ledger.wallets import (
    add_credits,
    check_amount,
    check_reference,
    insert_transfers,
    lock_wallet,
    take_out,
)

GRANT_ID_LENGTH_MAX: Final = 40
"""As wide as the column."""


def grant(
    session: Session,
    *,
    wallet: str,
    grant_id: str,
    credits: int,
    reason: str,
    expires_at: datetime | None,
    now: datetime,
) -> None:
    """Give credits, once a `grant_id`; what is unspent of them at `expires_at` goes again.

    Repeating it has no effect, whatever became of them since; neither the end nor the reason is
    part of the meaning. Raises InvalidAmount, InvalidReference, InvalidExpiry, UnknownWallet,
    TestWallet, and IdempotencyConflict where the id was used for another wallet or amount.
    """
    check_amount(credits, minimum=1)
    check_reference(reason)
    if not 0 < len(grant_id) <= GRANT_ID_LENGTH_MAX:
        raise InvalidReference(f"A grant's reference has 1 to {GRANT_ID_LENGTH_MAX} characters.")
    if is_test_side(wallet):
        raise TestWallet(wallet)
    lock_wallet(session, wallet)
    given = session.get(GrantRow, grant_id)
    if given is not None:
        if (given.wallet, given.credits) != (wallet, credits):
            raise IdempotencyConflict(
                f"The reference {grant_id} was already used for another wallet or amount."
            )
        return
    if expires_at is not None and expires_at <= now:
        raise InvalidExpiry("Credits that are given have to end after now.")
    row = {
        "id": transfer_id(grant_id, "grant"),
        "phase": Phase.POSTED,
        "code": TransferCode.GRANT,
        "debit_account_id": GRANTS,
        "credit_account_id": wallet,
        "amount": credits,
        "subject": grant_id,
        "reason": reason,
        "created_at": now,
    }
    insert_transfers(session, [row])
    session.execute(
        insert(GrantRow).values(
            grant_id=grant_id,
            wallet=wallet,
            credits=credits,
            remaining=credits,
            reason=reason,
            expires_at=expires_at,
            created_at=now,
        )
    )
    add_credits(session, wallet, credits)


def open_grants(session: Session, *, wallet: str) -> list[Grant]:
    """The gifts that have credits left, in the order in which they are spent."""
    rows = session.execute(OPEN_GRANTS, {"wallet": wallet}).all()
    return [
        Grant(
            grant_id=row.grant_id,
            credits=row.credits,
            remaining=row.remaining,
            reason=row.reason,
            expires_at=row.expires_at,
            created_at=row.created_at,
        )
        for row in rows
    ]


def use_grants(session: Session, *, wallet: str, subject: str, credits: int, now: datetime) -> None:
    """Take what a subject holds out of gifts as far as they reach, the soonest to end first."""
    for gift in open_grants(session, wallet=wallet):
        if credits == 0:
            return
        if _is_past(gift.expires_at, now):
            continue
        used = min(credits, gift.remaining)
        session.execute(CHANGE_REMAINING, {"of_grant": gift.grant_id, "change": -used})
        use = {"subject": subject, "grant_id": gift.grant_id, "credits": used, "created_at": now}
        session.execute(INSERT_USE, use)
        credits -= used


def give_back_uses(session: Session, *, subject: str, now: datetime) -> None:
    """Return to gifts what their subject neither holds nor was charged, the last to end first.

    What goes back to a gift that has ended leaves the wallet at once.
    """
    uses = session.execute(USES, {"subject": subject}).all()
    if not uses:
        return
    kept = int(session.scalar(KEPT, {"subject": subject}) or 0)
    excess = sum(use.credits for use in uses) - kept
    for use in reversed(uses):
        if excess <= 0:
            return
        back = min(excess, use.credits)
        of_use = {"of_subject": subject, "of_grant": use.grant_id, "back": back}
        session.execute(LESSEN_USE, of_use)
        session.execute(CHANGE_REMAINING, {"of_grant": use.grant_id, "change": back})
        # Where another clock was ahead of ours, the gift may have ended before its time.
        if use.expired_at is not None or _is_past(use.expires_at, now):
            _end(session, use.grant_id, use.wallet, now)
        excess -= back


def expire_grants(session: Session, *, now: datetime, limit: int) -> tuple[int, int]:
    """End gifts that are past their time, those first that ended first.

    Returns how many were ended, and the credits that left their wallets: what a render holds or was
    charged stays its own. `limit` is of gifts; those of a wallet end together.
    """
    is_due = (GrantRow.expired_at.is_(None), GrantRow.expires_at <= now)
    due = session.scalars(
        select(GrantRow.wallet).where(*is_due).order_by(GrantRow.expires_at).limit(limit)
    )
    ends: list[int] = []
    for wallet in sorted(set(due)):
        lock_wallet(session, wallet)
        ended = session.scalars(
            select(GrantRow.grant_id)
            .where(GrantRow.wallet == wallet, *is_due)
            .order_by(GrantRow.expires_at, GrantRow.grant_id)
        ).all()
        ends += [_end(session, grant_id, wallet, now) for grant_id in ended]
    return len(ends), sum(ends)


def _end(session: Session, grant_id: str, wallet: str, now: datetime) -> int:
    """Take what a gift has left out of its wallet; returns how much that was.

    It may happen again, when a render gives credits back later: each time is a transfer of its own.
    """
    of_grant = GrantRow.grant_id == grant_id
    left, expired_at = session.execute(
        select(GrantRow.remaining, GrantRow.expired_at).where(of_grant)
    ).one()
    session.execute(
        update(GrantRow)
        .where(of_grant)
        .values(remaining=0, expired_at=expired_at or now)
        .execution_options(synchronize_session=False)
    )
    if left == 0:
        return 0
    ends_before = session.scalar(
        select(func.count()).where(
            TransferRow.subject == grant_id, TransferRow.code == TransferCode.GRANT_EXPIRY
        )
    )
    row = {
        "id": transfer_id(grant_id, f"grant_expiry:{ends_before}"),
        "phase": Phase.POSTED,
        "code": TransferCode.GRANT_EXPIRY,
        "debit_account_id": wallet,
        "credit_account_id": GRANTS,
        "amount": left,
        "subject": grant_id,
        "created_at": now,
    }
    take_out(session, wallet, left)
    insert_transfers(session, [row])
    return left


def _is_past(expires_at: datetime | None, now: datetime) -> bool:
    return expires_at is not None and expires_at <= now
