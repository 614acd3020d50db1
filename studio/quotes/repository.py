"""Storing and finding quotes. What changes one is in `claims.py` and `progress.py`."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, delete, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from studio.contracts.payment import FINAL_STATES, SENT_BACK_STATES, PaymentState
from studio.quotes.errors import QuoteConflict, UnknownQuote
from studio.quotes.records import NewQuote
from studio.quotes.tables import ChallengeRow, QuoteRow


def insert_quote(session: Session, new: NewQuote, *, now: datetime) -> QuoteRow:
    """Store a new quote. QuoteConflict if another one has its idempotency hash."""
    charges = new.workflow_input.plan.charges
    row = QuoteRow(
        quote_id=new.quote_id,
        project_id=new.workflow_input.project_id,
        state=PaymentState.QUOTED,
        name=new.request.name,
        request=new.request.model_dump(mode="json"),
        upload_urls=[upload.model_dump(mode="json") for upload in new.upload_urls],
        workflow_input=new.workflow_input.model_dump(mode="json"),
        charges_digest=charges.digest,
        amount_cents=charges.total_credits,
        currency=new.currency,
        body_digest=new.body_digest,
        fingerprint=new.fingerprint,
        claim_hash=new.claim_hash,
        idempotency_hash=new.idempotency_hash,
        expires_at=new.expires_at,
        attempts=0,
        cancel_requested=False,
        refund_cents=0,
        refund_attempts=0,
        created_at=now,
        updated_at=now,
    )
    session.add(row)
    try:
        session.flush()
    except IntegrityError as error:
        raise QuoteConflict("This quote was made by another request meanwhile.") from error
    return row


def load_quote(session: Session, quote_id: str) -> QuoteRow:
    """The quote. UnknownQuote if there is none."""
    if "\0" in quote_id:
        raise UnknownQuote  # PostgreSQL takes no such text, not even to look for it
    row = session.get(QuoteRow, quote_id)
    if row is None:
        raise UnknownQuote
    return row


def load_by_claim_hash(session: Session, claim_hash: str) -> QuoteRow:
    """The quote whose claim token has this hash. UnknownQuote if there is none."""
    row = session.scalars(select(QuoteRow).where(QuoteRow.claim_hash == claim_hash)).first()
    if row is None:
        raise UnknownQuote
    return row


def lock_quote(session: Session, quote_id: str) -> QuoteRow:
    """The quote as it is now, and nobody else changes it until the transaction ends.

    Lock it before its guest's wallet. UnknownQuote if there is none. On SQLite the transaction
    already has the only write lock.
    """
    row = session.get(QuoteRow, quote_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise UnknownQuote
    return row


def find_by_idempotency_hash(session: Session, idempotency_hash: str) -> QuoteRow | None:
    return session.scalars(
        select(QuoteRow).where(QuoteRow.idempotency_hash == idempotency_hash)
    ).one_or_none()


def forget_idempotency_hash(session: Session, idempotency_hash: str) -> None:
    """Let the hash be used for a new quote: the one that has it is over."""
    row = find_by_idempotency_hash(session, idempotency_hash)
    if row is not None:
        row.idempotency_hash = None
        session.flush()


def find_by_payment(session: Session, payment_id: str) -> QuoteRow | None:
    """The quote that this payment of Stripe's paid."""
    return session.scalars(select(QuoteRow).where(QuoteRow.payment_id == payment_id)).one_or_none()


def find_challenge(session: Session, challenge_id: str) -> ChallengeRow | None:
    """The use of a challenge, if a payment was ever sent for it."""
    return session.get(ChallengeRow, challenge_id)


def load_with_use(
    session: Session, quote_id: str, challenge_id: str
) -> tuple[QuoteRow, ChallengeRow | None]:
    """The quote, and the use of a challenge if it had one, as they were at one moment.

    In two statements a claim could come between them, and a payment would be taken for another.
    UnknownQuote if there is no such quote.
    """
    found = session.execute(
        select(QuoteRow, ChallengeRow)
        .outerjoin(ChallengeRow, ChallengeRow.challenge_id == challenge_id)
        .where(QuoteRow.quote_id == quote_id)
    ).one_or_none()
    if found is None:
        raise UnknownQuote
    return found[0], found[1]


def list_unfinished(
    session: Session, *, updated_before: datetime, limit: int, after: QuoteRow | None = None
) -> list[QuoteRow]:
    """Quotes whose money is on its way and that nothing was written about for a while.

    The oldest first; `after` is the last one of the page before.
    """
    moving = [state for state in PaymentState if state not in FINAL_STATES]
    moving.remove(PaymentState.QUOTED)
    query = select(QuoteRow).where(QuoteRow.state.in_(moving), QuoteRow.updated_at < updated_before)
    if after is not None:
        same_moment = and_(
            QuoteRow.updated_at == after.updated_at, QuoteRow.quote_id > after.quote_id
        )
        query = query.where(or_(QuoteRow.updated_at > after.updated_at, same_moment))
    oldest = query.order_by(QuoteRow.updated_at, QuoteRow.quote_id)
    return list(session.scalars(oldest.limit(limit)))


def purge_expired(
    session: Session, *, expired_before: datetime, untried_before: datetime, limit: int
) -> int:
    """Forget quotes that nobody paid, and the challenges that were tried on them.

    `untried_before` is for those that nobody even tried to pay.
    """
    untried = and_(QuoteRow.attempts == 0, QuoteRow.expires_at < untried_before)
    gone = list(
        session.scalars(
            select(QuoteRow.quote_id)
            .where(
                QuoteRow.state == PaymentState.EXPIRED,
                QuoteRow.payment_id.is_(None),
                or_(QuoteRow.expires_at < expired_before, untried),
            )
            .order_by(QuoteRow.expires_at)
            .limit(limit)
        )
    )
    if gone:
        session.execute(delete(ChallengeRow).where(ChallengeRow.quote_id.in_(gone)))
        session.execute(delete(QuoteRow).where(QuoteRow.quote_id.in_(gone)))
    return len(gone)


def list_quotes(
    session: Session, *, limit: int, state: PaymentState | None = None
) -> list[QuoteRow]:
    """Quotes for operators, newest first."""
    query = select(QuoteRow)
    if state is not None:
        query = query.where(QuoteRow.state == state)
    newest = query.order_by(QuoteRow.created_at.desc(), QuoteRow.quote_id)
    return list(session.scalars(newest.limit(limit)))


def find_ended(session: Session, quote_ids: Sequence[str]) -> list[str]:
    """Which of these are quotes whose money has come to rest, or no quotes at all."""
    open_ones = set(
        session.scalars(
            select(QuoteRow.quote_id).where(
                QuoteRow.quote_id.in_(quote_ids), QuoteRow.state.not_in(FINAL_STATES)
            )
        )
    )
    return [quote_id for quote_id in quote_ids if quote_id not in open_ones]


def list_sent_back(session: Session, *, limit: int) -> list[QuoteRow]:
    """Quotes whose refund did not reach its card: an operator has to decide."""
    return list(
        session.scalars(
            select(QuoteRow)
            .where(
                QuoteRow.state == PaymentState.REFUNDING,
                QuoteRow.refund_state.in_(SENT_BACK_STATES),
            )
            .order_by(QuoteRow.updated_at)
            .limit(limit)
        )
    )
