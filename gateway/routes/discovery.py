"""Where agents and crawlers look first: `/openapi.json` for paying agents, and `/llms.txt`."""

import json
from functools import cache
from typing import Final

from fastapi import APIRouter, FastAPI, Request, Response
from starlette.responses import PlainTextResponse

from gateway.dependencies import Gateway
from gateway.discovery import (
    DISCOVERY_MAX_AGE_SECONDS,
    DISCOVERY_PATH,
    LLMS_PATH,
    located,
    paying_document,
)
from gateway.llms import llms_text
from gateway.openapi import Fragment
from gateway.routes.answers import JSON_MEDIA_TYPE
from gateway.services.payment_setup import MissingSettings

_HEADERS: Final = {"Cache-Control": f"public, max-age={DISCOVERY_MAX_AGE_SECONDS}"}
_METHODS: Final = ["GET", "HEAD"]


def discovery_router(gateway: Gateway, app: FastAPI) -> APIRouter:
    """Both are made from `app`'s full document, on the caller's host."""
    router = APIRouter()
    payments = gateway.dependencies.payments
    missing = payments.variables if isinstance(payments, MissingSettings) else ()

    @cache
    def document() -> Fragment:
        return paying_document(app.openapi(), missing_settings=missing)

    async def get_document(request: Request) -> Response:
        found = located(document(), gateway.hosts.base_url(request.scope))
        content = json.dumps(found, ensure_ascii=False, separators=(",", ":"))
        return Response(content, media_type=JSON_MEDIA_TYPE, headers=_HEADERS)

    async def get_text(request: Request) -> Response:
        base_url = gateway.hosts.base_url(request.scope)
        text = llms_text(document(), base_url=base_url, missing_settings=missing)
        return PlainTextResponse(text, headers=_HEADERS)

    for path, answer in ((DISCOVERY_PATH, get_document), (LLMS_PATH, get_text)):
        router.add_api_route(path, answer, methods=_METHODS, include_in_schema=False)
    return router
