"""What must hold of the ledger's raw rows, worked out here without the ledger's own code."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select

from studio.db.engine import Database
from studio.ledger.identity import CASH, GRANTS
from studio.ledger.tables import (
    GrantRow,
    GrantUseRow,
    LedgerAccountRow,
    Phase,
    TransferCode,
    TransferRow,
)

RESOLUTIONS = (Phase.POST, Phase.VOID, Phase.EXPIRE)


class AccountRecord(NamedTuple):
    id: str
    kind: str
    debits_pending: int
    debits_posted: int
    credits_posted: int


class TransferRecord(NamedTuple):
    id: UUID
    phase: Phase
    code: TransferCode
    debit: str
    credit: str
    amount: int
    pending_id: UUID | None
    reverses_id: UUID | None
    subject: str
    line_id: str | None


class GrantRecord(NamedTuple):
    wallet: str
    credits: int
    remaining: int
    has_ended: bool


@dataclass(frozen=True)
class Books:
    """Every row of the ledger at one moment. `uses` are by subject and grant."""

    accounts: dict[str, AccountRecord]
    transfers: dict[UUID, TransferRecord]
    grants: dict[str, GrantRecord]
    uses: dict[tuple[str, str], int]


def read_books(database: Database) -> Books:
    account, transfer = LedgerAccountRow, TransferRow
    with database.reading() as session:
        accounts = session.execute(
            select(
                account.id,
                account.kind,
                account.debits_pending,
                account.debits_posted,
                account.credits_posted,
            )
        ).all()
        transfers = session.execute(
            select(
                transfer.id,
                transfer.phase,
                transfer.code,
                transfer.debit_account_id,
                transfer.credit_account_id,
                transfer.amount,
                transfer.pending_id,
                transfer.reverses_id,
                transfer.subject,
                transfer.line_id,
            )
        ).all()
        grants = session.execute(
            select(
                GrantRow.grant_id,
                GrantRow.wallet,
                GrantRow.credits,
                GrantRow.remaining,
                GrantRow.expired_at.is_not(None),
            )
        ).all()
        uses = session.execute(
            select(GrantUseRow.subject, GrantUseRow.grant_id, GrantUseRow.credits)
        ).all()
    return Books(
        accounts={row[0]: AccountRecord._make(row) for row in accounts},
        transfers={row[0]: TransferRecord._make(row) for row in transfers},
        grants={row[0]: GrantRecord._make(row[1:]) for row in grants},
        uses={(row[0], row[1]): row[2] for row in uses},
    )


def check_books(before: Books, now: Books) -> None:
    """The invariants of every moment, and that history only grows."""
    check_nothing_past_changed(before, now)
    check_both_sides_exist(now)
    check_counters_are_derived(now)
    check_nothing_overdrawn(now)
    check_resolutions(now)
    check_refunds(now)
    check_payouts(now)
    check_cash(now)
    check_gifts(now)
    check_uses(now)
    check_tests_are_apart(now)


def check_nothing_past_changed(before: Books, now: Books) -> None:
    for transfer_id, transfer in before.transfers.items():
        assert now.transfers.get(transfer_id) == transfer, "a past transfer changed"


def check_both_sides_exist(books: Books) -> None:
    debits: Counter[str] = Counter()
    credits: Counter[str] = Counter()
    for transfer in books.transfers.values():
        assert transfer.debit in books.accounts
        assert transfer.credit in books.accounts
        assert transfer.debit != transfer.credit
        if transfer.phase in (Phase.POSTED, Phase.POST):
            debits[transfer.debit] += transfer.amount
            credits[transfer.credit] += transfer.amount
    assert debits.total() == credits.total()
    owed = sum(a.credits_posted - a.debits_posted for a in _wallets(books))
    house = [account.id for account in books.accounts.values() if account.kind == "house"]
    assert owed == sum(debits[name] - credits[name] for name in house), "the books do not balance"


def check_counters_are_derived(books: Books) -> None:
    resolved = {transfer.pending_id for transfer in books.transfers.values()}
    granted: Counter[str] = Counter()
    spent: Counter[str] = Counter()
    held: Counter[str] = Counter()
    for transfer in books.transfers.values():
        if transfer.phase is Phase.POSTED:
            granted[transfer.credit] += transfer.amount
            spent[transfer.debit] += transfer.amount
        elif transfer.phase is Phase.POST:
            spent[transfer.debit] += transfer.amount
        elif transfer.phase is Phase.PENDING and transfer.id not in resolved:
            held[transfer.debit] += transfer.amount
    for wallet in _wallets(books):
        counted = (wallet.credits_posted, wallet.debits_posted, wallet.debits_pending)
        assert counted == (granted[wallet.id], spent[wallet.id], held[wallet.id]), wallet


def check_nothing_overdrawn(books: Books) -> None:
    for wallet in _wallets(books):
        assert wallet.credits_posted - wallet.debits_posted - wallet.debits_pending >= 0, wallet


def check_resolutions(books: Books) -> None:
    seen: set[UUID] = set()
    for transfer in books.transfers.values():
        if transfer.phase not in RESOLUTIONS:
            assert transfer.pending_id is None
            continue
        assert transfer.pending_id is not None
        assert transfer.pending_id not in seen, "a hold was resolved twice"
        seen.add(transfer.pending_id)
        hold = books.transfers[transfer.pending_id]
        assert hold.phase is Phase.PENDING
        assert (transfer.debit, transfer.credit) == (hold.debit, hold.credit)
        assert (transfer.subject, transfer.line_id) == (hold.subject, hold.line_id)
        lowest = 0 if transfer.phase is Phase.POST else hold.amount
        assert lowest <= transfer.amount <= hold.amount, (transfer, hold)


def check_refunds(books: Books) -> None:
    refunded: defaultdict[UUID, int] = defaultdict(int)
    for transfer in books.transfers.values():
        if transfer.code is TransferCode.REFUND:
            assert transfer.reverses_id is not None
            refunded[transfer.reverses_id] += transfer.amount
    for charge_id, total in refunded.items():
        charge = books.transfers[charge_id]
        assert charge.phase is Phase.POST
        assert total <= charge.amount, "more was refunded than was charged"


def check_payouts(books: Books) -> None:
    """A payout leaves a wallet for cash, and comes back the same way, whole, and once."""
    returned: set[UUID] = set()
    for transfer in books.transfers.values():
        if transfer.code is TransferCode.PAYOUT:
            assert books.accounts[transfer.debit].kind == "wallet"
            cash = "house:test-cash" if transfer.debit.endswith("~test") else CASH
            assert (transfer.phase, transfer.credit) == (Phase.POSTED, cash)
        elif transfer.code is TransferCode.PAYOUT_RETURN:
            assert transfer.reverses_id is not None
            assert transfer.reverses_id not in returned, "a payout came back twice"
            returned.add(transfer.reverses_id)
            payout = books.transfers[transfer.reverses_id]
            assert payout.code is TransferCode.PAYOUT
            way_back = (transfer.credit, transfer.debit, transfer.amount)
            assert way_back == (payout.debit, payout.credit, payout.amount)


def check_cash(books: Books) -> None:
    """What was paid for a wallet or given is in it, unless it went back or was charged for good."""
    kept: Counter[str] = Counter()
    given: Counter[str] = Counter()
    charged: Counter[str] = Counter()
    for transfer in books.transfers.values():
        if transfer.code in (TransferCode.TOP_UP, TransferCode.PAYOUT_RETURN):
            kept[transfer.credit] += transfer.amount
        elif transfer.code is TransferCode.PAYOUT:
            kept[transfer.debit] -= transfer.amount
        elif transfer.code is TransferCode.GRANT:
            given[transfer.credit] += transfer.amount
        elif transfer.code is TransferCode.GRANT_EXPIRY:
            given[transfer.debit] -= transfer.amount
        elif transfer.code is TransferCode.REFUND:
            charged[transfer.credit] -= transfer.amount
        elif transfer.phase is Phase.POST:
            charged[transfer.debit] += transfer.amount
    for wallet in _wallets(books):
        inside = wallet.credits_posted - wallet.debits_posted
        assert kept[wallet.id] + given[wallet.id] == inside + charged[wallet.id], wallet
        assert kept[wallet.id] >= 0, "more was paid out than was paid in"


def check_gifts(books: Books) -> None:
    """What is left of a gift is what was neither used nor ended, and its wallet has it."""
    used: Counter[str] = Counter()
    for (_, grant_id), credits in books.uses.items():
        used[grant_id] += credits
    given: Counter[str] = Counter()
    ended: Counter[str] = Counter()
    for transfer in books.transfers.values():
        if transfer.code is TransferCode.GRANT:
            wallet = books.grants[transfer.subject].wallet
            assert (transfer.debit, transfer.credit) == (GRANTS, wallet)
            given[transfer.subject] += transfer.amount
        elif transfer.code is TransferCode.GRANT_EXPIRY:
            wallet = books.grants[transfer.subject].wallet
            assert (transfer.debit, transfer.credit) == (wallet, GRANTS)
            ended[transfer.subject] += transfer.amount
    left: Counter[str] = Counter()
    for grant_id, grant in books.grants.items():
        assert grant.credits == given[grant_id]
        assert grant.remaining == grant.credits - used[grant_id] - ended[grant_id], grant
        assert grant.has_ended or not ended[grant_id]
        assert grant.remaining == 0 or not grant.has_ended, "a gift that ended can be spent"
        left[grant.wallet] += grant.remaining
    for account in _wallets(books):
        available = account.credits_posted - account.debits_posted - account.debits_pending
        assert left[account.id] <= available, "gifts are spent that are still there"


def check_uses(books: Books) -> None:
    """A render took no more of gifts than it holds and was charged, and of its own wallet's."""
    resolved = {t.pending_id: t for t in books.transfers.values() if t.pending_id is not None}
    kept: Counter[str] = Counter()
    payer: dict[str, str] = {}
    for transfer in books.transfers.values():
        if transfer.phase is not Phase.PENDING:
            continue
        payer[transfer.subject] = transfer.debit
        resolution = resolved.get(transfer.id)
        if resolution is None:
            kept[transfer.subject] += transfer.amount
        elif resolution.phase is Phase.POST:
            kept[transfer.subject] += resolution.amount
    used: Counter[str] = Counter()
    for (subject, grant_id), credits in books.uses.items():
        assert credits >= 0
        assert books.grants[grant_id].wallet == payer[subject]
        used[subject] += credits
    for subject, credits in used.items():
        assert credits <= kept[subject], "a render took more of gifts than it keeps"


def check_tests_are_apart(books: Books) -> None:
    for transfer in books.transfers.values():
        sides = [
            name.endswith("~test") or name.startswith("house:test-")
            for name in (transfer.debit, transfer.credit)
        ]
        assert sides[0] == sides[1], "test credits met real ones"


def _wallets(books: Books) -> Iterable[AccountRecord]:
    return [account for account in books.accounts.values() if account.kind == "wallet"]
