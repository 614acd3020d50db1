"""Watch, cancel and account for a render that a quote paid for, with the quote's claim token."""

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from gateway.dependencies import Gateway
from gateway.quote_openapi import payment_responses
from gateway.quote_resource import PaidRenderResource, QuoteResource
from gateway.receipt import ReceiptResource, receipt_resource
from gateway.routes.answers import JSON_MEDIA_TYPE
from gateway.routes.quote_answers import PRIVATE, resource_of_paid
from gateway.routes.quotes import ClaimToken, QuoteId
from gateway.services.links import API_PREFIX
from gateway.services.paid_renders import PaidReceipt, PaidView
from studio.contracts.payment import MAKING_STATES
from studio.ledger.service import LineState


def paid_renders_router(gateway: Gateway) -> APIRouter:
    """The routes under `/api/agent/paid-renders`."""
    router = APIRouter(prefix=f"{API_PREFIX}/paid-renders", tags=["quotes"])

    async def answer(request: Request, view: PaidView, token: str) -> Response:
        base_url = gateway.hosts.base_url(request.scope)
        return _json(await resource_of_paid(gateway, base_url, view, token))

    @router.get(
        "/{quote_id}",
        response_model=QuoteResource | PaidRenderResource,
        summary="Poll a quote and its render",
        description=(
            "Before it is paid: what is to be paid, and where. Afterwards the render, with the "
            "quote's fields; `final_video_url` is signed anew when less than ten minutes are left."
        ),
        responses=payment_responses(404, 503),
    )
    async def get_paid_render(request: Request, quote_id: QuoteId, token: ClaimToken) -> Response:
        return await answer(request, await gateway.paid_renders.get(quote_id, token), token)

    @router.post(
        "/{quote_id}/cancel",
        response_model=QuoteResource | PaidRenderResource,
        summary="Cancel a quote or its render",
        description=(
            "A quote that is not paid is over. A render is asked to end: what was delivered is "
            "kept and charged, the rest of the payment goes back to the card. What has ended "
            "stays as it is."
        ),
        responses=payment_responses(404, 503),
    )
    async def cancel_paid_render(
        request: Request, quote_id: QuoteId, token: ClaimToken
    ) -> Response:
        return await answer(request, await gateway.paid_renders.cancel(quote_id, token), token)

    @router.get(
        "/{quote_id}/receipt",
        response_model=ReceiptResource,
        summary="Read a paid render's receipt",
        description=(
            "The charge lines that were paid, and of each whether it is held, settled or released; "
            "what is released goes back to the card."
        ),
        responses=payment_responses(404, 409, 503),
    )
    async def get_paid_receipt(quote_id: QuoteId, token: ClaimToken) -> Response:
        return _json(_receipt(await gateway.paid_renders.receipt(quote_id, token)))

    return router


def _json(resource: BaseModel) -> Response:
    return Response(
        resource.model_dump_json(),
        media_type=JSON_MEDIA_TYPE,
        headers={"Cache-Control": PRIVATE},
    )


def _receipt(found: PaidReceipt) -> ReceiptResource:
    """Before the render begins all lines are held; if it never does, all are released."""
    unbooked = LineState.SETTLED
    if not found.money:
        unbooked = LineState.HELD if found.quote.state in MAKING_STATES else LineState.RELEASED
    return receipt_resource(found.quote.project_id, found.charges, found.money, unbooked=unbooked)
