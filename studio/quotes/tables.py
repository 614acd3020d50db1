"""The tables of quotes: what was offered, and which challenges were used to pay."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
)
from sqlalchemy.orm import Mapped, mapped_column

from studio.contracts.limits import NAME_LENGTH_MAX, STRIPE_ID_LENGTH_MAX
from studio.contracts.payment import PaymentState, RefundState
from studio.db.base import Base
from studio.db.types import UtcDateTime, enum_column


class ClaimOutcome(StrEnum):
    """What became of one challenge that a payment was sent for. None while it is not known."""

    PAID = "paid"
    DECLINED = "declined"
    ACTION_REQUIRED = "action_required"


class QuoteRow(Base):
    """One offer: the frozen plan, what it costs, and where its money is.

    `workflow_input` is the `RenderInput` of the render that will be made, under the digest
    `charges_digest`. `body_digest` is that of the request as it was sent. `claim_hash` is the
    SHA-256 of the claim token. `sealed_token` is the payment token of the claim under way,
    encrypted, and empty at every other time. `refund_cents` is what is owed to the card or was
    given back; `refund_attempts` counts refunds that the card's bank sent back. `request` and
    `upload_urls` have up to a megabyte, and are read where a render is begun only: everybody who
    pays or polls looks at the row, again and again.
    """

    __tablename__ = "quote"
    __table_args__ = (
        CheckConstraint("amount_cents > 0", name="amount_positive"),
        CheckConstraint(
            "refund_cents >= 0 AND refund_cents <= amount_cents", name="refund_within_amount"
        ),
        CheckConstraint(
            "sealed_token IS NULL OR state = 'settling'", name="token_only_while_settling"
        ),
        Index("ix_quote_state", "state", "updated_at"),
        Index("ix_quote_claim_hash", "claim_hash"),
    )

    quote_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    project_id: Mapped[str] = mapped_column(String(40), unique=True)
    state: Mapped[PaymentState] = mapped_column(enum_column(PaymentState))
    name: Mapped[str] = mapped_column(String(NAME_LENGTH_MAX))
    request: Mapped[dict[str, Any]] = mapped_column(JSON, deferred=True)
    upload_urls: Mapped[list[dict[str, Any]]] = mapped_column(JSON, deferred=True)
    workflow_input: Mapped[dict[str, Any]] = mapped_column(JSON)
    charges_digest: Mapped[str] = mapped_column(String(64))
    amount_cents: Mapped[int] = mapped_column(Integer)
    currency: Mapped[str] = mapped_column(String(3))
    body_digest: Mapped[str] = mapped_column(String(80))
    fingerprint: Mapped[str] = mapped_column(String(64))
    claim_hash: Mapped[str] = mapped_column(String(64))
    idempotency_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)

    challenge_id: Mapped[str | None] = mapped_column(String(64))
    sealed_token: Mapped[bytes | None] = mapped_column(LargeBinary)
    claimed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    payment_id: Mapped[str | None] = mapped_column(String(STRIPE_ID_LENGTH_MAX), unique=True)
    paid_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cancel_requested: Mapped[bool] = mapped_column(Boolean, default=False)
    refund_cents: Mapped[int] = mapped_column(Integer, default=0)
    refund_attempts: Mapped[int] = mapped_column(Integer, default=0)
    refund_id: Mapped[str | None] = mapped_column(String(STRIPE_ID_LENGTH_MAX))
    refund_state: Mapped[RefundState | None] = mapped_column(enum_column(RefundState))
    refunded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    disputed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ChallengeRow(Base):
    """A challenge that somebody sent a payment for. Its primary key lets that happen once.

    `credential_hash` is the SHA-256 of the payment credential: the same one is recognised when it
    is sent again, and nothing can be read from it. `reason` is a plain word of ours.
    """

    __tablename__ = "quote_challenge"
    __table_args__ = (Index("ix_quote_challenge_quote", "quote_id"),)

    challenge_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    quote_id: Mapped[str] = mapped_column(ForeignKey("quote.quote_id"))
    credential_hash: Mapped[str] = mapped_column(String(64))
    outcome: Mapped[ClaimOutcome | None] = mapped_column(enum_column(ClaimOutcome))
    reason: Mapped[str | None] = mapped_column(String(80))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
