"""Claiming a quote with a payment, and what came of it: every change is one guarded statement.

However many pay one quote at once, one of them moves it from `quoted` to `settling`; and a
challenge, whose id is the primary key of its use, is worth one payment in all.
"""

from datetime import datetime
from enum import Enum, auto
from typing import Any, cast

from sqlalchemy import CursorResult, Update, or_, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from studio.contracts.limits import PAYMENT_ATTEMPTS_MAX
from studio.contracts.payment import UNPAID_STATES, PaymentState
from studio.quotes.records import Claim
from studio.quotes.repository import find_challenge, load_quote
from studio.quotes.tables import ChallengeRow, ClaimOutcome, QuoteRow


class ChallengeUsed(Exception):
    """A payment was sent for this challenge before. Roll the transaction back."""


class Recorded(Enum):
    """`NEW` just now; `KNOWN` was recorded before; `STRAY`: another payment had paid the quote."""

    NEW = auto()
    KNOWN = auto()
    STRAY = auto()


def claim_quote(session: Session, quote_id: str, claim: Claim, *, now: datetime) -> bool:
    """Take a quoted, unexpired quote for this payment; False if it cannot be paid now.

    Raises ChallengeUsed where the challenge was used before, for this quote or another.
    """
    claimed = _changed(
        session,
        update(QuoteRow)
        .where(
            QuoteRow.quote_id == quote_id,
            QuoteRow.state == PaymentState.QUOTED,
            QuoteRow.expires_at > now,
            QuoteRow.attempts < PAYMENT_ATTEMPTS_MAX,
            QuoteRow.cancel_requested.is_(False),
        )
        .values(
            state=PaymentState.SETTLING,
            challenge_id=claim.challenge_id,
            sealed_token=claim.sealed_token,
            claimed_at=now,
            attempts=QuoteRow.attempts + 1,
            updated_at=now,
        ),
    )
    if not claimed:
        return False
    session.add(
        ChallengeRow(
            challenge_id=claim.challenge_id,
            quote_id=quote_id,
            credential_hash=claim.credential_hash,
            created_at=now,
        )
    )
    try:
        session.flush()
    except IntegrityError as error:
        raise ChallengeUsed from error
    return True


def decline_claim(
    session: Session,
    quote_id: str,
    challenge_id: str,
    *,
    outcome: ClaimOutcome,
    reason: str,
    now: datetime,
) -> bool:
    """Nothing was charged, for sure: the quote can be paid again, with another challenge.

    False where the claim is no longer under way, which changes nothing.
    """
    declined = _changed(
        session,
        update(QuoteRow)
        .where(
            QuoteRow.quote_id == quote_id,
            QuoteRow.state == PaymentState.SETTLING,
            QuoteRow.challenge_id == challenge_id,
        )
        .values(
            state=PaymentState.QUOTED,
            challenge_id=None,
            sealed_token=None,
            claimed_at=None,
            updated_at=now,
        ),
    )
    if declined:
        _close_challenge(session, challenge_id, outcome, reason)
    return declined


def record_payment(
    session: Session,
    quote_id: str,
    *,
    payment_id: str,
    challenge_id: str | None,
    now: datetime,
) -> Recorded:
    """The money is in: whatever state an unpaid quote is in, it is paid now.

    Even an expired one: it was claimed in time, or the payment would not exist.
    """
    paid = _changed(
        session,
        update(QuoteRow)
        .where(
            QuoteRow.quote_id == quote_id,
            QuoteRow.payment_id.is_(None),
            QuoteRow.state.in_(UNPAID_STATES),
        )
        .values(
            state=PaymentState.PAID,
            payment_id=payment_id,
            challenge_id=challenge_id or QuoteRow.challenge_id,
            sealed_token=None,
            paid_at=now,
            updated_at=now,
        ),
    )
    if not paid:
        row = load_quote(session, quote_id)
        return Recorded.KNOWN if row.payment_id == payment_id else Recorded.STRAY
    if challenge_id is not None:
        _close_challenge(session, challenge_id, ClaimOutcome.PAID, None)
    return Recorded.NEW


def expire_quote(session: Session, quote_id: str, *, now: datetime) -> bool:
    """Close a quote that nobody paid in time."""
    return _changed(session, _expiry(now).where(QuoteRow.quote_id == quote_id))


def expire_due(session: Session, *, now: datetime) -> int:
    """Close every quote that nobody paid in time; how many there were."""
    return _rows_changed(session, _expiry(now))


def _expiry(now: datetime) -> Update:
    """Of quotes whose time is over, or whose customer wants them no more."""
    return (
        update(QuoteRow)
        .where(
            QuoteRow.state == PaymentState.QUOTED,
            or_(QuoteRow.expires_at <= now, QuoteRow.cancel_requested),
        )
        .values(state=PaymentState.EXPIRED, updated_at=now)
    )


def _close_challenge(
    session: Session, challenge_id: str, outcome: ClaimOutcome, reason: str | None
) -> None:
    used = find_challenge(session, challenge_id)
    if used is not None and used.outcome is None:
        used.outcome, used.reason = outcome, reason
        session.flush()


def _changed(session: Session, statement: Update) -> bool:
    """Whether the statement changed its one row."""
    return _rows_changed(session, statement) == 1


def _rows_changed(session: Session, statement: Update) -> int:
    """How many rows the statement changed; what the session knows of any is read anew."""
    result = session.execute(statement, execution_options={"synchronize_session": False})
    session.expire_all()
    return cast("CursorResult[Any]", result).rowcount
