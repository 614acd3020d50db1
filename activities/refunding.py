"""What goes back to a card: worked out once the render has ended, then asked for, then watched.

The guest's wallet and the quote's row change together. What is owed to the card has left the
wallet before the processor is asked, and comes back into it where the card's bank sends it back.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final

import structlog
from sqlalchemy.orm import Session

from activities.measures import count_refund
from activities.workbench import Workbench
from studio.contracts.errors import StudioError
from studio.contracts.payment import (
    MAKING_STATES,
    SENT_BACK_STATES,
    PaymentEvent,
    PaymentState,
    QuoteStanding,
    RefundStanding,
    RefundState,
)
from studio.contracts.status import TERMINAL_STATES, RenderState
from studio.ledger import service as ledger
from studio.payments.ports import Processor, Refund, RefundOrder
from studio.quotes.progress import conclude, note_refund, open_refund
from studio.quotes.repository import load_quote, lock_quote
from studio.quotes.tables import QuoteRow
from studio.quotes.workflow_io import standing_of
from studio.renders.repository import find_render

NO_FILM: Final = "no_film"
REFUND: Final = "refund"

_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger("payments")


class RenderNotEnded(StudioError):
    """What goes back is known only when the render has ended; trying again helps."""

    code: ClassVar[str] = "render_not_ended"

    def __init__(self, project_id: str) -> None:
        super().__init__(f"The render {project_id} has not ended.")


@dataclass(frozen=True)
class _Owed:
    """A refund that is to be asked for, or to be asked about."""

    order: RefundOrder
    refund_id: str | None


class Refunding:
    """What `conclude_quote`, `refund_payment` and refunds' events do."""

    def __init__(self, bench: Workbench, processor: Processor) -> None:
        self._bench = bench
        self._processor = processor

    async def conclude(self, quote_id: str) -> QuoteStanding:
        """Write down what goes back, once. RenderNotEnded."""
        now = self._bench.now()

        def settle_up(session: Session) -> QuoteStanding:
            row = lock_quote(session, quote_id)
            if row.state in MAKING_STATES:
                render = find_render(session, row.project_id)
                status = render.status if render is not None else None
                if status is not None and status not in TERMINAL_STATES:
                    raise RenderNotEnded(row.project_id)
                cents = _take_out(session, row, status, now=now)
                has_film = status is RenderState.COMPLETED
                conclude(session, quote_id, has_film=has_film, refund_cents=cents, now=now)
            return standing_of(load_quote(session, quote_id))

        return await self._bench.transact(settle_up)

    async def refund(self, quote_id: str) -> RefundStanding:
        """Ask for what is owed, or how that stands. RefundRefused, PaymentUnknown."""

        def owe(session: Session) -> tuple[_Owed | None, RefundStanding]:
            return self._owed(session, quote_id)

        owed, standing = await self._bench.transact(owe)
        if owed is None:
            return standing
        if owed.refund_id is not None:
            refund = await self._processor.refund_of(owed.refund_id)
        else:
            refund = await self._processor.refund(owed.order)

        def give_back(session: Session) -> tuple[bool, RefundStanding]:
            return self._write(session, quote_id, refund)

        changed, standing = await self._bench.transact(give_back)
        if changed:
            _tell(quote_id, refund)
        return standing

    async def refund_stray(self, quote_id: str, payment_id: str) -> RefundStanding:
        """Give a payment back whole that paid for nothing. RefundRefused, PaymentUnknown."""
        amount_cents = await self._bench.transact(
            lambda session: load_quote(session, quote_id).amount_cents
        )
        order = RefundOrder(
            quote_id=quote_id,
            payment_id=payment_id,
            amount_cents=amount_cents,
            key=f"refund_stray_{payment_id}",
        )
        refund = await self._processor.refund(order)
        _log.warning(
            "a second payment was given back",
            quote_id=quote_id,
            payment_id=payment_id,
            state=refund.state,
        )
        return RefundStanding(state=refund.state, amount_cents=amount_cents)

    async def note(self, quote_id: str, event: PaymentEvent) -> QuoteStanding:
        """Write down what was told of a refund; one that is not the quote's changes nothing."""
        if event.refund_id is None or event.refund_state is None:
            return await self._bench.transact(lambda s: standing_of(load_quote(s, quote_id)))
        told = Refund(event.refund_id, event.refund_state)

        def note(session: Session) -> tuple[bool, QuoteStanding]:
            changed = self._note(session, lock_quote(session, quote_id), told)
            return changed, standing_of(load_quote(session, quote_id))

        changed, standing = await self._bench.transact(note)
        if changed:
            _tell(quote_id, told)
        return standing

    def _owed(self, session: Session, quote_id: str) -> tuple[_Owed | None, RefundStanding]:
        row = lock_quote(session, quote_id)
        standing = _refund_standing(row)
        is_settled = row.refund_state not in (None, RefundState.PENDING)
        if row.state is not PaymentState.REFUNDING or is_settled or row.payment_id is None:
            return None, standing
        if row.refund_id is None:
            # A refund that was sent back once is in the wallet again: it leaves it anew.
            _pay_out(session, row, row.refund_cents, now=self._bench.now())
        number = f"_{row.refund_attempts}" if row.refund_attempts else ""
        order = RefundOrder(
            quote_id=quote_id,
            payment_id=row.payment_id,
            amount_cents=row.refund_cents,
            key=f"refund_{quote_id}{number}",
        )
        return _Owed(order, row.refund_id), standing

    def _write(
        self, session: Session, quote_id: str, refund: Refund
    ) -> tuple[bool, RefundStanding]:
        row = lock_quote(session, quote_id)
        if row.refund_id is None:
            now, pending = self._bench.now(), RefundState.PENDING
            open_refund(session, quote_id, refund_id=refund.refund_id, state=pending, now=now)
        changed = self._note(session, lock_quote(session, quote_id), refund)
        return changed, _refund_standing(load_quote(session, quote_id))

    def _note(self, session: Session, row: QuoteRow, refund: Refund) -> bool:
        now = self._bench.now()
        changed = note_refund(
            session, row.quote_id, refund_id=refund.refund_id, state=refund.state, now=now
        )
        if changed and refund.state in SENT_BACK_STATES:
            ledger.return_payout(session, reference=_payout_reference(row), now=now)
        return changed


