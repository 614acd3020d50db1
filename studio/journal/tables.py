"""The attempt journal: what was ordered from a provider, written before it is ordered."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from studio.db.base import Base
from studio.db.types import UtcDateTime, enum_column


class AttemptState(StrEnum):
    """`submitting` is also what a crash leaves behind: the outcome is unknown until reconciled."""

    SUBMITTING = "submitting"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    LOST = "lost"


class AttemptRow(Base):
    """One paid job at a provider. `handle` is the provider's id for it once accepted.

    `prepared` is what the provider was given for it beforehand, free of charge: an uploaded
    picture's address, by which the job can be found again. `refusal` is which error it was that
    ended a rejected one.
    """

    __tablename__ = "provider_attempt"
    __table_args__ = (Index("ix_provider_attempt_project", "project_id"),)

    attempt_id: Mapped[str] = mapped_column(String(80), primary_key=True)
    project_id: Mapped[str] = mapped_column(String(40))
    provider: Mapped[str] = mapped_column(String(64))
    request_digest: Mapped[str] = mapped_column(String(64))
    state: Mapped[AttemptState] = mapped_column(enum_column(AttemptState))
    prepared: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    handle: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    error: Mapped[str | None] = mapped_column(String(1000))
    refusal: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CallRow(Base):
    """One paid call that answers at once. `tries` counts those that may have been paid for.

    `result` is what the studio made of the answer, once that is stored: it is never bought again.
    """

    __tablename__ = "provider_call"
    __table_args__ = (Index("ix_provider_call_project", "project_id"),)

    call_id: Mapped[str] = mapped_column(String(80), primary_key=True)
    project_id: Mapped[str] = mapped_column(String(40))
    provider: Mapped[str] = mapped_column(String(64))
    request_digest: Mapped[str] = mapped_column(String(64))
    tries: Mapped[int] = mapped_column(Integer)
    result: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
