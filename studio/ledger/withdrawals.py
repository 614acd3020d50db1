"""Withdrawals: what a refunded or disputed purchase takes out of a wallet, as far as it lasts.

To be replaced by the ledger's own, which leaves gifts alone.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from studio.ledger.payouts import pay_out
from studio.ledger.wallets import balance, lock_wallet


def withdraw(
    session: Session,
    *,
    wallet: str,
    credits_max: int,
    reference: str,
    reason: str,
    now: datetime,
) -> int:
    """Take up to this many credits out of a wallet, once a `reference`; how many were taken."""
    lock_wallet(session, wallet)
    credits = min(credits_max, balance(session, wallet=wallet).available)
    if credits:
        pay_out(
            session, wallet=wallet, credits=credits, reference=reference, reason=reason, now=now
        )
    return credits
