"""The ledger's writing functions as the state machine calls them, and faults to plant in them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import uuid4

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from studio.ledger import service as ledger
from studio.ledger.errors import (
    ExceedsHold,
    ExceedsSettlement,
    InsufficientCredits,
)
from studio.ledger.identity import CASH, REFUNDS, REVENUE, transfer_id
from studio.ledger.tables import LedgerAccountRow, Phase, TransferCode, TransferRow
from studio.ledger.wallets import insert_transfers
from tests.ledger_scenes import EXPIRY, NOW, charge_lines


class Operations:
    """The real ones."""

    def top_up(self, session: Session, wallet: str, credits: int, reference: str) -> None:
        ledger.top_up(session, wallet=wallet, credits=credits, reference=reference, now=NOW)

    def reserve(self, session: Session, wallet: str, subject: str, lines: dict[str, int]) -> None:
        ledger.reserve(
            session,
            wallet=wallet,
            subject=subject,
            lines=charge_lines(lines),
            expires_at=EXPIRY,
            now=NOW,
        )

    def settle(self, session: Session, subject: str, line_id: str, credits: int | None) -> None:
        ledger.settle(session, subject=subject, line_id=line_id, credits=credits, now=NOW)

    def settle_lines(self, session: Session, subject: str, line_ids: list[str]) -> int:
        return ledger.settle_lines(session, subject=subject, line_ids=line_ids, now=NOW)

    def release(self, session: Session, subject: str) -> int:
        return ledger.release_open(session, subject=subject, now=NOW)

    def expire(self, session: Session, subject: str, now: datetime) -> int:
        return ledger.expire_due(session, subjects=[subject], now=now)

    def refund(
        self, session: Session, subject: str, line_id: str, credits: int, reference: str
    ) -> None:
        ledger.refund(
            session,
            subject=subject,
            line_id=line_id,
            credits=credits,
            reason="a test",
            reference=reference,
            now=NOW,
        )

    def refund_settled(self, session: Session, subject: str, prefix: str) -> int:
        return ledger.refund_settled(
            session, subject=subject, reason="a test", reference_prefix=prefix, now=NOW
        )

    def pay_out(self, session: Session, wallet: str, credits: int, reference: str) -> None:
        ledger.pay_out(
            session,
            wallet=wallet,
            credits=credits,
            reference=reference,
            reason="a test",
            now=NOW,
        )

    def return_payout(self, session: Session, reference: str) -> None:
        ledger.return_payout(session, reference=reference, now=NOW)


class CountsPaymentsTwice(Operations):
    """A payment that is reported again is credited again."""

    def top_up(self, session: Session, wallet: str, credits: int, reference: str) -> None:
        before = ledger.balance(session, wallet=wallet).granted
        super().top_up(session, wallet, credits, reference)
        if ledger.balance(session, wallet=wallet).granted == before:
            _insert_posted(session, CASH, wallet, credits, code=TransferCode.TOP_UP)


class HoldsWithoutFunds(Operations):
    """The guard of the reservation is gone, and with it the database's own."""

    def reserve(self, session: Session, wallet: str, subject: str, lines: dict[str, int]) -> None:
        try:
            super().reserve(session, wallet, subject, lines)
        except InsufficientCredits as refusal:
            with _unguarded(session, wallet, refusal):
                super().reserve(session, wallet, subject, lines)


class KeepsReleasedCredits(Operations):
    """A release leaves one credit of several lines among those that are held."""

    def release(self, session: Session, subject: str) -> int:
        released = super().release(session, subject)
        if released > 1:
            wallet = _line(session, subject, None, Phase.PENDING).debit_account_id
            _bump(session, wallet, debits_pending=1)
        return released


class ChargesOneTooMany(Operations):
    """The limit of a settlement is off by one."""

    def settle(self, session: Session, subject: str, line_id: str, credits: int | None) -> None:
        try:
            super().settle(session, subject, line_id, credits)
        except ExceedsHold:
            hold = _line(session, subject, line_id, Phase.PENDING)
            if credits != hold.amount + 1:
                raise
            row = {"phase": Phase.POST, "code": TransferCode.CHARGE, "pending_id": hold.id}
            row |= {"debit_account_id": hold.debit_account_id, "credit_account_id": REVENUE}
            row |= {"id": transfer_id(subject, f"post:{line_id}"), "amount": credits}
            row |= {"subject": subject, "line_id": line_id, "created_at": NOW}
            insert_transfers(session, [row])
            _bump(
                session, hold.debit_account_id, debits_pending=-hold.amount, debits_posted=credits
            )


