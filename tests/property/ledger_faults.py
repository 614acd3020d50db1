"""Faults to plant in the ledger's writing functions: the state machine has to find each."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from studio.ledger import service as ledger
from studio.ledger.errors import ExceedsHold, ExceedsSettlement, InsufficientCredits
from studio.ledger.identity import CASH, GRANTS, REFUNDS, house_of, transfer_id
from studio.ledger.statements import CHANGE_REMAINING, LESSEN_USE, USES
from studio.ledger.tables import GrantRow, LedgerAccountRow, Phase, TransferCode, TransferRow
from studio.ledger.wallets import insert_transfers
from tests.ledger_scenes import NOW
from tests.property.ledger_operations import Operations


class CountsPaymentsTwice(Operations):
    """A payment that is reported again is credited again."""

    def top_up(self, session: Session, wallet: str, credits: int, reference: str) -> None:
        before = ledger.balance(session, wallet=wallet).granted
        super().top_up(session, wallet, credits, reference)
        if ledger.balance(session, wallet=wallet).granted == before:
            _insert_posted(
                session, house_of(wallet, CASH), wallet, credits, code=TransferCode.TOP_UP
            )


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
            row |= {
                "debit_account_id": hold.debit_account_id,
                "credit_account_id": hold.credit_account_id,
            }
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
            _insert_refund(session, charge, credits)


class GivesBackWholeCharges(Operations):
    """What was refunded of a render before is given back again with the rest of it."""

    def refund_settled(self, session: Session, subject: str, prefix: str) -> int:
        of_subject = (TransferRow.subject == subject, TransferRow.code == TransferCode.REFUND)
        before = session.scalars(select(TransferRow).where(*of_subject)).all()
        given_back = super().refund_settled(session, subject, prefix)
        for made in before if given_back else ():
            charge = session.get_one(TransferRow, made.reverses_id)
            _insert_refund(session, charge, made.amount)
        return given_back


class PaysOutWithoutFunds(Operations):
    """The guard of the payout is gone, and with it the database's own."""

    def pay_out(self, session: Session, wallet: str, credits: int, reference: str) -> None:
        try:
            super().pay_out(session, wallet, credits, reference)
        except InsufficientCredits:
            session.execute(text("PRAGMA ignore_check_constraints=ON"))
            _pay_out_anyway(session, wallet, credits, reference)


class PaysOutAgain(Operations):
    """A payout that is repeated under its reference leaves the wallet again."""

    def pay_out(self, session: Session, wallet: str, credits: int, reference: str) -> None:
        before = ledger.balance(session, wallet=wallet)
        super().pay_out(session, wallet, credits, reference)
        if ledger.balance(session, wallet=wallet) == before and before.available >= credits:
            _pay_out_anyway(session, wallet, credits, f"{reference}, again")


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
                payout.credit_account_id,
                payout.debit_account_id,
                payout.amount,
                code=TransferCode.PAYOUT_RETURN,
                of=payout,
            )


class WithdrawsGifts(Operations):
    """What is taken back of a purchase includes what was given."""

    def withdraw(self, session: Session, wallet: str, credits_max: int, reference: str) -> int:
        taken = super().withdraw(session, wallet, credits_max, reference)
        available = ledger.balance(session, wallet=wallet).available
        more = min(credits_max - taken, available)
        if more:
            _pay_out_anyway(session, wallet, more, f"{reference}, more")
        return taken + more


class TakesRealMoneyForTests(Operations):
    """Test wallets are filled from real cash."""

    def top_up(self, session: Session, wallet: str, credits: int, reference: str) -> None:
        if not wallet.endswith("~test"):
            super().top_up(session, wallet, credits, reference)
            return
        step = transfer_id(reference, "top_up")
        if session.get(TransferRow, step) is None:
            _insert_posted(session, CASH, wallet, credits, code=TransferCode.TOP_UP, step=step)


class GivesTwice(Operations):
    """A gift that is given again under its id counts again."""

    def grant(
        self,
        session: Session,
        wallet: str,
        credits: int,
        grant_id: str,
        expires_at: datetime | None,
    ) -> None:
        before = _granted(session)
        super().grant(session, wallet, credits, grant_id, expires_at)
        if _granted(session) == before:
            code = TransferCode.GRANT
            _insert_posted(session, GRANTS, wallet, credits, code=code, subject=grant_id)


class HoldsWhatHasEnded(Operations):
    """A reservation does not look whether gifts have ended."""

    def reserve(self, session: Session, wallet: str, subject: str, lines: dict[str, int]) -> None:
        now, self.now = self.now, NOW - timedelta(days=1)
        try:
            super().reserve(session, wallet, subject, lines)
        finally:
            self.now = now


class EndsGiftsEarly(Operations):
    """The sweep ends what has an hour to go."""

    def end_gifts(self, session: Session) -> tuple[int, int]:
        now, self.now = self.now, self.now + timedelta(hours=1)
        try:
            return super().end_gifts(session)
        finally:
            self.now = now


class SpendsGiftsLast(Operations):
    """Bought credits are held first."""

    def reserve(self, session: Session, wallet: str, subject: str, lines: dict[str, int]) -> None:
        super().reserve(session, wallet, subject, lines)
        found = ledger.balance(session, wallet=wallet)
        bought = found.available - found.promotional
        for grant_id, used in _uses(session, subject).items():
            spared = min(bought, used)
            _change_use(session, subject, grant_id, -spared)
            bought -= spared


