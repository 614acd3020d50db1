"""What there is to spend, before anything is priced against it."""

from sqlalchemy.orm import Session

from studio.contracts.names import is_test_side
from studio.ledger.errors import UnknownWallet
from studio.ledger.filling import TEST_CREDITS
from studio.ledger.service import balance, wallet_id


def credits_available(session: Session, account_id: str) -> int:
    """Of an account or its test side. None are there where nobody has opened the wallet yet."""
    try:
        return balance(session, wallet=wallet_id(account_id)).available
    except UnknownWallet:
        return TEST_CREDITS if is_test_side(account_id) else 0
