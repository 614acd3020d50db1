"""A payment processor in memory, with Stripe's promises: one charge a challenge and token."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from studio.contracts.payment import RefundState
from studio.payments.errors import PaymentError
from studio.payments.ports import ChargeOrder, Payment, Refund, RefundOrder


class Killed(BaseException):
    """The worker dies here: no `except Exception` sees it."""


@dataclass
class FakeProcessor:
    """`refusals` are raised by the next charges, one each, before anything is charged.

    `lost` raises after the next charge (or refund) has gone through, as a worker does that dies, or
    a connection that breaks. `keys` are what Stripe remembers; empty it, and it has forgotten.
    """

    refusals: list[PaymentError] = field(default_factory=list)
    lost: list[BaseException] = field(default_factory=list)
    refund_refusals: list[PaymentError] = field(default_factory=list)
    refund_states: list[RefundState] = field(default_factory=lambda: [RefundState.SUCCEEDED])
    keys: dict[str, Payment] = field(default_factory=dict)
    payments: dict[str, tuple[ChargeOrder, Payment]] = field(default_factory=dict)
    refunds: dict[str, tuple[RefundOrder, Refund]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    async def charge(self, order: ChargeOrder) -> Payment:
        self.calls.append("charge")
        key = f"{order.challenge_id}_{order.token}"
        if key in self.keys:
            return self.keys[key]
        if self.refusals:
            raise self.refusals.pop(0)
        payment = Payment(f"pi_{len(self.payments) + 1}", order.amount_cents, order.currency)
        self.keys[key] = payment
        self.payments[payment.payment_id] = (order, payment)
        self._lose()
        return payment

    async def find(self, quote_id: str, challenge_id: str, *, since: datetime) -> Payment | None:
        del since
        self.calls.append("find")
        for order, payment in self.payments.values():
            if (order.quote_id, order.challenge_id) == (quote_id, challenge_id):
                return payment
        return None

    async def refund(self, order: RefundOrder) -> Refund:
        self.calls.append("refund")
        for known, refund in self.refunds.values():
            if known.key == order.key:
                return refund
        if self.refund_refusals:
            raise self.refund_refusals.pop(0)
        refund = Refund(f"re_{len(self.refunds) + 1}", self._next_state())
        self.refunds[refund.refund_id] = (order, refund)
        self._lose()
        return refund

    async def refund_of(self, refund_id: str) -> Refund:
        self.calls.append("refund_of")
        order, refund = self.refunds[refund_id]
        self.refunds[refund_id] = (order, replace(refund, state=self._next_state()))
        return self.refunds[refund_id][1]

    @property
    def charged_cents(self) -> int:
        return sum(payment.amount_cents for _, payment in self.payments.values())

    @property
    def returned_cents(self) -> int:
        """What arrived at cards again."""
        return sum(
            order.amount_cents
            for order, refund in self.refunds.values()
            if refund.state in {RefundState.SUCCEEDED, RefundState.PENDING}
        )

    def _next_state(self) -> RefundState:
        return self.refund_states.pop(0) if len(self.refund_states) > 1 else self.refund_states[0]

    def _lose(self) -> None:
        if self.lost:
            raise self.lost.pop(0)
