"""Test credits: they come by themselves, and are nobody's money."""

from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from studio.contracts.names import owner_of, test_side_of
from studio.ledger.wallets import balance, lock_wallet, open_wallet, top_up

TEST_CREDITS: Final = 100_000
"""Two hundred renders of the reference's three-shot payload, at 474 credits each."""

TEST_CREDITS_LOW: Final = 60_000
"""Below it the wallet is filled again: the dearest film, ten minutes in 64 shots at the highest
resolution, costs 57,000 credits.
"""


def ensure_test_credits(session: Session, *, account_id: str, now: datetime) -> str:
    """See to an account's test wallet: open it, fill it up where it is low. Returns its id."""
    wallet = open_wallet(session, owner=test_side_of(owner_of(account_id)), now=now)
    if balance(session, wallet=wallet).available >= TEST_CREDITS_LOW:
        return wallet
    lock_wallet(session, wallet)
    found = balance(session, wallet=wallet)
    if found.available < TEST_CREDITS_LOW:
        # What came in only grows, so each filling has a name of its own.
        reference = f"test-credits:{wallet}:{found.granted}"
        missing = TEST_CREDITS - found.available
        top_up(session, wallet=wallet, credits=missing, reference=reference, now=now)
    return wallet
