"""What owners of accounts are told without having asked at that moment."""

from datetime import datetime

from sqlalchemy.orm import Session

from gateway.services.letters import low_balance_letter
from studio.accounts.service import note_balance
from studio.identity.errors import UnknownLogin
from studio.identity.service import login_of
from studio.ledger.service import balance, wallet_id
from studio.mail.ports import Message


def low_balance_notice(session: Session, *, account_id: str, now: datetime) -> Message | None:
    """The letter that is due since the account's credits changed, which counts as sent.

    Call it in the transaction that changed them, whichever way: a balance that is high again is
    told of anew when it falls. None where nothing is due, or nobody can be written to.
    """
    available = balance(session, wallet=wallet_id(account_id)).available
    if not note_balance(session, account_id=account_id, available_credits=available, now=now):
        return None
    try:
        email = login_of(session, account_id=account_id).email
    except UnknownLogin:
        return None
    return low_balance_letter(email, available_credits=available)