class SpendsWhatLastsFirst(Operations):
    """Gifts are spent in the wrong order."""

    def reserve(self, session: Session, wallet: str, subject: str, lines: dict[str, int]) -> None:
        left = ledger.open_grants(session, wallet=wallet)
        super().reserve(session, wallet, subject, lines)
        uses = _uses(session, subject)
        total = sum(uses.values())
        for gift in reversed(left):
            used = min(total, gift.remaining)
            if gift.grant_id in uses:
                _change_use(session, subject, gift.grant_id, used - uses[gift.grant_id])
                total -= used


class KeepsUsesOfReleasedCredits(Operations):
    """A release does not return gifts that were held."""

    def release(self, session: Session, subject: str) -> int:
        with _uses_kept(session, subject):
            return super().release(session, subject)


class KeepsUsesOfUnchargedCredits(Operations):
    """A settlement in part does not return the gifts that were held for the rest."""

    def settle(self, session: Session, subject: str, line_id: str, credits: int | None) -> None:
        with _uses_kept(session, subject):
            super().settle(session, subject, line_id, credits)


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
    WithdrawsGifts,
    TakesRealMoneyForTests,
    GivesTwice,
    HoldsWhatHasEnded,
    EndsGiftsEarly,
    SpendsGiftsLast,
    SpendsWhatLastsFirst,
    KeepsUsesOfReleasedCredits,
    KeepsUsesOfUnchargedCredits,
)


@contextmanager
def _unguarded(session: Session, wallet: str, refusal: InsufficientCredits) -> Iterator[None]:
    """Let a wallet be overdrawn by what it was refused for."""
    session.execute(text("PRAGMA ignore_check_constraints=ON"))
    _bump(session, wallet, credits_posted=refusal.credits_required)
    yield
    _bump(session, wallet, credits_posted=-refusal.credits_required)


@contextmanager
def _uses_kept(session: Session, subject: str) -> Iterator[None]:
    """Undo what happens to the subject's uses meanwhile."""
    before = _uses(session, subject)
    yield
    after = _uses(session, subject)
    for grant_id, used in before.items():
        left = session.scalars(select(GrantRow.remaining).where(GrantRow.grant_id == grant_id))
        returned = used - after.get(grant_id, 0)
        _change_use(session, subject, grant_id, min(returned, left.one()))


def _uses(session: Session, subject: str) -> dict[str, int]:
    """What the subject took, by grant, the first that was spent first."""
    rows = session.execute(USES, {"subject": subject}).all()
    return {row.grant_id: row.credits for row in rows}


def _change_use(session: Session, subject: str, grant_id: str, by: int) -> None:
    """Let the subject take more of a gift, or less."""
    session.execute(LESSEN_USE, {"of_subject": subject, "of_grant": grant_id, "back": -by})
    session.execute(CHANGE_REMAINING, {"of_grant": grant_id, "change": -by})


def _pay_out_anyway(session: Session, wallet: str, credits: int, reference: str) -> None:
    row = {"id": transfer_id(reference, "payout"), "phase": Phase.POSTED, "amount": credits}
    row |= {"code": TransferCode.PAYOUT, "subject": reference, "reason": "a test"}
    row |= {"debit_account_id": wallet, "credit_account_id": house_of(wallet, CASH)}
    insert_transfers(session, [row | {"created_at": NOW}])
    _bump(session, wallet, debits_posted=credits)


def _granted(session: Session) -> int:
    """All that ever came into any wallet."""
    return session.scalar(select(func.sum(LedgerAccountRow.credits_posted))) or 0


def _line(session: Session, subject: str, line_id: str | None, phase: Phase) -> TransferRow:
    query = select(TransferRow).where(TransferRow.subject == subject, TransferRow.phase == phase)
    if line_id is not None:
        query = query.where(TransferRow.line_id == line_id)
    return session.scalars(query.limit(1)).one()


def _insert_refund(session: Session, charge: TransferRow, credits: int) -> None:
    wallet = charge.debit_account_id
    refunds = house_of(wallet, REFUNDS)
    _insert_posted(session, refunds, wallet, credits, code=TransferCode.REFUND, of=charge)


def _insert_posted(
    session: Session,
    debit: str,
    wallet: str,
    credits: int,
    *,
    code: TransferCode,
    of: TransferRow | None = None,
    step: UUID | None = None,
    subject: str = "again",
) -> None:
    row = {"id": step or uuid4(), "phase": Phase.POSTED, "code": code, "amount": credits}
    row |= {"debit_account_id": debit, "credit_account_id": wallet, "created_at": NOW}
    row |= {"reverses_id": of.id if of else None, "line_id": of.line_id if of else None}
    insert_transfers(session, [row | {"subject": of.subject if of else subject}])
    _bump(session, wallet, credits_posted=credits)


def _bump(session: Session, wallet: str, **changes: int) -> None:
    session.execute(
        update(LedgerAccountRow)
        .where(LedgerAccountRow.id == wallet)
        .values({name: getattr(LedgerAccountRow, name) + by for name, by in changes.items()})
        .execution_options(synchronize_session=False)
    )
