"""What an operator does to an account, in the console or the shell: each act with its audit entry.

Both are one transaction. An act is done once a reference: sent again, it changes nothing and is not
written down again.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

from pydantic import JsonValue
from sqlalchemy.orm import Session

from studio.accounts import service as accounts
from studio.ledger import service as ledger
from studio.operators.service import is_recorded, record_action

GRANT: Final = "credits.grant"
SUSPEND: Final = "accounts.suspend"
RESUME: Final = "accounts.resume"
_ACTS: Final = UUID("0b4d0a53-6a0e-5f0e-9f2b-6d1f6d3a9c41")
"""Ours: the ids of acts are made below it."""


@dataclass(frozen=True)
class Act:
    """Who does it, and why. `operator` is an account's id, or `shell`."""

    operator: str
    reference: str
    reason: str
    now: datetime


def grant_credits(
    session: Session, act: Act, *, account_id: str, credits: int, expires_at: datetime | None
) -> ledger.Balance:
    """Give credits; what the wallet then has. The reference is the grant's own, for everybody.

    UnknownAccount, and what `ledger.grant` raises.
    """
    accounts.get_account(session, account_id=account_id)
    wallet = ledger.open_wallet(session, owner=account_id, now=act.now)
    # It locks the wallet, so that of two that are sent at once the second finds the first's entry.
    ledger.grant(
        session,
        wallet=wallet,
        grant_id=act.reference,
        credits=credits,
        reason=act.reason,
        expires_at=expires_at,
        now=act.now,
    )
    ends = expires_at.isoformat() if expires_at else None
    _record(
        session, act, GRANT, account_id, credits=credits, reference=act.reference, expires_at=ends
    )
    return ledger.balance(session, wallet=wallet)


def suspend(session: Session, act: Act, *, account_id: str) -> None:
    """Have an account start nothing from now on. UnknownAccount."""
    if is_recorded(session, _action_id(act, SUSPEND, account_id)):
        return
    if accounts.suspend_account(session, account_id=account_id, now=act.now):
        _record(session, act, SUSPEND, account_id)


def resume(session: Session, act: Act, *, account_id: str) -> None:
    """End a suspension. UnknownAccount."""
    if is_recorded(session, _action_id(act, RESUME, account_id)):
        return
    if accounts.resume_account(session, account_id=account_id):
        _record(session, act, RESUME, account_id)


def _record(session: Session, act: Act, action: str, account_id: str, **details: JsonValue) -> None:
    action_id = _action_id(act, action, account_id)
    if not is_recorded(session, action_id):
        record_action(
            session,
            operator=act.operator,
            action=action,
            account_id=account_id,
            details={**details, "reason": act.reason},
            now=act.now,
            action_id=action_id,
        )


def _action_id(act: Act, action: str, account_id: str) -> UUID:
    """Of the account as well: a form sent to another one must not be told that it was done."""
    return uuid5(_ACTS, f"{action} {account_id} {act.reference}")