def _tell(quote_id: str, refund: Refund) -> None:
    count_refund(refund.state.value)
    log = _log.bind(quote_id=quote_id, refund_id=refund.refund_id)
    if refund.state in SENT_BACK_STATES:
        log.error("a refund did not reach its card; see `fvs quotes refund-again`")
    else:
        log.info("refund noted", state=refund.state.value)


def _take_out(session: Session, row: QuoteRow, status: RenderState | None, *, now: datetime) -> int:
    """Take what goes back out of the guest's wallet, which is empty then; how many cents it is.

    Of a film and of a canceled render it is what was not delivered. A render that failed, or never
    began, gives everything back.
    """
    wallet = ledger.wallet_id(row.quote_id)
    ledger.release_open(session, subject=row.project_id, now=now)
    if status is RenderState.FAILED:
        ledger.refund_settled(
            session,
            subject=row.project_id,
            reason=NO_FILM,
            reference_prefix=f"{NO_FILM}:{row.quote_id}",
            now=now,
        )
    rest = ledger.balance(session, wallet=wallet).available
    if rest:
        _pay_out(session, row, rest, now=now)
    return rest


def _pay_out(session: Session, row: QuoteRow, cents: int, *, now: datetime) -> None:
    ledger.pay_out(
        session,
        wallet=ledger.wallet_id(row.quote_id),
        credits=cents,
        reference=_payout_reference(row),
        reason=REFUND,
        now=now,
    )


def _payout_reference(row: QuoteRow) -> str:
    return f"refund:{row.quote_id}:{row.refund_attempts}"


def _refund_standing(row: QuoteRow) -> RefundStanding:
    if row.state not in {PaymentState.REFUNDING, PaymentState.REFUNDED}:
        return RefundStanding()
    return RefundStanding(state=row.refund_state, amount_cents=row.refund_cents)
