"""Wallets: opening, locking, filling, and the guarded statements that change their counters."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, Update, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from studio.ledger.errors import (
    IdempotencyConflict,
    InsufficientCredits,
    InvalidAmount,
    InvalidReference,
    LedgerDrift,
    UnknownWallet,
)
from studio.ledger.identity import CASH, house_of, transfer_id, wallet_id
from studio.ledger.records import Balance
from studio.ledger.statements import (
    ENDED,
    INSERT_TRANSFERS,
    LOCK_WALLET,
    RESOLVE_HELD,
    TAKE_INTO_HOLD,
    TAKE_OUT,
)
from studio.ledger.tables import (
    CURRENCY,
    OWNER_LENGTH_MAX,
    REFERENCE_LENGTH_MAX,
    AccountKind,
    GrantRow,
    LedgerAccountRow,
    Phase,
    TransferCode,
    TransferRow,
)

TRANSFER_CREDITS_MAX = 1_000_000_000
"""Ten million dollars in one movement is a typing error; sums stay far inside 64 bits."""


def open_wallet(session: Session, *, owner: str, now: datetime) -> str:
    """Open the owner's wallet, empty, unless it is there. Returns its id."""
    if not 0 < len(owner) <= OWNER_LENGTH_MAX:
        raise InvalidReference(f"A wallet's owner has 1 to {OWNER_LENGTH_MAX} characters.")
    wallet = wallet_id(owner)
    if session.scalar(select(LedgerAccountRow.id).where(LedgerAccountRow.id == wallet)):
        return wallet
    try:
        with session.begin_nested():
            session.execute(
                insert(LedgerAccountRow).values(
                    id=wallet,
                    kind=AccountKind.WALLET,
                    owner=owner,
                    currency=CURRENCY,
                    debits_pending=0,
                    debits_posted=0,
                    credits_posted=0,
                    created_at=now,
                )
            )
    except IntegrityError:
        pass  # somebody opened it between our look and our insert
    return wallet


def top_up(session: Session, *, wallet: str, credits: int, reference: str, now: datetime) -> None:
    """Put credits into a wallet that were paid for, once a `reference`.

    Raises InvalidAmount, InvalidReference, UnknownWallet, and IdempotencyConflict where the
    reference was used for another wallet or amount.
    """
    check_amount(credits, minimum=1)
    check_reference(reference)
    lock_wallet(session, wallet)
    step = transfer_id(reference, "top_up")
    if _is_repeat(session, step_id=step, wallet=wallet, credits=credits, reference=reference):
        return
    row = {
        "id": step,
        "phase": Phase.POSTED,
        "code": TransferCode.TOP_UP,
        "debit_account_id": house_of(wallet, CASH),
        "credit_account_id": wallet,
        "amount": credits,
        "subject": reference,
        "created_at": now,
    }
    insert_transfers(session, [row])
    add_credits(session, wallet, credits)


def _is_repeat(
    session: Session, *, step_id: object, wallet: str, credits: int, reference: str
) -> bool:
    found = session.execute(
        select(TransferRow.credit_account_id, TransferRow.amount).where(TransferRow.id == step_id)
    ).one_or_none()
    if found is None:
        return False
    if tuple(found) != (wallet, credits):
        raise IdempotencyConflict(
            f"The reference {reference} was already used for another wallet or amount."
        )
    return True


def balance(session: Session, *, wallet: str) -> Balance:
    """Read a wallet. Raises UnknownWallet."""
    found = _balances(session, [wallet])
    if not found:
        raise UnknownWallet(wallet)
    return found[wallet]


def balances(session: Session, *, owners: Iterable[str]) -> dict[str, Balance]:
    """The wallets of several owners, read at once; those without a wallet are left out."""
    wanted = {wallet_id(owner): owner for owner in owners}
    return {wanted[wallet]: found for wallet, found in _balances(session, list(wanted)).items()}


