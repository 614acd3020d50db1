"""Accounts and their API keys."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from studio.contracts.limits import NAME_LENGTH_MAX
from studio.db.base import Base
from studio.db.types import UtcDateTime, enum_column

ACCOUNT_ID_LENGTH_MAX = 64


class KeyEnvironment(StrEnum):
    """`test` keys act for the account's test side, which is served by local models alone."""

    LIVE = "live"
    TEST = "test"


class AccountRole(StrEnum):
    """An operator may see every account's runs, grant credits and suspend accounts."""

    CUSTOMER = "customer"
    OPERATOR = "operator"


class KeyScope(StrEnum):
    """What a key may do. Reading renders includes their films."""

    RENDERS_READ = "renders:read"
    RENDERS_WRITE = "renders:write"
    WALLET_READ = "wallet:read"


class AccountRow(Base):
    """A customer. `defaults` is an `AccountDefaults`: what omitted request fields take.

    A suspended account may look at everything and start nothing. Below `low_balance_credits` its
    owner is written to, once until the balance is above it again (`low_balance_noticed_at`).
    """

    __tablename__ = "account"

    account_id: Mapped[str] = mapped_column(String(ACCOUNT_ID_LENGTH_MAX), primary_key=True)
    name: Mapped[str] = mapped_column(String(NAME_LENGTH_MAX))
    defaults: Mapped[dict[str, Any]] = mapped_column(JSON)
    role: Mapped[AccountRole] = mapped_column(
        enum_column(AccountRole), default=AccountRole.CUSTOMER
    )
    suspended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    low_balance_credits: Mapped[int | None] = mapped_column(Integer)
    low_balance_noticed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ApiKeyRow(Base):
    """A key without its secret: `digest` is its HMAC, `hint` its prefix and last characters.

    `credits_per_month_max` bounds what renders of this key may cost in a calendar month (UTC).
    `successor_id` is the key that it was rotated to.
    """

    __tablename__ = "api_key"
    __table_args__ = (Index("ix_api_key_account", "account_id", "created_at"),)

    key_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.account_id"))
    name: Mapped[str] = mapped_column(String(NAME_LENGTH_MAX))
    environment: Mapped[KeyEnvironment] = mapped_column(enum_column(KeyEnvironment))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    hint: Mapped[str] = mapped_column(String(40))
    scopes: Mapped[list[str]] = mapped_column(JSON, default=lambda: [*KeyScope])
    requests_per_minute_max: Mapped[int | None] = mapped_column(Integer)
    credits_per_month_max: Mapped[int | None] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    successor_id: Mapped[str | None] = mapped_column(String(40))
