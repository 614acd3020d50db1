"""What a quote's run is started with, made from the quote's row."""

from studio.contracts.payment import PaidRenderInput
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
