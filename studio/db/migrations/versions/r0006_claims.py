"""A quote is found by its claim token alone."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_quote_claim_hash", "quote", ["claim_hash"])
