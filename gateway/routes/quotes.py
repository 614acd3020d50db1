"""Ask for a quote without an account, and pay it: at the same address, or at its `payment_url`."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response

from gateway.dependencies import Gateway
from gateway.payment_credentials import payment_in
from gateway.quote_openapi import PAYING, QUOTING, payment_responses
from gateway.quote_resource import PaidRenderResource
from gateway.routes.answers import still_wanted
from gateway.routes.body import read_any_body, read_json_body
from gateway.routes.quote_answers import (
    paid_response,
    pending_response,
    standing_response,
)
from gateway.services.fingerprint import check_idempotency_key
from gateway.services.links import API_PREFIX
from gateway.services.payments import (
    ChallengeSpent,
    PaymentPending,
    PaymentRefused,
    check_binding,
)
from gateway.services.quotes import Caller, Offer
from studio.contracts.errors import StudioError
from studio.contracts.limits import QUOTE_LIFETIME_SECONDS
from studio.payments.challenges import Credential, body_digest
from studio.payments.errors import InvalidChallenge, InvalidPayload, MalformedCredential
from studio.quotes.errors import QuoteExpired, UnknownQuote

CLAIM_HEADER: Final = "X-FVS-Claim-Token"
IDEMPOTENCY_HEADER: Final = "Idempotency-Key"
REPLAYED_HEADER: Final = "Idempotent-Replayed"

QuoteId = Annotated[str, Path(description="`quote_` and 24 hex digits.")]


def _claim_token(
    claim_token: Annotated[str | None, Query(description="As the quote was given it.")] = None,
    claim_header: Annotated[
        str | None, Header(alias=CLAIM_HEADER, description="The claim token, if not in the query.")
    ] = None,
) -> str:
    return claim_token or claim_header or ""


ClaimToken = Annotated[str, Depends(_claim_token)]
"""What the caller shows for a quote; empty where that is nothing."""

_NOT_TAKEN: Final = (MalformedCredential, InvalidChallenge, InvalidPayload)
"""No payment for a quote that is known to be the caller's."""
_NOT_PAID: Final = (ChallengeSpent, PaymentRefused)
"""A payment of the caller's quote that came to nothing: another may be sent."""


def quotes_router(gateway: Gateway) -> APIRouter:
    """The routes under `/api/agent/render-quotes`."""
    router = APIRouter(prefix=f"{API_PREFIX}/render-quotes", tags=["quotes"])
    _add_quoting(router, gateway)
    _add_paying(router, gateway)
    return router


def _add_quoting(router: APIRouter, gateway: Gateway) -> None:
    patience = gateway.dependencies.body_patience.for_guests()

    @router.post(
        "",
        status_code=202,
        response_model=PaidRenderResource,
        summary="Ask for a quote, or pay it",
        description=(
            "Prices a brief without a key. The answer is a 402 with a payment challenge, good "
            f"for {QUOTE_LIFETIME_SECONDS // 60} minutes; nothing is fetched, held or started. "
            "Send the same body again with the payment, or pay at `payment_url`."
        ),
        responses=payment_responses(200, 400, 402, 403, 408, 409, 413, 415, 422, 429, 503),
        openapi_extra=QUOTING,
    )
    async def create_quote(request: Request) -> Response:
        gateway.quotes.require_setup()
        payment = payment_in(request.headers)
        key = check_idempotency_key(request.headers.get(IDEMPOTENCY_HEADER))
        caller = Caller(gateway.hosts.client_address(request.scope), key)
        body = await read_json_body(request, patience)
        if payment is None:
            return await _offer(gateway, request, body, caller)
        try:
            credential = gateway.payments.authenticate(payment)
            return await _pay_from_body(gateway, request, credential, body)
        except (*_NOT_TAKEN, UnknownQuote, QuoteExpired) as error:
            return await _offer(gateway, request, body, caller, error)


async def _offer(
    gateway: Gateway,
    request: Request,
    body: bytes,
    caller: Caller,
    error: StudioError | None = None,
) -> Response:
    """A quote for a body; the one that the caller's own key made before, as it stands now."""
    offer = await gateway.quotes.create(body, caller)
    headers = {REPLAYED_HEADER: "true"} if offer.replayed else None
    return await standing_response(gateway, request, offer, error, with_body=True, headers=headers)


async def _pay_from_body(
    gateway: Gateway, request: Request, credential: Credential, body: bytes
) -> Response:
    """Pay the quote that a challenge of ours was made for."""
    quote = await gateway.quotes.load(credential.quote_id)
    offer = Offer(quote, gateway.quotes.claim_token(quote))
    check_binding(credential, quote, sent_digest=body_digest(body))
    return await _pay(gateway, request, offer, credential, with_body=True)


async def _pay(
    gateway: Gateway, request: Request, offer: Offer, credential: Credential, *, with_body: bool
) -> Response:
    quote_id, token = offer.quote.quote_id, offer.claim_token
    try:
        paid = await gateway.payments.pay(
            credential,
            address=gateway.hosts.client_address(request.scope),
            wanted=still_wanted(gateway, request),
        )
    except PaymentPending:
        return pending_response(gateway, request, offer.quote, token)
    except _NOT_PAID as error:
        now = Offer(await gateway.quotes.load(quote_id), token)
        return await standing_response(gateway, request, now, error, with_body=with_body)
    status_code = 202 if paid.is_new else 200
    return await paid_response(gateway, request, paid.quote, token, status_code=status_code)


def _add_paying(router: APIRouter, gateway: Gateway) -> None:
    path = "/{quote_id}/pay"
    patience = gateway.dependencies.body_patience.for_guests()
    responses = payment_responses(200, 400, 402, 403, 404, 408, 410, 413, 429, 503)

    async def pay_quote(request: Request, quote_id: QuoteId, token: ClaimToken) -> Response:
        gateway.quotes.require_setup()
        offer = Offer(await gateway.quotes.claimed(quote_id, token), token)
        payment = payment_in(request.headers)
        if payment is None:
            return await standing_response(gateway, request, offer, with_body=False)
        body = await read_any_body(request, patience)
        try:
            credential = gateway.payments.authenticate(payment)
            sent_digest = body_digest(body) if body else None
            check_binding(credential, offer.quote, sent_digest=sent_digest)
        except _NOT_TAKEN as error:
            return await standing_response(gateway, request, offer, error, with_body=False)
        return await _pay(gateway, request, offer, credential, with_body=False)

    for method, name, is_shown in (
        ("GET", "pay_quote", True),
        ("POST", "post_payment", True),
        ("HEAD", "head_payment", False),
    ):
        router.add_api_route(
            path,
            pay_quote,
            methods=[method],
            name=name,
            include_in_schema=is_shown,
            status_code=202,
            response_model=PaidRenderResource,
            summary="Pay a quote",
            description=(
                "Without a payment a 402 with a new challenge, and nothing happens. With one the "
                "quote is paid, once however often it is sent, and its render begins."
            ),
            responses=responses,
            openapi_extra=PAYING,
        )
