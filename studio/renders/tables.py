"""The render row: the record of a render, whatever Temporal still remembers."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Boolean, CheckConstraint, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from studio.contracts.status import RenderState
from studio.db.base import Base
from studio.db.types import UtcDateTime, enum_column


class RenderRow(Base):
    """One render.

    `request` is the resolved request, `upload_urls` where uploads are still to be fetched from
    (`assets` come of them), `workflow_input` what `RenderWorkflow` is started with (so
    that a sweep can start what a dying gateway did not), `snapshot` the newest `RenderSnapshot`,
    whose `revision` and `status` are repeated as columns for guarded updates and lists. `key_id` is
    the key that it was submitted with; None where it was the console, or a guest.
    """

    __tablename__ = "render"
    __table_args__ = (
        UniqueConstraint("account_id", "idempotency_key"),
        Index("ix_render_account_created", "account_id", "created_at", "project_id"),
        Index("ix_render_created", "created_at", "project_id"),
        Index("ix_render_status", "status", "updated_at"),
        Index("ix_render_key", "key_id", "created_at"),
        CheckConstraint("revision >= 0", name="revision_not_negative"),
    )

    project_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    account_id: Mapped[str] = mapped_column(String(64))
    key_id: Mapped[str | None] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(200))
    request: Mapped[dict[str, Any]] = mapped_column(JSON)
    assets: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    upload_urls: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    workflow_input: Mapped[dict[str, Any]] = mapped_column(JSON)
    idempotency_key: Mapped[str | None] = mapped_column(String(255))
    fingerprint: Mapped[str] = mapped_column(String(64))
    status: Mapped[RenderState] = mapped_column(enum_column(RenderState))
    revision: Mapped[int] = mapped_column(Integer)
    snapshot: Mapped[dict[str, Any]] = mapped_column(JSON)
    run_id: Mapped[str | None] = mapped_column(String(64))
    cancel_requested: Mapped[bool] = mapped_column(Boolean, default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
