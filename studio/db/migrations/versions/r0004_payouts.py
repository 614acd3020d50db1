"""Credits may leave a wallet for the card that paid for them, and be sent back.

Two rules of a transfer change with it: a payout has no charge line, and its return names the
payout that it reverses.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_TABLE = "ledger_transfer"
_REMADE = "ledger_transfer_remade"

_RULES_THAT_GO = (
    "ck_ledger_transfer_refund_names_its_charge",
    "ck_ledger_transfer_line_of_a_charge",
)

_RULES_THAT_COME = {
    "ck_ledger_transfer_reversal_names_its_transfer": (
        "(code IN ('refund', 'payout_return')) = (reverses_id IS NOT NULL)"
    ),
    "ck_ledger_transfer_line_of_a_charge": (
        "(code IN ('charge', 'refund')) = (line_id IS NOT NULL)"
    ),
}

_RULES_THAT_STAY = {
    "ck_ledger_transfer_amount_positive": "amount > 0 OR (amount = 0 AND phase = 'post')",
    "ck_ledger_transfer_two_accounts": "debit_account_id <> credit_account_id",
    "ck_ledger_transfer_resolution_names_its_hold": (
        "(phase IN ('post', 'void', 'expire')) = (pending_id IS NOT NULL)"
    ),
    "ck_ledger_transfer_only_holds_expire": "(phase = 'pending') = (expires_at IS NOT NULL)",
}

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


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _remake_table()
        return
    for name in _RULES_THAT_GO:
        op.drop_constraint(name, _TABLE, type_="check")
    for name, rule in _RULES_THAT_COME.items():
        op.create_check_constraint(name, _TABLE, rule)


def _remake_table() -> None:
    """SQLite can't change a rule: the rows move to a table that has the new ones.

    The old table's guards, which refuse every DELETE, go with it: dropping a table fires no
    trigger. Foreign keys are watched all the while, and a table that is dropped is emptied first.
    """
    op.create_table(_REMADE, *_columns(), *_constraints())
    columns = ", ".join(column.name for column in _columns())
    # In the order of their making, so that each row finds those that it names.
    op.execute(
        f"INSERT INTO {_REMADE} ({columns}) SELECT {columns} FROM {_TABLE} ORDER BY rowid"  # noqa: S608 - names of this file
    )
    # To drop a row SQLite looks for those that name it, without an index through all of them:
    # 14 s for 20,000 transfers, and the square of it for more; with one 4 s for 200,000.
    op.create_index("ix_ledger_transfer_reverses", _TABLE, ["reverses_id"])
    op.drop_table(_TABLE)
    op.rename_table(_REMADE, _TABLE)
    op.create_index("ix_ledger_transfer_subject", _TABLE, ["subject"])
    for side in ("debit", "credit"):
        op.create_index(f"ix_ledger_transfer_{side}", _TABLE, [f"{side}_account_id", "created_at"])
    for statement in _SQLITE_GUARDS:
        op.execute(statement)


def _columns() -> list[sa.Column[object]]:
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


def _constraints() -> list[sa.Constraint]:
    # The table names itself; SQLite renames that together with the table.
    references = {
        "debit_account_id": "ledger_account.id",
        "credit_account_id": "ledger_account.id",
        "pending_id": f"{_REMADE}.id",
        "reverses_id": f"{_REMADE}.id",
    }
    checks = _RULES_THAT_STAY | _RULES_THAT_COME
    return [
        sa.PrimaryKeyConstraint("id", name="pk_ledger_transfer"),
        sa.UniqueConstraint("pending_id", name="uq_ledger_transfer_pending_id"),
        *(
            sa.ForeignKeyConstraint([column], [target], name=f"fk_ledger_transfer_{column}")
            for column, target in references.items()
        ),
        *(sa.CheckConstraint(rule, name=name) for name, rule in checks.items()),
    ]
