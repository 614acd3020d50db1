"""Calls that answer at once are journaled too; an attempt remembers what it was prepared with."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("provider_attempt", sa.Column("prepared", sa.JSON(), nullable=True))
    op.create_table(
        "provider_call",
        sa.Column("call_id", sa.String(80), nullable=False),
        sa.Column("project_id", sa.String(40), nullable=False),
        sa.Column("provider", sa.String(64), nullable=False),
        sa.Column("request_digest", sa.String(64), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("result", sa.JSON(), nullable=True),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("call_id", name="pk_provider_call"),
    )
    op.create_index("ix_provider_call_project", "provider_call", ["project_id"])
