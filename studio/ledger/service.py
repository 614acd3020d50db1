"""Credits: wallets, gifts, holds, charges, refunds and payouts.

Every function takes the caller's session and `now`, and none commits: what a render row says and
what was charged for it change in one transaction. Where both are written, call the ledger first:
it locks the wallet, and a fixed order of locks cannot deadlock.
"""

from studio.ledger.auditing import audit
from studio.ledger.filling import ensure_test_credits
from studio.ledger.grants import expire_grants, grant, open_grants
from studio.ledger.guests import filled_guest_wallets
from studio.ledger.holds import expire_due, release_open, reserve, settle, settle_lines
from studio.ledger.identity import wallet_id
from studio.ledger.pages import spending, statement
from studio.ledger.payouts import pay_out, return_payout, withdraw
from studio.ledger.reading import cash, open_subjects, receipt, summary
from studio.ledger.records import (
    Balance,
    Cash,
    Grant,
    LineReceipt,
    LineState,
    RenderSpending,
    SpendingPage,
    StatementLine,
    StatementPage,
    SubjectSummary,
)
from studio.ledger.refunds import refund, refund_settled
from studio.ledger.wallets import balance, balances, open_wallet, top_up

__all__ = [
    "Balance",
    "Cash",
    "Grant",
    "LineReceipt",
    "LineState",
    "RenderSpending",
    "SpendingPage",
    "StatementLine",
    "StatementPage",
    "SubjectSummary",
    "audit",
    "balance",
    "balances",
    "cash",
    "ensure_test_credits",
    "expire_due",
    "expire_grants",
    "filled_guest_wallets",
    "grant",
    "open_grants",
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
    "spending",
    "statement",
    "summary",
    "top_up",
    "wallet_id",
    "withdraw",
]
