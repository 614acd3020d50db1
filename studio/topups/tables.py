"""Credits that an account buys by Stripe Checkout."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from studio.contracts.limits import STRIPE_ID_LENGTH_MAX
from studio.db.base import Base
from studio.db.types import UtcDateTime, enum_column


class TopUpState(StrEnum):
    """Where a top-up is. Money is in the wallet from `paid` on; `open` waits for it.

    `expired` and `failed` never got any. What was given back or is disputed is in the row's
    numbers, since a paid top-up can be both in part.
    """

    OPEN = "open"
    PAID = "paid"
    EXPIRED = "expired"
    FAILED = "failed"


class TopUpRow(Base):
    """One purchase of credits. `session_id` is Stripe's Checkout session, `payment_id` its
    PaymentIntent, once there is one.

    `withdrawn_credits` were taken out of the wallet again for refunds and disputes;
    `owed_credits` are those that could not be, because they were spent.
    """

    __tablename__ = "top_up"
    __table_args__ = (
        CheckConstraint("credits > 0 AND amount_cents > 0", name="amount_positive"),
        CheckConstraint(
            "refunded_cents >= 0 AND refunded_cents <= amount_cents", name="refund_within_amount"
        ),
        CheckConstraint(
            "withdrawn_credits >= 0 AND owed_credits >= 0"
            " AND withdrawn_credits + owed_credits <= credits",
            name="withdrawn_within_credits",
        ),
        Index("ix_top_up_account", "account_id", "created_at"),
        Index("ix_top_up_state", "state", "created_at"),
    )

    top_up_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.account_id"))
    state: Mapped[TopUpState] = mapped_column(enum_column(TopUpState))
    credits: Mapped[int] = mapped_column(Integer)
    amount_cents: Mapped[int] = mapped_column(Integer)
    currency: Mapped[str] = mapped_column(String(3))
    session_id: Mapped[str | None] = mapped_column(String(STRIPE_ID_LENGTH_MAX), unique=True)
    payment_id: Mapped[str | None] = mapped_column(String(STRIPE_ID_LENGTH_MAX), unique=True)
    refunded_cents: Mapped[int] = mapped_column(Integer, default=0)
    withdrawn_credits: Mapped[int] = mapped_column(Integer, default=0)
    owed_credits: Mapped[int] = mapped_column(Integer, default=0)
    disputed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    paid_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
