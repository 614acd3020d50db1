"""What Stripe tells: its signature checked, and the fact handed to what it is about.

A quote's run takes facts as they are. Of a purchase of credits Stripe is asked how it stands.

Messages come twice, late, and in any order; that changes nothing, because nothing is decided or
stored here. A message is a fact about one payment, refund or dispute. The quote's run writes facts
into the quote's row by guarded statements: each is written once, an older one never undoes a newer
one, and a payment that the row knows is not recorded again. So a message may be forwarded as often
as it comes, to a run that is started if there is none; and what could not be forwarded is answered
with an error, after which Stripe sends it again for three days.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import structlog
from sqlalchemy.orm import Session

from gateway.clock import Clock
from gateway.metrics import GatewayMetrics
from gateway.services.payment_setup import MissingSettings
from gateway.services.threads import Threads
from gateway.services.topups import TopUps
from gateway.services.workflows import PaymentStarter
from studio.contracts.payment import PaidRenderInput
from studio.payments.errors import PaymentsNotConfigured, WebhookRefused
from studio.payments.webhooks import WebhookEvent, read_webhook
from studio.quotes.errors import UnknownQuote
from studio.quotes.repository import find_by_payment, load_quote
from studio.quotes.tables import QuoteRow
from studio.quotes.workflow_io import payment_input

_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger("gateway")


class WebhookOutcome(StrEnum):
    """What became of a message. Only the last two are no success in Stripe's eyes."""

    FORWARDED = "forwarded"
    LOOKED = "looked"
    IGNORED = "ignored"
    OTHER_MODE = "other_mode"
    UNKNOWN_PAYMENT = "unknown_payment"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True)
class WebhookTrust:
    """Whose messages are believed: who knows one of `secrets`, and speaks of our key's mode."""

    secrets: tuple[str, ...] = field(repr=False)
    livemode: bool


class Webhooks:
    def __init__(
        self,
        *,
        threads: Threads,
        starter: PaymentStarter,
        top_ups: TopUps,
        clock: Clock,
        metrics: GatewayMetrics,
        trust: WebhookTrust | MissingSettings,
    ) -> None:
        self._threads = threads
        self._starter = starter
        self._top_ups = top_ups
        self._clock = clock
        self._metrics = metrics
        self._trust = trust

    def require_trust(self) -> WebhookTrust:
        """PaymentsNotConfigured where nobody could be believed."""
        if isinstance(self._trust, MissingSettings):
            raise PaymentsNotConfigured(*self._trust.variables)
        return self._trust

    async def receive(self, body: bytes, signature: str) -> WebhookOutcome:
        """Take one message, as it was sent; `signature` is empty where it has none.

        Raises WebhookRefused for what is not Stripe's or too old, and whatever kept it from being
        forwarded: then nothing was done, and it has to be sent again.
        """
        try:
            outcome = await self._receive(body, signature, self._clock.now())
        except WebhookRefused:
            self._metrics.webhook_ended(WebhookOutcome.REFUSED)
            raise
        except Exception:
            self._metrics.webhook_ended(WebhookOutcome.FAILED)
            raise
        self._metrics.webhook_ended(outcome)
        return outcome

    async def _receive(self, body: bytes, signature: str, now: datetime) -> WebhookOutcome:
        trust = self.require_trust()
        told = read_webhook(body, signature, secrets=trust.secrets, now=now)
        if told is None:
            return WebhookOutcome.IGNORED
        log = _log.bind(event_id=told.event_id, kind=told.kind)
        if told.livemode is not trust.livemode:
            log.warning("webhook of the other mode", livemode=told.livemode)
            return WebhookOutcome.OTHER_MODE
        payment = await self._threads.read(lambda session: _find(session, told))
        if payment is not None:
            if told.event is None:
                return WebhookOutcome.IGNORED
            await self._starter.settle(payment, event=told.event)
            log.info("webhook forwarded", quote_id=payment.quote_id)
            return WebhookOutcome.FORWARDED
        top_up_id = await self._top_ups.hear(told)
        if top_up_id is None:
            log.warning("webhook of an unknown payment", payment_id=told.payment_id)
            return WebhookOutcome.UNKNOWN_PAYMENT
        log.info("webhook of a purchase of credits", top_up_id=top_up_id)
        return WebhookOutcome.LOOKED


def _find(session: Session, told: WebhookEvent) -> PaidRenderInput | None:
    row = _named_quote(session, told.quote_id)
    if row is None and told.payment_id is not None:
        row = find_by_payment(session, told.payment_id)
    return payment_input(row) if row is not None else None


def _named_quote(session: Session, quote_id: str | None) -> QuoteRow | None:
    """The quote of an object's metadata; refunds by hand and disputes have none."""
    if quote_id is None:
        return None
    try:
        return load_quote(session, quote_id)
    except UnknownQuote:
        return None
