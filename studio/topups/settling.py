"""Doing what was decided: the row and the wallet change in one transaction, or neither does."""

from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from studio.contracts.purchase import PurchaseStanding
from studio.topups.decision import Finding, decide
from studio.topups.ports import Wallets
from studio.topups.repository import change, list_owing, next_change
from studio.topups.tables import TopUpRow, TopUpState

TAKEN_BACK: Final = "refund or dispute of a purchase"
OWING_AT_ONCE_MAX: Final = 100
_STILL: Final = frozenset({Finding.UNCHANGED, Finding.MISMATCH})


def settle(
    session: Session, seen: TopUpRow, found: PurchaseStanding, *, wallets: Wallets, now: datetime
) -> Finding:
    """Bring a purchase and its wallet to what was found.

    `seen` is the row as it was read before `found` was asked for: only then is what was found the
    newest there is. Raises TopUpChanged where the row is another one by now; roll back, look again.
    """
    verdict = decide(seen, found)
    if verdict.finding in _STILL:
        return verdict.finding
    at = next_change(seen, now)
    ended: dict[str, object] = {"state": verdict.state, "session_id": found.session_id}
    if verdict.state is not TopUpState.PAID:
        change(session, seen, ended, at=at)
        return verdict.finding
    # The ledger first: it locks the wallet, and a fixed order of locks cannot deadlock.
    wallet = wallets.open_wallet(session, owner=seen.account_id, now=now)
    payment = f"payment:{found.payment_id}"
    if verdict.finding is Finding.PAID:
        wallets.top_up(session, wallet=wallet, credits=seen.credits, reference=payment, now=now)
    moved = _move(
        session,
        seen,
        due_credits=verdict.due_credits,
        wallets=wallets,
        wallet=wallet,
        reference=f"{payment}:{_stamp(at)}",
        now=now,
    )
    paid = {
        "payment_id": found.payment_id,
        "paid_at": seen.paid_at or now,
        "refunded_cents": verdict.refunded_cents,
        "disputed_at": (seen.disputed_at or now) if verdict.is_disputed else None,
    }
    change(session, seen, {**ended, **paid, **moved}, at=at)
    if verdict.finding in {Finding.PAID, Finding.RETURNED}:
        collect_owed(session, seen.account_id, wallets=wallets, now=now)
    return verdict.finding


def collect_owed(session: Session, account_id: str, *, wallets: Wallets, now: datetime) -> None:
    """Take what is owed out of what there is, the oldest purchase first."""
    owing = list_owing(session, account_id=account_id, limit=OWING_AT_ONCE_MAX)
    for row in owing:
        at = next_change(row, now)
        took = wallets.withdraw(
            session,
            wallet=wallets.open_wallet(session, owner=account_id, now=now),
            credits_max=row.owed_credits,
            reference=f"payment:{row.payment_id}:{_stamp(at)}",
            reason=TAKEN_BACK,
            now=now,
        )
        if not took:
            return
        values: dict[str, object] = {
            "withdrawn_credits": row.withdrawn_credits + took,
            "owed_credits": row.owed_credits - took,
        }
        change(session, row, values, at=at)


def _move(
    session: Session,
    seen: TopUpRow,
    *,
    due_credits: int,
    wallets: Wallets,
    wallet: str,
    reference: str,
    now: datetime,
) -> dict[str, object]:
    """Take credits out of the wallet or put them back; what was taken and what is owed then."""
    withdrawn, owed = seen.withdrawn_credits, seen.owed_credits
    more = due_credits - withdrawn - owed
    if more > 0:
        took = wallets.withdraw(
            session,
            wallet=wallet,
            credits_max=more,
            reference=reference,
            reason=TAKEN_BACK,
            now=now,
        )
        withdrawn, owed = withdrawn + took, owed + more - took
    elif more < 0:
        forgiven = min(owed, -more)
        back = -more - forgiven
        withdrawn, owed = withdrawn - back, owed - forgiven
        if back:
            wallets.top_up(session, wallet=wallet, credits=back, reference=reference, now=now)
    return {"withdrawn_credits": withdrawn, "owed_credits": owed}


def _stamp(at: datetime) -> str:
    """What tells one change of a row from every other: its date, which only grows."""
    return at.isoformat(timespec="microseconds")
