"""How what became of a quote is answered; the one place where an answer carries a challenge."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from gateway.dependencies import Gateway
from gateway.errors import RETRY_AFTER_UNAVAILABLE_SECONDS, request_id_of
from gateway.payment_problem import (
    payment_problem,
    required_document,
    required_problem,
)
from gateway.problem import TYPE_PREFIX, ProblemDocument, problem_response, title_of
from gateway.quote_resource import (
    PaidRenderResource,
    QuoteResource,
    paid_render_resource,
    quote_resource,
)
from gateway.resource import files_of
from gateway.routes.answers import JSON_MEDIA_TYPE
from gateway.services.links import paid_status_url
from gateway.services.paid_renders import PaidView
from gateway.services.payments import PaidByAnother, PaymentPending, closed_error
from gateway.services.quote_views import QuoteView
from gateway.services.quotes import Offer
from studio.contracts.errors import StudioError
from studio.contracts.payment import PaymentState
from studio.contracts.status import RenderState

RECEIPT_HEADER: Final = "Payment-Receipt"
PRIVATE: Final = "private, no-store"
"""As the protocol wants it of every answer with a receipt; a claim token is in it as well."""
PENDING_STATUS: Final = 503
KEPT_STATES: Final = frozenset({RenderState.COMPLETED, RenderState.CANCELED})
"""How a render ends whose delivered files are paid for. One that fails gives everything back, and a
brief can be written that surely fails, half of it filmed: so until the end, and where there is no
film, thumbnails are all that is linked."""


class PendingDocument(ProblemDocument):
    """A problem without a challenge: the quote must not be paid again."""

    quote_id: str
    status_url: str = Field(description="Says what became of the payment.")


async def standing_response(
    gateway: Gateway,
    request: Request,
    offer: Offer,
    error: StudioError | None = None,
    *,
    with_body: bool,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """What a quote's caller is told who has not paid it with this request, because of `error`.

    A challenge only while it can be paid; QuoteExpired where that is over. PaidByAnother where it
    is paid and the caller sent another payment.
    """
    quote = offer.quote
    if quote.is_payable:
        return required_response(
            gateway, request, offer, error, with_body=with_body, headers=headers
        )
    if quote.state is PaymentState.SETTLING:
        return pending_response(gateway, request, quote, offer.claim_token)
    if not quote.is_paid:
        raise closed_error(quote)
    if error is not None:
        raise PaidByAnother
    return await paid_response(gateway, request, quote, offer.claim_token, status_code=200)


def required_response(
    gateway: Gateway,
    request: Request,
    offer: Offer,
    error: StudioError | None,
    *,
    with_body: bool,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A 402 with a new challenge for the quote."""
    challenge = gateway.quotes.challenge(offer.quote, with_body=with_body)
    document = required_document(
        offer,
        challenge,
        (payment_problem(error) if error else None) or required_problem(offer),
        base_url=gateway.hosts.base_url(request.scope),
        request_id=request_id_of(request),
    )
    return problem_response(
        document,
        {"WWW-Authenticate": challenge, "Cache-Control": "no-store", **(headers or {})},
    )


def pending_response(
    gateway: Gateway, request: Request, quote: QuoteView, claim_token: str
) -> Response:
    """A 503 without a challenge: whoever paid again might pay twice."""
    error = PaymentPending()
    base_url = gateway.hosts.base_url(request.scope)
    document = PendingDocument(
        type=TYPE_PREFIX + error.code,
        title=title_of(PENDING_STATUS),
        status=PENDING_STATUS,
        detail=error.detail,
        code=error.code,
        request_id=request_id_of(request),
        quote_id=quote.quote_id,
        status_url=paid_status_url(base_url, quote.quote_id, claim_token),
    )
    return problem_response(document, {"Retry-After": str(RETRY_AFTER_UNAVAILABLE_SECONDS)})


async def paid_response(
    gateway: Gateway, request: Request, quote: QuoteView, claim_token: str, *, status_code: int
) -> Response:
    """The paid render with its payment's receipt."""
    base_url = gateway.hosts.base_url(request.scope)
    view = await gateway.paid_renders.view(quote)
    resource = await resource_of_paid(gateway, base_url, view, claim_token)
    headers = {"Cache-Control": PRIVATE}
    if status_code == 202:  # noqa: PLR2004 - HTTP's own number
        headers["Location"] = resource.status_url
    if quote.payment_id is not None and quote.paid_at is not None:
        headers[RECEIPT_HEADER] = gateway.quotes.setup.challenger.receipt(
            payment_id=quote.payment_id, paid_at=quote.paid_at
        )
    return Response(
        resource.model_dump_json(),
        status_code=status_code,
        media_type=JSON_MEDIA_TYPE,
        headers=headers,
    )


async def resource_of_paid(
    gateway: Gateway, base_url: str, view: PaidView, claim_token: str
) -> QuoteResource | PaidRenderResource:
    """What a claim token shows, with its files signed where the payment is for them."""
    quote, render = view.quote, view.render
    if render is None:
        return quote_resource(quote, base_url=base_url, claim_token=claim_token)
    if quote.is_disputed or render.snapshot.status not in KEPT_STATES:
        snapshot = render.snapshot.without_files(but_thumbnails=not quote.is_disputed)
        render = replace(render, snapshot=snapshot)
    urls = await gateway.links.sign(files_of(render), base_url=base_url)
    return paid_render_resource(
        quote, render, base_url=base_url, claim_token=claim_token, urls=urls
    )
