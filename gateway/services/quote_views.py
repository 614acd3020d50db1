"""A quote as the use cases hand it on, free of any session."""

from dataclasses import dataclass
from datetime import datetime

from studio.contracts.payment import UNPAID_STATES, PaidRenderInput, PaymentState
from studio.contracts.plan import ChargeLine
from studio.contracts.workflow_io import RenderInput
from studio.quotes.decision import is_payable
from studio.quotes.tables import QuoteRow
from studio.quotes.workflow_io import payment_input


@dataclass(frozen=True)
class QuoteView:
    """`is_payable` and `is_closed_early` are as of when the row was read. Times are aware.

    `is_closed_early`: nobody can pay it, although its time is not over. `refund_cents` goes back to
    the card, or went back; `refunded_cents` is what has gone.
    """

    quote_id: str
    name: str
    state: PaymentState
    is_payable: bool
    payment: PaidRenderInput
    amount_cents: int
    currency: str
    body_digest: str
    claim_hash: str
    expires_at: datetime
    created_at: datetime
    updated_at: datetime
    payment_id: str | None
    paid_at: datetime | None
    cancel_requested: bool
    refund_cents: int
    refunded_cents: int
    is_disputed: bool
    is_closed_early: bool

    @property
    def render(self) -> RenderInput:
        return self.payment.render

    @property
    def project_id(self) -> str:
        return self.render.project_id

    @property
    def is_paid(self) -> bool:
        """Whether money came in, wherever it is now."""
        return self.state not in UNPAID_STATES

    @property
    def is_over(self) -> bool:
        """Nobody paid, and nobody can any more."""
        return not (self.is_paid or self.is_payable or self.state is PaymentState.SETTLING)

    @property
    def lines(self) -> tuple[ChargeLine, ...]:
        return self.render.plan.charges.lines


def quote_view(row: QuoteRow, *, now: datetime) -> QuoteView:
    return QuoteView(
        quote_id=row.quote_id,
        name=row.name,
        state=row.state,
        is_payable=is_payable(row, now=now),
        payment=payment_input(row),
        amount_cents=row.amount_cents,
        currency=row.currency,
        body_digest=row.body_digest,
        claim_hash=row.claim_hash,
        expires_at=row.expires_at,
        created_at=row.created_at,
        updated_at=row.updated_at,
        payment_id=row.payment_id,
        paid_at=row.paid_at,
        cancel_requested=row.cancel_requested,
        refund_cents=row.refund_cents,
        refunded_cents=row.refund_cents if row.refunded_at is not None else 0,
        is_disputed=row.disputed_at is not None,
        is_closed_early=row.expires_at > now and not is_payable(row, now=now),
    )
