"""What a claim token shows: a quote that is not paid yet, or the render that it paid for."""

from datetime import datetime
from enum import StrEnum
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from gateway.resource import RENDER_EXAMPLE, RenderResource, render_resource
from gateway.services.links import paid_cancel_url, paid_status_url, payment_url
from gateway.services.payments import closed_error
from gateway.services.quote_views import QuoteView
from gateway.services.views import RenderView
from studio.contracts.payment import PaymentState
from studio.contracts.plan import ChargeLine

DISPUTED_SENTENCE: Final = (
    "The payment is disputed with the card's bank, so no files are linked until that is decided."
)


class QuoteStatus(StrEnum):
    """Where a quote is before it is paid."""

    QUOTED = "quoted"
    SETTLING = "settling"
    EXPIRED = "expired"


class QuoteResource(BaseModel):
    """A quote that nobody has paid yet, with those fields of a render that make sense already."""

    quote_id: str
    name: str
    status: QuoteStatus
    payment_status: PaymentState
    project_id: None = Field(default=None, description="Null until the quote is paid.")
    is_running: bool = Field(description="A payment is being settled.")
    current_stage: None = None
    final_video_url: None = None
    last_error: str | None
    amount_cents: int
    currency: str
    credits_quoted: int
    lines: list[ChargeLine]
    warnings: list[str]
    payment_url: str | None = Field(description="Null where it cannot be paid any more.")
    status_url: str
    cancel_url: str
    created_at: datetime
    updated_at: datetime
    expires_at: datetime
    cancel_requested: bool


class PaidRenderResource(RenderResource):
    """The render as its owner sees it, and the quote that it belongs to."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    **RENDER_EXAMPLE,
                    "status_url": "https://studio.example/api/agent/paid-renders/quote_…",
                    "cancel_url": "https://studio.example/api/agent/paid-renders/quote_…/cancel?…",
                    "quote_id": "quote_4b825dc642cb6eb9a060e54b",
                    "payment_status": "rendering",
                    "amount_cents": 120,
                    "currency": "usd",
                    "credits_quoted": 120,
                    "refund_cents": 0,
                    "refunded_cents": 0,
                    "expires_at": "2026-11-02T10:00:00Z",
                    "paid_at": "2026-11-02T09:30:00Z",
                }
            ]
        }
    )

    quote_id: str
    payment_status: PaymentState = Field(description="Where the money is.")
    amount_cents: int = Field(description="What was paid.")
    currency: str
    credits_quoted: int
    refund_cents: int = Field(description="What goes back to the card, or went back.")
    refunded_cents: int = Field(description="What has gone back to the card.")
    expires_at: datetime
    paid_at: datetime


def quote_resource(quote: QuoteView, *, base_url: str, claim_token: str) -> QuoteResource:
    status = _status(quote)
    url_parts = (base_url, quote.quote_id, claim_token)
    is_over = status is QuoteStatus.EXPIRED
    return QuoteResource(
        quote_id=quote.quote_id,
        name=quote.name,
        status=status,
        payment_status=PaymentState(status.value),
        is_running=status is QuoteStatus.SETTLING,
        last_error=closed_error(quote).detail if is_over else None,
        amount_cents=quote.amount_cents,
        currency=quote.currency,
        credits_quoted=quote.render.plan.charges.total_credits,
        lines=list(quote.lines),
        warnings=list(quote.render.plan.warnings),
        payment_url=None if is_over else payment_url(*url_parts),
        status_url=paid_status_url(*url_parts),
        cancel_url=paid_cancel_url(*url_parts),
        created_at=quote.created_at,
        updated_at=quote.updated_at,
        expires_at=quote.expires_at,
        cancel_requested=quote.cancel_requested,
    )


def paid_render_resource(
    quote: QuoteView,
    render: RenderView,
    *,
    base_url: str,
    claim_token: str,
    urls: dict[str, str],
) -> PaidRenderResource:
    """`urls` holds the signed URLs of the render's files by storage key."""
    resource = render_resource(render, base_url=base_url, urls=urls)
    warnings = [*resource.warnings, *([DISPUTED_SENTENCE] if quote.is_disputed else [])]
    return PaidRenderResource.model_validate(
        {
            **dict(resource),
            "warnings": warnings,
            "status_url": paid_status_url(base_url, quote.quote_id, claim_token),
            "cancel_url": paid_cancel_url(base_url, quote.quote_id, claim_token),
            "quote_id": quote.quote_id,
            "payment_status": quote.state,
            "amount_cents": quote.amount_cents,
            "currency": quote.currency,
            "credits_quoted": quote.render.plan.charges.total_credits,
            "refund_cents": quote.refund_cents,
            "refunded_cents": quote.refunded_cents,
            "expires_at": quote.expires_at,
            "paid_at": quote.paid_at,
        }
    )


def _status(quote: QuoteView) -> QuoteStatus:
    if quote.state is PaymentState.SETTLING:
        return QuoteStatus.SETTLING
    return QuoteStatus.QUOTED if quote.is_payable else QuoteStatus.EXPIRED
