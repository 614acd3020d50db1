"""Credits: wallets, holds, charges, refunds and payouts.

Every function takes the caller's session and `now`, and none commits: what a render row says and
what was charged for it change in one transaction. Where both are written, call the ledger first:
it locks the wallet, and a fixed order of locks cannot deadlock.
"""

from studio.ledger.auditing import audit
from studio.ledger.guests import filled_guest_wallets
from studio.ledger.holds import expire_due, release_open, reserve, settle, settle_lines
from studio.ledger.identity import wallet_id
from studio.ledger.payouts import pay_out, return_payout
from studio.ledger.reading import cash, open_subjects, receipt, statement, summary
from studio.ledger.records import (
    Balance,
    Cash,
    LineReceipt,
    LineState,
    StatementLine,
    SubjectSummary,
)
from studio.ledger.refunds import refund, refund_settled
from studio.ledger.wallets import balance, open_wallet, top_up
from studio.ledger.withdrawals import withdraw

__all__ = [
    "Balance",
    "Cash",
    "LineReceipt",
    "LineState",
    "StatementLine",
    "SubjectSummary",
    "audit",
    "balance",
    "cash",
    "expire_due",
    "filled_guest_wallets",
    "open_subjects",
    "open_wallet",
    "pay_out",
    "receipt",
    "refund",
    "refund_settled",
    "release_open",
    "reserve",
    "return_payout",
    "settle",
    "settle_lines",
    "statement",
    "summary",
    "top_up",
    "wallet_id",
    "withdraw",
]
