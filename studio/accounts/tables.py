"""Accounts and their API keys."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from studio.contracts.limits import NAME_LENGTH_MAX
from studio.db.base import Base
from studio.db.types import UtcDateTime, enum_column

ACCOUNT_ID_LENGTH_MAX = 64


class KeyEnvironment(StrEnum):
    """`test` keys may be served by stand-ins where a model has no key configured."""

    LIVE = "live"
    TEST = "test"


class AccountRow(Base):
    """A customer. `defaults` is an `AccountDefaults`: what omitted request fields take."""

    __tablename__ = "account"

    account_id: Mapped[str] = mapped_column(String(ACCOUNT_ID_LENGTH_MAX), primary_key=True)
    name: Mapped[str] = mapped_column(String(NAME_LENGTH_MAX))
    defaults: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ApiKeyRow(Base):
    """A key without its secret: `digest` is its HMAC, `hint` its prefix and last characters."""

    __tablename__ = "api_key"
    __table_args__ = (Index("ix_api_key_account", "account_id", "created_at"),)

    key_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.account_id"))
    name: Mapped[str] = mapped_column(String(NAME_LENGTH_MAX))
    environment: Mapped[KeyEnvironment] = mapped_column(enum_column(KeyEnvironment))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    hint: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
