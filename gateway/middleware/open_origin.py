"""Lets the pages of any host ask for quotes, pay them and see their renders.

These routes take no cookies: whoever has the claim token may ask from anywhere, and a program in a
browser must be able to read the challenge and the receipt.
"""

from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.services.links import API_PREFIX

OPEN_PATHS: Final = (f"{API_PREFIX}/render-quotes", f"{API_PREFIX}/paid-renders")
EXPOSED: Final = "WWW-Authenticate, Payment-Receipt, Location, Retry-After, X-Request-Id"
ALLOWED_METHODS: Final = "GET, HEAD, POST, OPTIONS"
ALLOWED_HEADERS: Final = (
    "Authorization, Content-Type, Accept-Payment, Idempotency-Key, X-FVS-Claim-Token, X-Request-Id"
)
PREFLIGHT_SECONDS: Final = 600
"""How long a browser may remember the answer; Chromium believes two hours at most."""


class OpenOriginMiddleware:
    """Answers preflights, and opens every answer of the routes of quotes, refusals too."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(OPEN_PATHS):
            await self._app(scope, receive, send)
            return

        async def send_open(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Access-Control-Allow-Origin"] = "*"
                headers["Access-Control-Expose-Headers"] = EXPOSED
            await send(message)

        app = self._app
        if scope["method"] == "OPTIONS":
            app = _options(Headers(scope=scope))
        await app(scope, receive, send_open)


def _options(asked: Headers) -> Response:
    headers = {"Allow": ALLOWED_METHODS}
    if "access-control-request-method" in asked:
        headers |= {
            "Access-Control-Allow-Methods": ALLOWED_METHODS,
            "Access-Control-Allow-Headers": ALLOWED_HEADERS,
            "Access-Control-Max-Age": str(PREFLIGHT_SECONDS),
        }
    return Response(status_code=204, headers=headers)
