"""Lets pages of any origin call the routes that need no account.

What protects a quote is its claim token, which a page has to know. Nothing here reads a cookie, so
`*` without credentials gives a page nothing that its visitor has. Routes of accounts are left as
they are: a key does not belong into a page.
"""

from collections.abc import Collection, Sequence
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.methods import methods_at

REQUEST_HEADERS: Final = (
    "Authorization, Content-Type, Idempotency-Key, Accept-Payment, X-FVS-Claim-Token, X-Request-Id"
)
"""`*` would not cover Authorization (Fetch, 4.9)."""
EXPOSED_HEADERS: Final = "WWW-Authenticate, Payment-Receipt, Retry-After, Location, X-Request-Id"
"""Without the first two a page could not pay, and would not see that it has."""
PREFLIGHT_SECONDS: Final = "7200"
"""As long as Chromium remembers an answer at most."""
_NO_CONTENT: Final = 204


class CorsMiddleware:
    """`paths` are open to all origins, and what is below them.

    It goes around the handling of errors, so that a page can read a refusal too.
    """

    def __init__(self, app: ASGIApp, *, paths: Collection[str]) -> None:
        self._app = app
        self._paths = frozenset(paths)
        self._folders = tuple(f"{path}/" for path in paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not self._is_open(scope["path"]):
            await self._app(scope, receive, send)
            return

        async def send_openly(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Access-Control-Allow-Origin"] = "*"
                headers["Access-Control-Expose-Headers"] = EXPOSED_HEADERS
            await send(message)

        methods = methods_at(scope) if scope["method"] == "OPTIONS" else []
        answer = _options(scope, [*methods, "OPTIONS"]) if methods else self._app
        await answer(scope, receive, send_openly)

    def _is_open(self, path: str) -> bool:
        return path in self._paths or path.startswith(self._folders)


def _options(scope: Scope, methods: Sequence[str]) -> Response:
    """What can be done here; for a browser that asks for a page, also what the page may send."""
    told = {"Allow": ", ".join(methods)}
    if "access-control-request-method" in Headers(scope=scope):
        told |= {
            "Access-Control-Allow-Methods": ", ".join(methods),
            "Access-Control-Allow-Headers": REQUEST_HEADERS,
            "Access-Control-Max-Age": PREFLIGHT_SECONDS,
        }
    return Response(status_code=_NO_CONTENT, headers=told)
