"""What an operator sees of one quote's money, in the Temporal UI and by the query `status`."""

from datetime import datetime

from temporalio import workflow

from studio.contracts.base import Payload
from studio.contracts.launch import STATUS_KEY
from studio.contracts.payment import (
    SENT_BACK_STATES,
    PaidRenderInput,
    PaymentState,
    QuoteStanding,
    RefundStanding,
    RefundState,
)

_DOING = {
    PaymentState.QUOTED: "waits for a payment",
    PaymentState.SETTLING: "asks the payment processor what became of the payment",
    PaymentState.PAID: "begins the render",
    PaymentState.RENDERING: "waits for the render to end",
    PaymentState.REFUNDING: "gives money back to the card",
    PaymentState.COMPLETED: "done: the film is delivered",
    PaymentState.FAILED: "done: nothing is owed",
    PaymentState.REFUNDED: "done: money went back to the card",
    PaymentState.EXPIRED: "done: nobody paid",
}


class PaymentStanding(Payload):
    """A quote as its run knows it; the record is the quote's row. `state` is None at first.

    `refund_cents` and `refund_state` are known once a refund was asked for. `strays` are payments
    beside the quote's own, which go back whole.
    """

    quote_id: str
    project_id: str
    amount_cents: int
    state: PaymentState | None = None
    canceled: bool = False
    refund_cents: int = 0
    refund_state: RefundState | None = None
    strays: tuple[str, ...] = ()
    last_error: str | None = None
    waits_until: datetime | None = None


class PaymentView:
    """Keeps the standing, and shows every change of it. Upserts are few: one a state."""

    def __init__(self, payment: PaidRenderInput) -> None:
        self.standing = PaymentStanding(
            quote_id=payment.quote_id,
            project_id=payment.project_id,
            amount_cents=payment.amount_cents,
        )

    @property
    def state(self) -> PaymentState | None:
        return self.standing.state

    def take(self, standing: QuoteStanding) -> None:
        """What an activity found in the row."""
        changed = standing.state is not self.state
        self._change(state=standing.state, canceled=standing.canceled)
        if changed:
            workflow.upsert_search_attributes([STATUS_KEY.value_set(standing.state.value)])

    def take_refund(self, refund: RefundStanding) -> None:
        self._change(refund_cents=refund.amount_cents, refund_state=refund.state)
        if refund.state is RefundState.SUCCEEDED:
            done = QuoteStanding(state=PaymentState.REFUNDED, canceled=self.standing.canceled)
            self.take(done)

    def add_stray(self, payment_id: str) -> None:
        self._change(strays=(*self.standing.strays, payment_id))

    def fail(self, sentence: str | None) -> None:
        self._change(last_error=sentence)

    def wait_until(self, time: datetime | None) -> None:
        self._change(waits_until=time)

    def _change(self, **facts: object) -> None:
        self.standing = self.standing.model_copy(update=facts)
        workflow.set_current_details(payment_details(self.standing))


def payment_details(standing: PaymentStanding) -> str:
    """Markdown for the Temporal UI. Replay-safe to change at any time."""
    state = standing.state
    headline = "looks at the quote" if state is None else f"{state.value}: {_DOING[state]}"
    lines = [
        f"**{headline}**",
        "",
        f"- price: {_dollars(standing.amount_cents)}",
        f"- render: {standing.project_id}",
    ]
    if standing.canceled:
        lines.append("- the customer does not want the render any more")
    if standing.refund_cents:
        became = standing.refund_state.value if standing.refund_state else "to be asked for"
        lines.append(f"- back to the card: {_dollars(standing.refund_cents)} ({became})")
    lines += [f"- second payment, goes back whole: {payment_id}" for payment_id in standing.strays]
    if standing.waits_until is not None:
        lines.append(f"- looks again at {standing.waits_until:%Y-%m-%d %H:%M:%S} UTC or when told")
    if standing.refund_state in SENT_BACK_STATES:
        lines += ["", f"**The card's bank sent it back:** `fvs quotes show {standing.quote_id}`"]
    if standing.last_error:
        lines += ["", f"**Last error:** {standing.last_error}"]
    return "\n".join(lines)


def _dollars(cents: int) -> str:
    return f"${cents / 100:,.2f}"
