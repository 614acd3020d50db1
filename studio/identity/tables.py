"""How people get in: an e-mail address and a password, sessions, and resets of passwords."""

from datetime import datetime
from typing import Final

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from studio.db.base import Base
from studio.db.types import UtcDateTime

EMAIL_LENGTH_MAX: Final = 254
"""RFC 5321's 256 octets of a path, less its two brackets."""
PASSWORD_HASH_LENGTH_MAX: Final = 255


class LoginRow(Base):
    """The one way into an account. `email` is as compared: in lower case and normalised."""

    __tablename__ = "login"

    account_id: Mapped[str] = mapped_column(ForeignKey("account.account_id"), primary_key=True)
    email: Mapped[str] = mapped_column(String(EMAIL_LENGTH_MAX), unique=True)
    password_hash: Mapped[str] = mapped_column(String(PASSWORD_HASH_LENGTH_MAX))
    password_changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SessionRow(Base):
    """A browser that signed in. `digest` is the SHA-256 of the cookie's token.

    It ends at `expires_at` whatever happens, and earlier when `seen_at` is too long ago.
    """

    __tablename__ = "login_session"
    __table_args__ = (Index("ix_login_session_account", "account_id"),)

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.account_id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class PasswordResetRow(Base):
    """A link that was mailed. `digest` is the SHA-256 of its token; it works once."""

    __tablename__ = "password_reset"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.account_id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