def _balances(session: Session, wallets: Sequence[str]) -> dict[str, Balance]:
    given = (
        select(func.coalesce(func.sum(GrantRow.remaining), 0))
        .where(GrantRow.wallet == LedgerAccountRow.id)
        .scalar_subquery()
    )
    rows = session.execute(
        select(
            LedgerAccountRow.id,
            LedgerAccountRow.credits_posted,
            LedgerAccountRow.debits_posted,
            LedgerAccountRow.debits_pending,
            given,
        ).where(LedgerAccountRow.id.in_(wallets), LedgerAccountRow.kind == AccountKind.WALLET)
    ).all()
    return {
        wallet: Balance(granted - spent - held, held, spent, granted, int(promotional))
        for wallet, granted, spent, held, promotional in rows
    }


def lock_wallet(session: Session, wallet: str) -> None:
    """Make every other writer of this wallet wait until the transaction ends.

    What is read afterwards can't change under us, so a repeat is told from a race and two
    transactions never wait for each other. PostgreSQL locks the row; on SQLite the transaction
    already has the only write lock.
    """
    if session.scalar(LOCK_WALLET, {"wallet": wallet}) is None:
        raise UnknownWallet(wallet)


def take_into_hold(session: Session, wallet: str, credits: int, *, now: datetime) -> bool:
    """Move available credits to held, or raise InsufficientCredits: one guarded statement.

    Returns whether the wallet has gifts. What has ended of them by `now` is not there to be held.
    """
    values = {"wallet": wallet, "held": credits, "now": now}
    given = session.scalar(TAKE_INTO_HOLD, values)
    if given is None:
        available = balance(session, wallet=wallet).available
        ended = int(session.scalar(ENDED, {"wallet": wallet, "now": now}) or 0)
        raise InsufficientCredits(credits_required=credits, credits_available=available - ended)
    return int(given) > 0


def take_out(session: Session, wallet: str, credits: int) -> None:
    """Let available credits leave: one guarded statement. The caller has looked what is there."""
    if not _change(session, TAKE_OUT, {"wallet": wallet, "paid": credits}):
        raise LedgerDrift(f"The wallet {wallet} has less than can be taken out of it.")


def resolve_held(session: Session, wallet: str, *, held: int, charged: int) -> None:
    """Take `held` out of the holds and charge `charged` of it; the rest is available again."""
    values = {"wallet": wallet, "held": held, "charged": charged}
    if not _change(session, RESOLVE_HELD, values):
        raise LedgerDrift(f"The wallet {wallet} holds less than its open holds.")


def add_credits(session: Session, wallet: str, credits: int) -> None:
    changed = _change(
        session,
        update(LedgerAccountRow)
        .where(LedgerAccountRow.id == wallet, LedgerAccountRow.kind == AccountKind.WALLET)
        .values(credits_posted=LedgerAccountRow.credits_posted + credits),
    )
    if not changed:
        raise UnknownWallet(wallet)


def insert_transfers(session: Session, rows: Sequence[dict[str, object]]) -> None:
    """Insert transfers in one statement. A collision of ids means that they were made before."""
    blank = {"pending_id": None, "reverses_id": None, "line_id": None}
    blank |= {"reason": None, "expires_at": None}
    try:
        session.execute(INSERT_TRANSFERS, [blank | row for row in rows])
    except IntegrityError as error:
        raise IdempotencyConflict(
            "Another transaction made this transfer with another meaning."
        ) from error


def check_amount(credits: int, *, minimum: int) -> None:
    if not minimum <= credits <= TRANSFER_CREDITS_MAX:
        raise InvalidAmount(
            f"{credits} is not an amount of credits; it must be between {minimum} and "
            f"{TRANSFER_CREDITS_MAX}."
        )


def check_reference(reference: str) -> None:
    if not reference or len(reference) > REFERENCE_LENGTH_MAX:
        raise InvalidReference(
            f"A reference needs 1 to {REFERENCE_LENGTH_MAX} characters; this one has "
            f"{len(reference)}."
        )


def _change(
    session: Session, statement: Update, values: Mapping[str, object] | None = None
) -> bool:
    """Whether the statement changed its one row."""
    options = {"synchronize_session": False}
    result = session.execute(statement, values, execution_options=options)
    return cast("CursorResult[Any]", result).rowcount == 1
