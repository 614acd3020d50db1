"""Where Stripe sends its webhooks."""

from typing import Final

from fastapi import APIRouter, Request, Response

from gateway.dependencies import Gateway
from gateway.routes.answers import JSON_MEDIA_TYPE
from gateway.routes.body import read_json_body
from studio.payments.webhooks import BODY_BYTES_MAX

WEBHOOKS_PATH: Final = "/api/stripe/webhooks"
SIGNATURE_HEADER: Final = "Stripe-Signature"
_RECEIVED: Final = b'{"received":true}'
"""Stripe reads the status alone."""


def webhooks_router(gateway: Gateway) -> APIRouter:
    """`POST /api/stripe/webhooks`: 200 for all that is signed, whether it concerns us or not."""
    router = APIRouter()
    patience = gateway.dependencies.body_patience.for_guests()

    @router.post(WEBHOOKS_PATH, include_in_schema=False)
    async def receive_webhook(request: Request) -> Response:
        gateway.webhooks.require_trust()
        body = await read_json_body(request, patience, bytes_max=BODY_BYTES_MAX)
        await gateway.webhooks.receive(body, request.headers.get(SIGNATURE_HEADER, ""))
        return Response(_RECEIVED, media_type=JSON_MEDIA_TYPE)

    return router
