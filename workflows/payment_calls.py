"""What a quote's run asks of activities, each with the words that an operator reads of it."""

from typing import Final

from temporalio import workflow

from studio.contracts.activities import PaymentActivities
from studio.contracts.payment import (
    BegunRender,
    EventKind,
    EventTask,
    PaidRenderInput,
    PaymentEvent,
    QuoteStanding,
    QuoteTask,
    RefundStanding,
    RefundTask,
    SettleTask,
)
from workflows.policies import PaymentPolicies

_OF_PAYMENTS: Final = frozenset({EventKind.PAYMENT_SUCCEEDED, EventKind.PAYMENT_FAILED})


class PaymentCalls:
    """Each looks at the quote's row first, so that any of them may be made again."""

    def __init__(self, payment: PaidRenderInput) -> None:
        self._quote_id = payment.quote_id
        self._amount_cents = payment.amount_cents
        self._policies = PaymentPolicies(payment.render.timings)

    async def look(self, summary: str) -> QuoteStanding:
        """How the quote stands, once a payment that was claimed is settled."""
        return await self._settle(SettleTask(quote_id=self._quote_id), summary)

    async def write_down(self, event: PaymentEvent) -> QuoteStanding:
        """What Stripe told."""
        summary = f"Write down what Stripe told: {event.kind.value}"
        if event.kind in _OF_PAYMENTS:
            return await self._settle(SettleTask(quote_id=self._quote_id, event=event), summary)
        return await workflow.execute_activity_method(
            PaymentActivities.note_event,
            EventTask(quote_id=self._quote_id, event=event),
            summary=summary,
            **self._policies.note,
        )

    async def begin(self) -> BegunRender:
        return await workflow.execute_activity_method(
            PaymentActivities.begin_render,
            QuoteTask(quote_id=self._quote_id),
            summary=f"Hold {self._amount_cents} credits and begin the render",
            **self._policies.record,
        )

    async def conclude(self) -> QuoteStanding:
        """What goes back to the card, as soon as the render's row says how it ended."""
        return await workflow.execute_activity_method(
            PaymentActivities.conclude_quote,
            QuoteTask(quote_id=self._quote_id),
            summary="Work out what goes back to the card",
            **self._policies.follow,
        )

    async def refund(self) -> RefundStanding:
        """Ask for the refund that is owed, or how it stands."""
        return await self._refund(None, "Give back what is owed to the card")

    async def refund_stray(self, payment_id: str) -> RefundStanding:
        return await self._refund(payment_id, "Give back a second payment, whole")

    async def _settle(self, task: SettleTask, summary: str) -> QuoteStanding:
        return await workflow.execute_activity_method(
            PaymentActivities.settle_payment, task, summary=summary, **self._policies.ask
        )

    async def _refund(self, stray_payment_id: str | None, summary: str) -> RefundStanding:
        return await workflow.execute_activity_method(
            PaymentActivities.refund_payment,
            RefundTask(quote_id=self._quote_id, stray_payment_id=stray_payment_id),
            summary=summary,
            **self._policies.ask,
        )
