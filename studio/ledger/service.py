"""Credits: wallets, holds, charges and refunds.

Every function takes the caller's session and `now`, and none commits: what a render row says and
what was charged for it change in one transaction. Where both are written, call the ledger first:
it locks the wallet, and a fixed order of locks cannot deadlock.
"""

from studio.ledger.auditing import audit
from studio.ledger.holds import expire_due, release_open, reserve, settle, settle_lines
from studio.ledger.identity import wallet_id
from studio.ledger.reading import open_subjects, receipt, statement, summary
from studio.ledger.records import (
    Balance,
    LineReceipt,
    LineState,
    StatementLine,
    SubjectSummary,
)
from studio.ledger.refunds import refund
from studio.ledger.wallets import balance, open_wallet, top_up

__all__ = [
    "Balance",
    "LineReceipt",
    "LineState",
    "StatementLine",
    "SubjectSummary",
    "audit",
    "balance",
    "expire_due",
    "open_subjects",
    "open_wallet",
    "receipt",
    "refund",
    "release_open",
    "reserve",
    "settle",
    "settle_lines",
    "statement",
    "summary",
    "top_up",
    "wallet_id",
]
