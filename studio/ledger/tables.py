"""The tables of the ledger: accounts with counters, transfers that never change, and gifts."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from studio.db.base import Base
from studio.db.types import UtcDateTime, enum_column

CURRENCY = "credits"
"""The only unit so far: 1 credit is 1 US cent."""

REFERENCE_LENGTH_MAX = 200
"""Longest render id, payment id, line id or reason; Stripe's ids are far below it."""

OWNER_LENGTH_MAX = 64
"""Longest account or quote id."""


class AccountKind(StrEnum):
    """A wallet belongs to a customer. A house account is ours: cash, revenue, refunds."""

    WALLET = "wallet"
    HOUSE = "house"


class Phase(StrEnum):
    """What a transfer does.

    `posted` moves credits at once. `pending` is a hold, and exactly one of `post` (charge at most
    what is held, give the rest back), `void` or `expire` (give all of it back) resolves it.
    """

    POSTED = "posted"
    PENDING = "pending"
    POST = "post"
    VOID = "void"
    EXPIRE = "expire"


class TransferCode(StrEnum):
    """Why credits move.

    A payout leaves a wallet for the card that paid for its credits, and a payout's return is the
    bank sending it back. A grant is a gift, and what is unspent of it goes again at its end. All
    else stays in the house.
    """

    TOP_UP = "top_up"
    CHARGE = "charge"
    REFUND = "refund"
    PAYOUT = "payout"
    PAYOUT_RETURN = "payout_return"
    GRANT = "grant"
    GRANT_EXPIRY = "grant_expiry"


class LedgerAccountRow(Base):
    """An account. A wallet's counters are a cache of its transfers; a house account keeps none.

    Every transfer touches a house account, so its counters would be the one row that all writers
    wait for; its balance is summed when somebody asks.
    """

    __tablename__ = "ledger_account"
    __table_args__ = (
        CheckConstraint(
            "debits_pending >= 0 AND debits_posted >= 0 AND credits_posted >= 0",
            name="counters_not_negative",
        ),
        CheckConstraint(
            "kind <> 'wallet' OR credits_posted - debits_posted - debits_pending >= 0",
            name="wallet_not_overdrawn",
        ),
    )

    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    kind: Mapped[AccountKind] = mapped_column(enum_column(AccountKind))
    owner: Mapped[str] = mapped_column(String(OWNER_LENGTH_MAX))
    currency: Mapped[str] = mapped_column(String(16))
    debits_pending: Mapped[int] = mapped_column(BigInteger)
    debits_posted: Mapped[int] = mapped_column(BigInteger)
    credits_posted: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class TransferRow(Base):
    """One movement of credits, immutable: a trigger refuses UPDATE and DELETE.

    `id` is derived from what the transfer means, so doing a thing twice collides. `UNIQUE
    (pending_id)` is what lets a hold be resolved only once, whoever races. `subject` is the render
    (or the payment of a top-up, the reference of a payout); `line_id` names the charge line within
    it. `reverses_id` is the charge that a refund gives back, or the payout that came back.
    """

    __tablename__ = "ledger_transfer"
    __table_args__ = (
        CheckConstraint("amount > 0 OR (amount = 0 AND phase = 'post')", name="amount_positive"),
        CheckConstraint("debit_account_id <> credit_account_id", name="two_accounts"),
        CheckConstraint(
            "(phase IN ('post', 'void', 'expire')) = (pending_id IS NOT NULL)",
            name="resolution_names_its_hold",
        ),
        CheckConstraint("(phase = 'pending') = (expires_at IS NOT NULL)", name="only_holds_expire"),
        CheckConstraint(
            "(code IN ('refund', 'payout_return')) = (reverses_id IS NOT NULL)",
            name="reversal_names_its_transfer",
        ),
        CheckConstraint(
            "(code IN ('charge', 'refund')) = (line_id IS NOT NULL)", name="line_of_a_charge"
        ),
        Index("ix_ledger_transfer_subject", "subject"),
        Index("ix_ledger_transfer_debit", "debit_account_id", "created_at"),
        Index("ix_ledger_transfer_credit", "credit_account_id", "created_at"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    phase: Mapped[Phase] = mapped_column(enum_column(Phase))
    code: Mapped[TransferCode] = mapped_column(enum_column(TransferCode))
    debit_account_id: Mapped[str] = mapped_column(ForeignKey("ledger_account.id"))
    credit_account_id: Mapped[str] = mapped_column(ForeignKey("ledger_account.id"))
    amount: Mapped[int] = mapped_column(BigInteger)
    pending_id: Mapped[UUID | None] = mapped_column(ForeignKey("ledger_transfer.id"), unique=True)
    reverses_id: Mapped[UUID | None] = mapped_column(ForeignKey("ledger_transfer.id"))
    subject: Mapped[str] = mapped_column(String(REFERENCE_LENGTH_MAX))
    line_id: Mapped[str | None] = mapped_column(String(REFERENCE_LENGTH_MAX))
    reason: Mapped[str | None] = mapped_column(String(REFERENCE_LENGTH_MAX))
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class GrantRow(Base):
    """Credits that were given, not bought. They are spent first, and end at `expires_at`.

    `remaining` is what of it is neither held, spent nor expired: a part of what the wallet has
    available. It is a cache, as a wallet's counters are: what it is follows from `credits`, the
    grant's uses, and its expiry.
    """

    __tablename__ = "credit_grant"
    __table_args__ = (
        CheckConstraint("credits > 0", name="credits_positive"),
        CheckConstraint("remaining >= 0 AND remaining <= credits", name="remaining_within_credits"),
        Index("ix_credit_grant_wallet", "wallet", "expires_at"),
        Index("ix_credit_grant_expires", "expired_at", "expires_at"),
    )

    grant_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    wallet: Mapped[str] = mapped_column(ForeignKey("ledger_account.id"))
    credits: Mapped[int] = mapped_column(BigInteger)
    remaining: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(String(REFERENCE_LENGTH_MAX))
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    expired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class GrantUseRow(Base):
    """How much of a grant one render took: never more than it holds and was charged."""

    __tablename__ = "grant_use"
    __table_args__ = (CheckConstraint("credits >= 0", name="credits_not_negative"),)

    subject: Mapped[str] = mapped_column(String(REFERENCE_LENGTH_MAX), primary_key=True)
    grant_id: Mapped[str] = mapped_column(ForeignKey("credit_grant.grant_id"), primary_key=True)
    credits: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
