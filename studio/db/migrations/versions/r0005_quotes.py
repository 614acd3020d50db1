"""Paid quotes, the challenges that were used to pay them, and addresses of uploads."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "quote",
        sa.Column("quote_id", sa.String(40), nullable=False),
        sa.Column("project_id", sa.String(40), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("request", sa.JSON(), nullable=False),
        sa.Column("upload_urls", sa.JSON(), nullable=False),
        sa.Column("workflow_input", sa.JSON(), nullable=False),
        sa.Column("charges_digest", sa.String(64), nullable=False),
        sa.Column("amount_cents", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("body_digest", sa.String(80), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("claim_hash", sa.String(64), nullable=False),
        sa.Column("idempotency_hash", sa.String(64), nullable=True),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.Column("challenge_id", sa.String(64), nullable=True),
        sa.Column("sealed_token", sa.LargeBinary(), nullable=True),
        sa.Column("claimed_at", _MOMENT, nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("payment_id", sa.String(255), nullable=True),
        sa.Column("paid_at", _MOMENT, nullable=True),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        sa.Column("refund_cents", sa.Integer(), nullable=False),
        sa.Column("refund_attempts", sa.Integer(), nullable=False),
        sa.Column("refund_id", sa.String(255), nullable=True),
        sa.Column("refund_state", sa.String(40), nullable=True),
        sa.Column("refunded_at", _MOMENT, nullable=True),
        sa.Column("disputed_at", _MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("quote_id", name="pk_quote"),
        sa.UniqueConstraint("project_id", name="uq_quote_project_id"),
        sa.UniqueConstraint("idempotency_hash", name="uq_quote_idempotency_hash"),
        sa.UniqueConstraint("payment_id", name="uq_quote_payment_id"),
        sa.CheckConstraint("amount_cents > 0", name="ck_quote_amount_positive"),
        sa.CheckConstraint(
            "refund_cents >= 0 AND refund_cents <= amount_cents",
            name="ck_quote_refund_within_amount",
        ),
        sa.CheckConstraint(
            "sealed_token IS NULL OR state = 'settling'",
            name="ck_quote_token_only_while_settling",
        ),
    )
    op.create_index("ix_quote_state", "quote", ["state", "updated_at"])
    op.create_table(
        "quote_challenge",
        sa.Column("challenge_id", sa.String(64), nullable=False),
        sa.Column("quote_id", sa.String(40), nullable=False),
        sa.Column("credential_hash", sa.String(64), nullable=False),
        sa.Column("outcome", sa.String(40), nullable=True),
        sa.Column("reason", sa.String(80), nullable=True),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("challenge_id", name="pk_quote_challenge"),
        sa.ForeignKeyConstraint(
            ["quote_id"], ["quote.quote_id"], name="fk_quote_challenge_quote_id"
        ),
    )
    op.create_index("ix_quote_challenge_quote", "quote_challenge", ["quote_id"])
    op.add_column(
        "render", sa.Column("upload_urls", sa.JSON(), nullable=False, server_default="[]")
    )
