"""What there is to spend, before anything is priced against it."""

from sqlalchemy.orm import Session

from studio.contracts.names import is_test_side
from studio.ledger.errors import UnknownWallet
from studio.ledger.filling import TEST_CREDITS
from studio.ledger.service import Balance, balance, wallet_id


def balance_of(session: Session, account_id: str) -> Balance:
    """Of an account or its test side, whether or not anybody has opened the wallet yet."""
    try:
        return balance(session, wallet=wallet_id(account_id))
    except UnknownWallet:
        filled = TEST_CREDITS if is_test_side(account_id) else 0
        return Balance(available=filled, held=0, spent=0, granted=filled)


def credits_available(session: Session, account_id: str) -> int:
    """Of an account or its test side."""
    return balance_of(session, account_id).available
