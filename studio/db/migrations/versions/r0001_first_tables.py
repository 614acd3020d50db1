"""The first tables: renders, the attempt journal, accounts and keys, the ledger.

A revision is a record: it names no table of the code, which goes on changing.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)

_SQLITE_GUARDS = (
    """
    CREATE TRIGGER ledger_transfer_no_update BEFORE UPDATE ON ledger_transfer
    BEGIN SELECT RAISE(ABORT, 'a ledger transfer never changes'); END
    """,
    """
    CREATE TRIGGER ledger_transfer_no_delete BEFORE DELETE ON ledger_transfer
    BEGIN SELECT RAISE(ABORT, 'a ledger transfer never changes'); END
    """,
)

_POSTGRESQL_GUARDS = (
    """
    CREATE FUNCTION ledger_transfer_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'a ledger transfer never changes'; END $$
    """,
    """
    CREATE TRIGGER ledger_transfer_no_change
    BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_transfer
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_transfer_refuse()
    """,
)


def upgrade() -> None:
    _create_renders()
    _create_accounts()
    _create_ledger()
    _open_house_accounts()
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in _SQLITE_GUARDS if is_sqlite else _POSTGRESQL_GUARDS:
        op.execute(statement)


def _create_renders() -> None:
    op.create_table(
        "render",
        sa.Column("project_id", sa.String(40), nullable=False),
        sa.Column("account_id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("request", sa.JSON(), nullable=False),
        sa.Column("assets", sa.JSON(), nullable=False),
        sa.Column("workflow_input", sa.JSON(), nullable=False),
        sa.Column("idempotency_key", sa.String(255), nullable=True),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("status", sa.String(40), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("snapshot", sa.JSON(), nullable=False),
        sa.Column("run_id", sa.String(64), nullable=True),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.Column("finished_at", _MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("project_id", name="pk_render"),
        sa.UniqueConstraint(
            "account_id", "idempotency_key", name="uq_render_account_id_idempotency_key"
        ),
        sa.CheckConstraint("revision >= 0", name="ck_render_revision_not_negative"),
    )
    op.create_index(
        "ix_render_account_created", "render", ["account_id", "created_at", "project_id"]
    )
    op.create_index("ix_render_status", "render", ["status", "updated_at"])
    op.create_table(
        "provider_attempt",
        sa.Column("attempt_id", sa.String(80), nullable=False),
        sa.Column("project_id", sa.String(40), nullable=False),
        sa.Column("provider", sa.String(64), nullable=False),
        sa.Column("request_digest", sa.String(64), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("handle", sa.JSON(), nullable=True),
        sa.Column("error", sa.String(1000), nullable=True),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("attempt_id", name="pk_provider_attempt"),
    )
    op.create_index("ix_provider_attempt_project", "provider_attempt", ["project_id"])


def _create_accounts() -> None:
    op.create_table(
        "account",
        sa.Column("account_id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("defaults", sa.JSON(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("account_id", name="pk_account"),
    )
    op.create_table(
        "api_key",
        sa.Column("key_id", sa.String(40), nullable=False),
        sa.Column("account_id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("environment", sa.String(40), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("hint", sa.String(40), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=True),
        sa.Column("revoked_at", _MOMENT, nullable=True),
        sa.Column("last_used_at", _MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("key_id", name="pk_api_key"),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.account_id"], name="fk_api_key_account_id"
        ),
        sa.UniqueConstraint("digest", name="uq_api_key_digest"),
    )
    op.create_index("ix_api_key_account", "api_key", ["account_id", "created_at"])


def _create_ledger() -> None:
    op.create_table(
        "ledger_account",
        sa.Column("id", sa.String(80), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("currency", sa.String(16), nullable=False),
        sa.Column("debits_pending", sa.BigInteger(), nullable=False),
        sa.Column("debits_posted", sa.BigInteger(), nullable=False),
        sa.Column("credits_posted", sa.BigInteger(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ledger_account"),
        sa.CheckConstraint(
            "debits_pending >= 0 AND debits_posted >= 0 AND credits_posted >= 0",
            name="ck_ledger_account_counters_not_negative",
        ),
        sa.CheckConstraint(
            "kind <> 'wallet' OR credits_posted - debits_posted - debits_pending >= 0",
            name="ck_ledger_account_wallet_not_overdrawn",
        ),
    )
    op.create_table("ledger_transfer", *_transfer_columns(), *_transfer_constraints())
    op.create_index("ix_ledger_transfer_subject", "ledger_transfer", ["subject"])
    for side in ("debit", "credit"):
        op.create_index(
            f"ix_ledger_transfer_{side}", "ledger_transfer", [f"{side}_account_id", "created_at"]
        )


def _transfer_columns() -> list[sa.Column[object]]:
    return [
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("phase", sa.String(40), nullable=False),
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("debit_account_id", sa.String(80), nullable=False),
        sa.Column("credit_account_id", sa.String(80), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("pending_id", sa.Uuid(), nullable=True),
        sa.Column("reverses_id", sa.Uuid(), nullable=True),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("line_id", sa.String(200), nullable=True),
        sa.Column("reason", sa.String(200), nullable=True),
        sa.Column("expires_at", _MOMENT, nullable=True),
        sa.Column("created_at", _MOMENT, nullable=False),
    ]


def _transfer_constraints() -> list[sa.Constraint]:
    references = {
        "debit_account_id": "ledger_account.id",
        "credit_account_id": "ledger_account.id",
        "pending_id": "ledger_transfer.id",
        "reverses_id": "ledger_transfer.id",
    }
    checks = {
        "amount_positive": "amount > 0 OR (amount = 0 AND phase = 'post')",
        "two_accounts": "debit_account_id <> credit_account_id",
        "resolution_names_its_hold": (
            "(phase IN ('post', 'void', 'expire')) = (pending_id IS NOT NULL)"
        ),
        "only_holds_expire": "(phase = 'pending') = (expires_at IS NOT NULL)",
        "refund_names_its_charge": "(code = 'refund') = (reverses_id IS NOT NULL)",
        "line_of_a_charge": "(code = 'top_up') = (line_id IS NULL)",
    }
    return [
        sa.PrimaryKeyConstraint("id", name="pk_ledger_transfer"),
        sa.UniqueConstraint("pending_id", name="uq_ledger_transfer_pending_id"),
        *(
            sa.ForeignKeyConstraint([column], [target], name=f"fk_ledger_transfer_{column}")
            for column, target in references.items()
        ),
        *(
            sa.CheckConstraint(rule, name=f"ck_ledger_transfer_{name}")
            for name, rule in checks.items()
        ),
    ]


def _open_house_accounts() -> None:
    """Our side of every transfer. They belong to no moment, so they carry the first of 2026."""
    op.execute(
        """
        INSERT INTO ledger_account
            (id, kind, owner, currency, debits_pending, debits_posted, credits_posted, created_at)
        VALUES
            ('house:cash', 'house', 'house', 'credits', 0, 0, 0, '2026-01-01 00:00:00+00'),
            ('house:revenue', 'house', 'house', 'credits', 0, 0, 0, '2026-01-01 00:00:00+00'),
            ('house:refunds', 'house', 'house', 'credits', 0, 0, 0, '2026-01-01 00:00:00+00')
        """
    )
