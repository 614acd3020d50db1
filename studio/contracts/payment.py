"""What goes into and out of the workflow that carries one paid quote.

Ids, amounts and states only. The payment token and the claim token never travel here: the first is
sealed in the quote's row while it is needed, the second is stored as a hash.
"""

from datetime import datetime
from enum import StrEnum

from studio.contracts.base import Payload
from studio.contracts.workflow_io import RenderInput


class PaymentState(StrEnum):
    """Where the money of a quote is.

    quoted -> settling -> paid -> rendering -> completed | failed -> refunding -> refunded, and
    quoted -> expired. A definite refusal leads from settling back to quoted. `refunding` owes
    something to the card, all of it or what was not delivered; a render of which nothing is owed
    ends as `completed`, or as `failed` where there is no film (canceled when all was delivered).
    """

    QUOTED = "quoted"
    SETTLING = "settling"
    PAID = "paid"
    RENDERING = "rendering"
    COMPLETED = "completed"
    FAILED = "failed"
    REFUNDING = "refunding"
    REFUNDED = "refunded"
    EXPIRED = "expired"


UNPAID_STATES = frozenset({PaymentState.QUOTED, PaymentState.SETTLING, PaymentState.EXPIRED})
MAKING_STATES = frozenset({PaymentState.PAID, PaymentState.RENDERING})
"""The money is in, and the render that it pays for is to begin or under way."""
CANCELABLE_STATES = frozenset({PaymentState.QUOTED, PaymentState.SETTLING}) | MAKING_STATES
"""In any other the money is on its way back, or has come to rest."""
FINAL_STATES = frozenset(
    {
        PaymentState.COMPLETED,
        PaymentState.FAILED,
        PaymentState.REFUNDED,
        PaymentState.EXPIRED,
    }
)
"""Nothing is owed by anyone."""


class EventKind(StrEnum):
    """What Stripe's webhooks tell a quote, in our words."""

    PAYMENT_SUCCEEDED = "payment_succeeded"
    PAYMENT_FAILED = "payment_failed"
    REFUND_CHANGED = "refund_changed"
    DISPUTED = "disputed"


class RefundState(StrEnum):
    """Stripe's own words for a refund, but `requires_action`, which cards do not have."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"


SENT_BACK_STATES = frozenset({RefundState.FAILED, RefundState.CANCELED})
"""The refund did not reach its card: an operator has to look at it."""


class PaymentEvent(Payload):
    """One signed fact from Stripe. Told twice or late, it changes nothing.

    `payment_id` is Stripe's PaymentIntent (`pi_…`). The rest is filled as the kind needs it.
    """

    kind: EventKind
    payment_id: str
    challenge_id: str | None = None
    amount_cents: int | None = None
    currency: str | None = None
    refund_id: str | None = None
    refund_state: RefundState | None = None


class PaidRenderInput(Payload):
    """The whole input of `PaidRenderWorkflow`; all else is in the quote's row.

    `charges_digest` binds it to the quote, the challenge and the reservation; it is also that of
    `render.plan.charges`.
    """

    quote_id: str
    project_id: str
    amount_cents: int
    currency: str
    charges_digest: str
    expires_at: datetime
    name: str
    render: RenderInput


class QuoteTask(Payload):
    """An activity's work on one quote. Every one of them reads the row before it does anything."""

    quote_id: str


class SettleTask(QuoteTask):
    """Find out what became of a claimed payment, by asking Stripe or from what it told us."""

    event: PaymentEvent | None = None


class QuoteStanding(Payload):
    """A quote's row after an activity looked at it.

    `stray_payment_id` is a payment that succeeded although the quote was paid by another one: it
    has to go back. `canceled`: the customer does not want the render any more.
    """

    state: PaymentState
    stray_payment_id: str | None = None
    canceled: bool = False


class BegunRender(Payload):
    """`starts` is False where the render was canceled before it began, or has ended already."""

    starts: bool


class RefundTask(QuoteTask):
    """Give money back to the card that paid. `stray_payment_id` names another payment than the
    quote's own, which is then given back whole.
    """

    stray_payment_id: str | None = None


class RefundStanding(Payload):
    """`state` is None where there is nothing to give back."""

    state: RefundState | None = None
    amount_cents: int = 0


class EventTask(QuoteTask):
    """Write down what Stripe told: a refund that changed, a dispute."""

    event: PaymentEvent


class QuoteSweepReport(Payload):
    """What a sweep did for quotes."""

    started: tuple[str, ...] = ()
    expired: int = 0
    purged: int = 0
    drift: tuple[str, ...] = ()