class RefundsWithoutMemory(Operations):
    """Each refund is compared with the charge alone, not with the refunds before it."""

    def refund(
        self, session: Session, subject: str, line_id: str, credits: int, reference: str
    ) -> None:
        try:
            super().refund(session, subject, line_id, credits, reference)
        except ExceedsSettlement:
            charge = _line(session, subject, line_id, Phase.POST)
            if credits > charge.amount:
                raise
            wallet = charge.debit_account_id
            _insert_posted(session, REFUNDS, wallet, credits, code=TransferCode.REFUND, of=charge)


class GivesBackWholeCharges(Operations):
    """What was refunded of a render before is given back again with the rest of it."""

    def refund_settled(self, session: Session, subject: str, prefix: str) -> int:
        of_subject = (TransferRow.subject == subject, TransferRow.code == TransferCode.REFUND)
        before = session.scalars(select(TransferRow).where(*of_subject)).all()
        given_back = super().refund_settled(session, subject, prefix)
        for made in before if given_back else ():
            charge = session.get_one(TransferRow, made.reverses_id)
            wallet, credits = made.credit_account_id, made.amount
            _insert_posted(session, REFUNDS, wallet, credits, code=TransferCode.REFUND, of=charge)
        return given_back


class PaysOutWithoutFunds(Operations):
    """The guard of the payout is gone, and with it the database's own."""

    def pay_out(self, session: Session, wallet: str, credits: int, reference: str) -> None:
        try:
            super().pay_out(session, wallet, credits, reference)
        except InsufficientCredits as refusal:
            with _unguarded(session, wallet, refusal):
                super().pay_out(session, wallet, credits, reference)


class PaysOutAgain(Operations):
    """A payout that is repeated under its reference leaves the wallet again."""

    def pay_out(self, session: Session, wallet: str, credits: int, reference: str) -> None:
        before = ledger.balance(session, wallet=wallet)
        super().pay_out(session, wallet, credits, reference)
        if ledger.balance(session, wallet=wallet) == before and before.available >= credits:
            super().pay_out(session, wallet, credits, f"{reference}, again")


class ReturnsPayoutsTwice(Operations):
    """A payout that came back comes back again when the bank says so again."""

    def return_payout(self, session: Session, reference: str) -> None:
        before = _granted(session)
        super().return_payout(session, reference)
        if _granted(session) == before:
            query = select(TransferRow).where(TransferRow.id == transfer_id(reference, "payout"))
            payout = session.scalars(query).one()
            _insert_posted(
                session,
                CASH,
                payout.debit_account_id,
                payout.amount,
                code=TransferCode.PAYOUT_RETURN,
                of=payout,
            )


FAULTS: tuple[type[Operations], ...] = (
    CountsPaymentsTwice,
    HoldsWithoutFunds,
    KeepsReleasedCredits,
    ChargesOneTooMany,
    RefundsWithoutMemory,
    GivesBackWholeCharges,
    PaysOutWithoutFunds,
    PaysOutAgain,
    ReturnsPayoutsTwice,
)


@contextmanager
def _unguarded(session: Session, wallet: str, refusal: InsufficientCredits) -> Iterator[None]:
    """Let a wallet be overdrawn by what it was refused for."""
    session.execute(text("PRAGMA ignore_check_constraints=ON"))
    _bump(session, wallet, credits_posted=refusal.credits_required)
    yield
    _bump(session, wallet, credits_posted=-refusal.credits_required)


def _granted(session: Session) -> int:
    """All that ever came into any wallet."""
    return session.scalar(select(func.sum(LedgerAccountRow.credits_posted))) or 0


def _line(session: Session, subject: str, line_id: str | None, phase: Phase) -> TransferRow:
    query = select(TransferRow).where(TransferRow.subject == subject, TransferRow.phase == phase)
    if line_id is not None:
        query = query.where(TransferRow.line_id == line_id)
    return session.scalars(query.limit(1)).one()


def _insert_posted(
    session: Session,
    debit: str,
    wallet: str,
    credits: int,
    *,
    code: TransferCode,
    of: TransferRow | None = None,
) -> None:
    row = {"id": uuid4(), "phase": Phase.POSTED, "code": code, "amount": credits}
    row |= {"debit_account_id": debit, "credit_account_id": wallet, "created_at": NOW}
    row |= {"reverses_id": of.id if of else None, "line_id": of.line_id if of else None}
    insert_transfers(session, [row | {"subject": of.subject if of else "again"}])
    _bump(session, wallet, credits_posted=credits)


def _bump(session: Session, wallet: str, **changes: int) -> None:
    session.execute(
        update(LedgerAccountRow)
        .where(LedgerAccountRow.id == wallet)
        .values({name: getattr(LedgerAccountRow, name) + by for name, by in changes.items()})
        .execution_options(synchronize_session=False)
    )
