"""Finds out what became of a claimed payment, and writes it down with the wallet it fills.

The processor is asked first, the row is changed afterwards: whatever dies in between asks again
with the same key, and is told of the same payment.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol

import structlog
from sqlalchemy.orm import Session

from activities.measures import count_payment
from activities.workbench import Workbench
from studio.contracts.payment import PaymentEvent, PaymentState, QuoteStanding
from studio.ledger import service as ledger
from studio.payments.errors import (
    PaymentActionRequired,
    PaymentDeclined,
    PaymentMismatch,
    PaymentUnknown,
    TokenUnreadable,
)
from studio.payments.ports import ChargeOrder, Payment, Processor
from studio.quotes.claims import Recorded, decline_claim, expire_quote, record_payment
from studio.quotes.repository import load_quote, lock_quote
from studio.quotes.tables import ClaimOutcome, QuoteRow
from studio.quotes.workflow_io import standing_of

CHARGE_AGE_MAX: Final = timedelta(hours=20)
"""Stripe keeps an idempotency key for 24 hours at least (docs.stripe.com/api/idempotent_requests).
After that the same order could be another charge, so an old claim is only looked up."""

TOO_OLD: Final = "payment_timed_out"
UNREADABLE: Final = "token_unreadable"

_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger("payments")


class TokenOpener(Protocol):
    """The part of `studio.payments.sealing.Seal` that is needed here."""

    def open(self, sealed: bytes) -> str:
        """The payment token. TokenUnreadable."""
        ...


@dataclass(frozen=True)
class _Claim:
    """A claim under way, as its row has it."""

    quote_id: str
    challenge_id: str
    amount_cents: int
    currency: str
    charges_digest: str
    claimed_at: datetime
    sealed_token: bytes = field(repr=False)

    @classmethod
    def of(cls, row: QuoteRow) -> "_Claim | None":
        if row.state is not PaymentState.SETTLING or row.claimed_at is None:
            return None
        return cls(
            quote_id=row.quote_id,
            challenge_id=row.challenge_id or "",
            amount_cents=row.amount_cents,
            currency=row.currency,
            charges_digest=row.charges_digest,
            claimed_at=row.claimed_at,
            sealed_token=row.sealed_token or b"",
        )

    def order(self, token: str) -> ChargeOrder:
        return ChargeOrder(
            quote_id=self.quote_id,
            challenge_id=self.challenge_id,
            amount_cents=self.amount_cents,
            currency=self.currency,
            charges_digest=self.charges_digest,
            token=token,
        )


class Settlement:
    """What `settle_payment` does."""

    def __init__(self, bench: Workbench, processor: Processor, seal: TokenOpener) -> None:
        self._bench = bench
        self._processor = processor
        self._seal = seal

    async def settle(
        self, quote_id: str, *, is_repeated: bool, challenge_id: str | None = None
    ) -> QuoteStanding:
        """Charge the claim under way, if there is one; let an unpaid quote expire.

        `is_repeated`: this was tried before, and the processor may have charged then. With a
        `challenge_id`, another claim than its own is left alone.
        """
        now = self._bench.now()

        def look(session: Session) -> tuple[QuoteStanding, _Claim | None]:
            expire_quote(session, quote_id, now=now)
            row = lock_quote(session, quote_id)
            return standing_of(row), _Claim.of(row)

        standing, claim = await self._bench.transact(look)
        if claim is None or challenge_id not in (None, claim.challenge_id):
            return standing
        outcome = await self._ask(claim, is_repeated=is_repeated)
        if isinstance(outcome, Payment):
            return await self._record(quote_id, outcome, challenge_id=claim.challenge_id)
        return await self._decline(claim, outcome)

    async def record_event(self, quote_id: str, event: PaymentEvent) -> QuoteStanding:
        """Believe what the processor told by itself. PaymentMismatch."""
        payment = Payment(
            payment_id=event.payment_id,
            amount_cents=event.amount_cents or 0,
            currency=event.currency or "",
        )
        return await self._record(quote_id, payment, challenge_id=event.challenge_id)

    async def _record(
        self, quote_id: str, payment: Payment, *, challenge_id: str | None
    ) -> QuoteStanding:
        """The money is in: the row and the guest's wallet say so in one transaction.

        Raises PaymentMismatch where it is another amount than the quote's.
        """
        now = self._bench.now()

        def pay(session: Session) -> tuple[Recorded, QuoteStanding]:
            row = lock_quote(session, quote_id)
            _check_amount(payment, row)
            recorded = record_payment(
                session,
                quote_id,
                payment_id=payment.payment_id,
                challenge_id=challenge_id,
                now=now,
            )
            if recorded is not Recorded.STRAY:
                wallet = ledger.open_wallet(session, owner=quote_id, now=now)
                ledger.top_up(
                    session,
                    wallet=wallet,
                    credits=row.amount_cents,
                    reference=payment.payment_id,
                    now=now,
                )
            stray = payment.payment_id if recorded is Recorded.STRAY else None
            return recorded, standing_of(load_quote(session, quote_id), stray_payment_id=stray)

        recorded, standing = await self._bench.transact(pay)
        if recorded is not Recorded.KNOWN:
            log = _log.bind(quote_id=quote_id, payment_id=payment.payment_id)
            if recorded is Recorded.STRAY:
                log.error("a quote was paid twice; the second payment goes back")
            else:
                log.info("quote paid", amount_cents=payment.amount_cents)
            count_payment("stray" if recorded is Recorded.STRAY else "paid")
        return standing

    async def _ask(
        self, claim: _Claim, *, is_repeated: bool
    ) -> Payment | PaymentDeclined | PaymentActionRequired:
        """What the processor says of a claim. PaymentUnknown, ProcessorMisconfigured."""
        if self._bench.now() - claim.claimed_at > CHARGE_AGE_MAX:
            return await self._find(claim) or PaymentDeclined(TOO_OLD, "It took too long to pay.")
        try:
            order = claim.order(self._seal.open(claim.sealed_token))
        except TokenUnreadable as unreadable:
            _log.error("a payment token cannot be opened any more", quote_id=claim.quote_id)
            return await self._find(claim) or PaymentDeclined(UNREADABLE, unreadable.detail)
        try:
            return await self._processor.charge(order)
        except (PaymentDeclined, PaymentActionRequired) as refusal:
            # The refusal may be of a repetition only: what was tried before may have succeeded.
            return await self._find(claim) or refusal
        except PaymentUnknown:
            found = await self._find(claim) if is_repeated else None
            if found is None:
                raise
            return found

    async def _find(self, claim: _Claim) -> Payment | None:
        return await self._processor.find(
            claim.quote_id, claim.challenge_id, since=claim.claimed_at
        )

    async def _decline(
        self, claim: _Claim, refusal: PaymentDeclined | PaymentActionRequired
    ) -> QuoteStanding:
        needs_holder = isinstance(refusal, PaymentActionRequired)
        outcome = ClaimOutcome.ACTION_REQUIRED if needs_holder else ClaimOutcome.DECLINED
        reason = refusal.reason if isinstance(refusal, PaymentDeclined) else refusal.code
        now = self._bench.now()

        def decline(session: Session) -> tuple[bool, QuoteStanding]:
            lock_quote(session, claim.quote_id)
            declined = decline_claim(
                session, claim.quote_id, claim.challenge_id, outcome=outcome, reason=reason, now=now
            )
            expire_quote(session, claim.quote_id, now=now)
            return declined, standing_of(load_quote(session, claim.quote_id))

        declined, standing = await self._bench.transact(decline)
        if declined:
            _log.info("payment declined", quote_id=claim.quote_id, reason=reason)
            count_payment(outcome.value)
        return standing


def _check_amount(payment: Payment, row: QuoteRow) -> None:
    found = (payment.amount_cents, payment.currency.lower())
    expected = (row.amount_cents, row.currency.lower())
    if found != expected:
        _log.error("a payment is of another amount", quote_id=row.quote_id)
        raise PaymentMismatch(
            payment.payment_id,
            found=f"{found[0]} {found[1]}",
            expected=f"{expected[0]} {expected[1]}",
        )
