"""Holds: one a charge line, all made together, each resolved exactly once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Executable
from sqlalchemy.orm import Session

from studio.contracts.plan import ChargeLine
from studio.ledger.errors import (
    ExceedsHold,
    HoldAlreadyResolved,
    HoldExpired,
    IdempotencyConflict,
    InvalidReference,
    UnknownHold,
)
from studio.ledger.grants import give_back_uses, use_grants
from studio.ledger.identity import REVENUE, house_of, transfer_id
from studio.ledger.statements import CHARGED, HOLDS, LOCK_SUBJECT, NAMED_HOLDS
from studio.ledger.tables import Phase, TransferCode
from studio.ledger.wallets import (
    check_amount,
    check_reference,
    insert_transfers,
    lock_wallet,
    resolve_held,
    take_into_hold,
)


@dataclass(frozen=True)
class Hold:
    """A hold and what became of it: `resolution` is None while it is open."""

    id: UUID
    wallet: str
    subject: str
    line_id: str
    held: int
    expires_at: datetime | None
    resolution: Phase | None
    charged: int


def reserve(
    session: Session,
    *,
    wallet: str,
    subject: str,
    lines: Sequence[ChargeLine],
    expires_at: datetime,
    now: datetime,
) -> None:
    """Hold every line that costs something, or none of them. Gifts are taken first.

    Repeating it with the same lines has no effect, whatever became of the holds since; the expiry
    is no part of the meaning, since a retry computes a later one. Raises InsufficientCredits,
    UnknownWallet, InvalidReference, and IdempotencyConflict where the subject's lines or wallet
    differ from those already held.
    """
    wanted = _priced(lines)
    check_reference(subject)
    lock_wallet(session, wallet)
    existing = holds_of(session, subject)
    if existing:
        same_lines = {hold.line_id: hold.held for hold in existing} == wanted
        if same_lines and all(hold.wallet == wallet for hold in existing):
            return
        raise IdempotencyConflict(f"{subject} already holds other lines or another wallet.")
    if not wanted:
        return
    total = sum(wanted.values())
    has_gifts = take_into_hold(session, wallet, total, now=now)
    revenue = house_of(wallet, REVENUE)
    rows = [
        {
            "id": transfer_id(subject, f"hold:{line_id}"),
            "phase": Phase.PENDING,
            "code": TransferCode.CHARGE,
            "debit_account_id": wallet,
            "credit_account_id": revenue,
            "amount": credits,
            "subject": subject,
            "line_id": line_id,
            "expires_at": expires_at,
            "created_at": now,
        }
        for line_id, credits in wanted.items()
    ]
    insert_transfers(session, rows)
    if has_gifts:
        use_grants(session, wallet=wallet, subject=subject, credits=total, now=now)


def settle(
    session: Session, *, subject: str, line_id: str, now: datetime, credits: int | None = None
) -> None:
    """Charge a line: the whole hold, or `credits` of it with the rest given back.

    Repeating it with the same amount has no effect. Raises UnknownHold, ExceedsHold,
    InvalidAmount, HoldAlreadyResolved (HoldExpired) after a release, and IdempotencyConflict where
    another amount was charged.
    """
    lock_subject(session, subject)
    holds = _named_holds(session, subject, [line_id])
    if not holds:
        raise UnknownHold(subject, line_id)
    hold = holds[0]
    amount = hold.held if credits is None else credits
    check_amount(amount, minimum=0)
    if amount > hold.held:
        raise ExceedsHold(credits_asked=amount, credits_held=hold.held)
    if _is_charged(hold):
        if hold.charged != amount:
            raise IdempotencyConflict(
                f"Line {line_id} of {subject} was already charged with {hold.charged} credits."
            )
        return
    _resolve(session, [(hold, amount)], phase=Phase.POST, now=now)


def settle_lines(session: Session, *, subject: str, line_ids: Iterable[str], now: datetime) -> int:
    """Charge the whole hold of each line; returns all that the subject was ever charged.

    Lines already charged, and lines without a hold (they cost nothing), are left alone. Raises
    HoldAlreadyResolved (HoldExpired) if one of the lines was released, and then charges none.
    """
    wanted = sorted(set(line_ids))
    if wanted:
        lock_subject(session, subject)
        holds = _named_holds(session, subject, wanted)
        due = [(hold, hold.held) for hold in holds if not _is_charged(hold)]
        if due:
            _resolve(session, due, phase=Phase.POST, now=now)
    return int(session.scalar(CHARGED, {"subject": subject}) or 0)


def release_open(session: Session, *, subject: str, now: datetime) -> int:
    """Give back every hold of the subject that is still open; returns the credits given back."""
    lock_subject(session, subject)
    due = [hold for hold in holds_of(session, subject) if hold.resolution is None]
    return _give_back(session, due, phase=Phase.VOID, now=now)


def expire_due(session: Session, *, subjects: Iterable[str], now: datetime) -> int:
    """Expire the open holds of these subjects that are past their time; returns the credits.

    Name only subjects whose workflow is closed or absent: a render still running keeps its holds
    however long it takes.
    """
    released = 0
    for subject in sorted(set(subjects)):
        lock_subject(session, subject)
        holds = holds_of(session, subject)
        due = [hold for hold in holds if hold.resolution is None and _is_past(hold, now)]
        released += _give_back(session, due, phase=Phase.EXPIRE, now=now)
    return released


def holds_of(session: Session, subject: str) -> list[Hold]:
    """Every hold of a subject with its resolution, in one query, ordered by line id."""
    return _read_holds(session, HOLDS, subject, {})


def lock_subject(session: Session, subject: str) -> None:
    """Lock the wallet that the subject's holds are on, if it has any.

    On SQLite the transaction already has the only write lock.
    """
    if session.get_bind().dialect.name != "sqlite":
        session.execute(LOCK_SUBJECT, {"subject": subject})


def _named_holds(session: Session, subject: str, line_ids: Sequence[str]) -> list[Hold]:
    """As `holds_of`, of these lines; those that hold nothing are missing."""
    return _read_holds(session, NAMED_HOLDS, subject, {"line_ids": line_ids})


def _read_holds(
    session: Session, statement: Executable, subject: str, values: Mapping[str, object]
) -> list[Hold]:
    rows = session.execute(statement, {"subject": subject, **values}).all()
    return [
        Hold(
            id=row[0],
            wallet=row[1],
            subject=subject,
            line_id=row[2] or "",
            held=row[3],
            expires_at=row[4],
            resolution=row[5],
            charged=row[6] if row[5] is Phase.POST else 0,
        )
        for row in rows
    ]


def _priced(lines: Sequence[ChargeLine]) -> dict[str, int]:
    wanted: dict[str, int] = {}
    for line in lines:
        check_reference(line.line_id)
        check_amount(line.credits, minimum=0)
        if line.line_id in wanted:
            raise InvalidReference(f"The line {line.line_id} is there twice.")
        wanted[line.line_id] = line.credits
    return {line_id: credits for line_id, credits in wanted.items() if credits}


def _is_charged(hold: Hold) -> bool:
    """Whether the hold is charged; raises where its credits were given back."""
    if hold.resolution is Phase.EXPIRE:
        raise HoldExpired(hold.subject, hold.line_id)
    if hold.resolution is Phase.VOID:
        raise HoldAlreadyResolved(hold.subject, hold.line_id)
    return hold.resolution is Phase.POST


def _is_past(hold: Hold, now: datetime) -> bool:
    return hold.expires_at is not None and hold.expires_at <= now


def _give_back(session: Session, due: Sequence[Hold], *, phase: Phase, now: datetime) -> int:
    if due:
        _resolve(session, [(hold, hold.held) for hold in due], phase=phase, now=now)
    return sum(hold.held for hold in due)


def _resolve(
    session: Session, due: Sequence[tuple[Hold, int]], *, phase: Phase, now: datetime
) -> None:
    """Write one resolution a hold and change the wallet once. All holds are of one subject.

    What is not charged goes back to the gifts that it came from.
    """
    subject, wallet = due[0][0].subject, due[0][0].wallet
    revenue = house_of(wallet, REVENUE)
    rows = [
        {
            "id": transfer_id(subject, f"{phase.value}:{hold.line_id}"),
            "phase": phase,
            "code": TransferCode.CHARGE,
            "debit_account_id": wallet,
            "credit_account_id": revenue,
            "amount": amount,
            "pending_id": hold.id,
            "subject": subject,
            "line_id": hold.line_id,
            "created_at": now,
        }
        for hold, amount in due
    ]
    insert_transfers(session, rows)
    held = sum(hold.held for hold, _ in due)
    charged = sum(amount for _, amount in due) if phase is Phase.POST else 0
    resolve_held(session, wallet, held=held, charged=charged)
    if charged < held:
        give_back_uses(session, subject=subject, now=now)
