"""What happens to a quote once it is paid: each step once, whoever asks again."""

from datetime import datetime

from sqlalchemy.orm import Session

from studio.contracts.payment import (
    CANCELABLE_STATES,
    MAKING_STATES,
    SENT_BACK_STATES,
    PaymentState,
    RefundState,
)
from studio.quotes.repository import lock_quote
from studio.quotes.tables import QuoteRow

_REFUND_STATES = frozenset({PaymentState.REFUNDING, PaymentState.REFUNDED})


def begin_rendering(session: Session, quote_id: str, *, now: datetime) -> None:
    """Paid -> rendering. Changes nothing in any other state."""
    row = lock_quote(session, quote_id)
    if row.state is PaymentState.PAID:
        row.state, row.updated_at = PaymentState.RENDERING, now
        session.flush()


def conclude(
    session: Session, quote_id: str, *, has_film: bool, refund_cents: int, now: datetime
) -> QuoteRow:
    """The render has ended and `refund_cents` of the payment go back to the card.

    Changes nothing where that was found out before.
    """
    row = lock_quote(session, quote_id)
    if row.state in MAKING_STATES:
        ended = PaymentState.COMPLETED if has_film else PaymentState.FAILED
        row.state = PaymentState.REFUNDING if refund_cents else ended
        row.refund_cents, row.updated_at = refund_cents, now
        session.flush()
    return row


def open_refund(
    session: Session, quote_id: str, *, refund_id: str, state: RefundState, now: datetime
) -> None:
    """Write down the refund that was asked for. Asked again, it is the same refund."""
    row = lock_quote(session, quote_id)
    if row.state is PaymentState.REFUNDING and row.refund_id in (None, refund_id):
        row.refund_id = refund_id
        session.flush()
        note_refund(session, quote_id, refund_id=refund_id, state=state, now=now)


def note_refund(
    session: Session, quote_id: str, *, refund_id: str, state: RefundState, now: datetime
) -> bool:
    """Write down how the quote's refund stands; whether that changed anything.

    A refund that succeeded may fail later, and never the other way round: what comes late and
    tells an older story is passed over, and so is any other refund.
    """
    row = lock_quote(session, quote_id)
    if row.refund_id != refund_id or row.state not in _REFUND_STATES:
        return False
    if row.refund_state in SENT_BACK_STATES | {state}:
        return False
    if row.refund_state is RefundState.SUCCEEDED and state is RefundState.PENDING:
        return False
    is_done = state is RefundState.SUCCEEDED
    row.state = PaymentState.REFUNDED if is_done else PaymentState.REFUNDING
    row.refund_state, row.refunded_at = state, now if is_done else None
    row.updated_at = now
    session.flush()
    return True


def try_refund_again(session: Session, quote_id: str, *, now: datetime) -> bool:
    """Let a refund that the card's bank sent back be asked for anew; False if none was."""
    row = lock_quote(session, quote_id)
    if row.refund_state not in SENT_BACK_STATES:
        return False
    row.refund_id, row.refund_state = None, None
    row.refund_attempts, row.updated_at = row.refund_attempts + 1, now
    session.flush()
    return True


def request_cancel(session: Session, quote_id: str, *, now: datetime) -> PaymentState:
    """Remember that the customer does not want the render; an unpaid quote is over at once.

    Returns the state afterwards. A quote whose money goes back already, or has come to rest, is
    left as it is.
    """
    row = lock_quote(session, quote_id)
    if row.state in CANCELABLE_STATES and not row.cancel_requested:
        row.cancel_requested, row.updated_at = True, now
        if row.state is PaymentState.QUOTED:
            row.state = PaymentState.EXPIRED
        session.flush()
    return row.state


def mark_disputed(session: Session, quote_id: str, *, now: datetime) -> None:
    """The cardholder disputes the payment: from now on no file of the render is linked."""
    row = lock_quote(session, quote_id)
    if row.disputed_at is None:
        row.disputed_at, row.updated_at = now, now
        session.flush()
