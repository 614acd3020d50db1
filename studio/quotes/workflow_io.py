"""A quote's row as its run has it: what it is started with, and what activities tell it."""

from studio.contracts.payment import PaidRenderInput, QuoteStanding
from studio.contracts.workflow_io import RenderInput
from studio.quotes.tables import QuoteRow


def payment_input(row: QuoteRow) -> PaidRenderInput:
    """The same for the same quote, whoever starts its run: a payer, a webhook or the sweep."""
    render = RenderInput.model_validate(row.workflow_input)
    return PaidRenderInput(
        quote_id=row.quote_id,
        project_id=row.project_id,
        amount_cents=row.amount_cents,
        currency=row.currency,
        charges_digest=row.charges_digest,
        expires_at=row.expires_at,
        # Without secrets that a caller may have put into it; the row has it as it was.
        name=render.name,
        render=render,
    )


def standing_of(row: QuoteRow, *, stray_payment_id: str | None = None) -> QuoteStanding:
    """Whoever disputes a payment does not want the render either."""
    return QuoteStanding(
        state=row.state,
        stray_payment_id=stray_payment_id,
        canceled=row.cancel_requested or row.disputed_at is not None,
    )
