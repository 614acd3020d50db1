"""What operators did, for everybody who has to answer for it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Index, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from studio.db.base import Base
from studio.db.types import UtcDateTime


class OperatorActionRow(Base):
    """One act of an operator, immutable: a trigger refuses UPDATE and DELETE.

    `operator` is the account that acted, or `shell` for the command line. `account_id` is whom it
    concerns, `action` what was done (`credits.grant`), `details` with which numbers and reason.
    """

    __tablename__ = "operator_action"
    __table_args__ = (
        Index("ix_operator_action_created", "created_at"),
        Index("ix_operator_action_account", "account_id", "created_at"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    operator: Mapped[str] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(64))
    account_id: Mapped[str | None] = mapped_column(String(64))
    details: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
