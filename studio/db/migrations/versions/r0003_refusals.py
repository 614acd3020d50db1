"""An attempt that was refused remembers how."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("provider_attempt", sa.Column("refusal", sa.JSON(), nullable=True))
