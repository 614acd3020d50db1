"""People: signing in, scopes and limits of keys, grants, purchases of credits, operators."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_EVERY_SCOPE = '["renders:read", "renders:write", "wallet:read"]'
"""Keys that were issued before scopes may do what they could."""

_SQLITE_GUARDS = (
    """
    CREATE TRIGGER operator_action_no_update BEFORE UPDATE ON operator_action
    BEGIN SELECT RAISE(ABORT, 'what an operator did never changes'); END
    """,
    """
    CREATE TRIGGER operator_action_no_delete BEFORE DELETE ON operator_action
    BEGIN SELECT RAISE(ABORT, 'what an operator did never changes'); END
    """,
)

_POSTGRESQL_GUARDS = (
    """
    CREATE FUNCTION operator_action_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'what an operator did never changes'; END $$
    """,
    """
    CREATE TRIGGER operator_action_no_change
    BEFORE UPDATE OR DELETE OR TRUNCATE ON operator_action
    FOR EACH STATEMENT EXECUTE FUNCTION operator_action_refuse()
    """,
)


def upgrade() -> None:
    _widen_accounts()
    _create_logins()
    _create_grants()
    _create_top_ups()
    _create_operator_actions()
    _open_house_accounts()
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in _SQLITE_GUARDS if is_sqlite else _POSTGRESQL_GUARDS:
        op.execute(statement)


def _widen_accounts() -> None:
    op.add_column(
        "account", sa.Column("role", sa.String(40), nullable=False, server_default="customer")
    )
    op.add_column("account", sa.Column("suspended_at", _MOMENT, nullable=True))
    op.add_column("account", sa.Column("low_balance_credits", sa.Integer(), nullable=True))
    op.add_column("account", sa.Column("low_balance_noticed_at", _MOMENT, nullable=True))
    op.add_column(
        "api_key", sa.Column("scopes", sa.JSON(), nullable=False, server_default=_EVERY_SCOPE)
    )
    op.add_column("api_key", sa.Column("requests_per_minute_max", sa.Integer(), nullable=True))
    op.add_column("api_key", sa.Column("credits_per_month_max", sa.Integer(), nullable=True))
    op.add_column("api_key", sa.Column("successor_id", sa.String(40), nullable=True))
    op.add_column("render", sa.Column("key_id", sa.String(40), nullable=True))
    op.create_index("ix_render_created", "render", ["created_at", "project_id"])
    op.create_index("ix_render_key", "render", ["key_id", "created_at"])


def _create_logins() -> None:
    op.create_table(
        "login",
        sa.Column("account_id", sa.String(64), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("password_hash", sa.String(255), nullable=False),
        sa.Column("password_changed_at", _MOMENT, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("account_id", name="pk_login"),
        sa.UniqueConstraint("email", name="uq_login_email"),
        sa.ForeignKeyConstraint(["account_id"], ["account.account_id"], name="fk_login_account_id"),
    )
    op.create_table(
        "login_session",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("account_id", sa.String(64), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("seen_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_login_session"),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.account_id"], name="fk_login_session_account_id"
        ),
    )
    op.create_index("ix_login_session_account", "login_session", ["account_id"])
    op.create_index("ix_login_session_expires_at", "login_session", ["expires_at"])
    op.create_table(
        "password_reset",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("account_id", sa.String(64), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.Column("used_at", _MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("digest", name="pk_password_reset"),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.account_id"], name="fk_password_reset_account_id"
        ),
    )
    op.create_index("ix_password_reset_account_id", "password_reset", ["account_id"])


def _create_grants() -> None:
    op.create_table(
        "credit_grant",
        sa.Column("grant_id", sa.String(40), nullable=False),
        sa.Column("wallet", sa.String(80), nullable=False),
        sa.Column("credits", sa.BigInteger(), nullable=False),
        sa.Column("remaining", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=True),
        sa.Column("expired_at", _MOMENT, nullable=True),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("grant_id", name="pk_credit_grant"),
        sa.ForeignKeyConstraint(["wallet"], ["ledger_account.id"], name="fk_credit_grant_wallet"),
        sa.CheckConstraint("credits > 0", name="ck_credit_grant_credits_positive"),
        sa.CheckConstraint(
            "remaining >= 0 AND remaining <= credits",
            name="ck_credit_grant_remaining_within_credits",
        ),
    )
    op.create_index("ix_credit_grant_wallet", "credit_grant", ["wallet", "expires_at"])
    op.create_index("ix_credit_grant_expires", "credit_grant", ["expired_at", "expires_at"])
    op.create_table(
        "grant_use",
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("grant_id", sa.String(40), nullable=False),
        sa.Column("credits", sa.BigInteger(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("subject", "grant_id", name="pk_grant_use"),
        sa.ForeignKeyConstraint(
            ["grant_id"], ["credit_grant.grant_id"], name="fk_grant_use_grant_id"
        ),
        sa.CheckConstraint("credits >= 0", name="ck_grant_use_credits_not_negative"),
    )


def _create_top_ups() -> None:
    op.create_table(
        "top_up",
        sa.Column("top_up_id", sa.String(40), nullable=False),
        sa.Column("account_id", sa.String(64), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("credits", sa.Integer(), nullable=False),
        sa.Column("amount_cents", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("session_id", sa.String(255), nullable=True),
        sa.Column("payment_id", sa.String(255), nullable=True),
        sa.Column("refunded_cents", sa.Integer(), nullable=False),
        sa.Column("withdrawn_credits", sa.Integer(), nullable=False),
        sa.Column("owed_credits", sa.Integer(), nullable=False),
        sa.Column("disputed_at", _MOMENT, nullable=True),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.Column("paid_at", _MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("top_up_id", name="pk_top_up"),
        sa.UniqueConstraint("session_id", name="uq_top_up_session_id"),
        sa.UniqueConstraint("payment_id", name="uq_top_up_payment_id"),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.account_id"], name="fk_top_up_account_id"
        ),
        sa.CheckConstraint("credits > 0 AND amount_cents > 0", name="ck_top_up_amount_positive"),
        sa.CheckConstraint(
            "refunded_cents >= 0 AND refunded_cents <= amount_cents",
            name="ck_top_up_refund_within_amount",
        ),
        sa.CheckConstraint(
            "withdrawn_credits >= 0 AND owed_credits >= 0"
            " AND withdrawn_credits + owed_credits <= credits",
            name="ck_top_up_withdrawn_within_credits",
        ),
    )
    op.create_index("ix_top_up_account", "top_up", ["account_id", "created_at"])
    op.create_index("ix_top_up_state", "top_up", ["state", "created_at"])


def _create_operator_actions() -> None:
    op.create_table(
        "operator_action",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("operator", sa.String(64), nullable=False),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("account_id", sa.String(64), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_operator_action"),
    )
    op.create_index("ix_operator_action_created", "operator_action", ["created_at"])
    op.create_index("ix_operator_action_account", "operator_action", ["account_id", "created_at"])


def _open_house_accounts() -> None:
    """Our side of gifts, and of test wallets, whose credits are nobody's money."""
    op.execute(
        """
        INSERT INTO ledger_account
            (id, kind, owner, currency, debits_pending, debits_posted, credits_posted, created_at)
        VALUES
            ('house:grants', 'house', 'house', 'credits', 0, 0, 0, '2026-01-01 00:00:00+00'),
            ('house:test-cash', 'house', 'house', 'credits', 0, 0, 0, '2026-01-01 00:00:00+00'),
            ('house:test-revenue', 'house', 'house', 'credits', 0, 0, 0, '2026-01-01 00:00:00+00'),
            ('house:test-refunds', 'house', 'house', 'credits', 0, 0, 0, '2026-01-01 00:00:00+00')
        """
    )
