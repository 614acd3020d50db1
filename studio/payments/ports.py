"""The payment processor as activities use it. One call here is one request there."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from studio.contracts.payment import RefundState


@dataclass(frozen=True)
class ChargeOrder:
    """One charge of one claim. The same order again is the same charge.

    `token` is the shared payment token (`spt_…`). `quote_id`, `challenge_id` and `charges_digest`
    are kept with the payment, and are what it is found by.
    """

    quote_id: str
    challenge_id: str
    amount_cents: int
    currency: str
    charges_digest: str
    token: str = field(repr=False)


@dataclass(frozen=True)
class Payment:
    """Money that is in. `payment_id` is Stripe's PaymentIntent."""

    payment_id: str
    amount_cents: int
    currency: str


@dataclass(frozen=True)
class RefundOrder:
    """One refund of a payment, whole or in part. `key` makes it once, however often it is sent."""

    quote_id: str
    payment_id: str
    amount_cents: int
    key: str


@dataclass(frozen=True)
class Refund:
    refund_id: str
    state: RefundState


class Processor(Protocol):
    async def charge(self, order: ChargeOrder) -> Payment:
        """Charge now. PaymentDeclined, PaymentActionRequired (both: nothing was charged), or
        PaymentUnknown: then the same order again tells what became of it.
        """
        ...

    async def find(self, quote_id: str, challenge_id: str, *, since: datetime) -> Payment | None:
        """The payment that succeeded for this claim, where orders can no longer be repeated.

        None where there is surely none. No order of the claim was sent before `since`.
        PaymentUnknown.
        """
        ...

    async def refund(self, order: RefundOrder) -> Refund:
        """Give money back. RefundRefused, PaymentUnknown."""
        ...

    async def refund_of(self, refund_id: str) -> Refund:
        """How a refund stands. PaymentUnknown."""
        ...
