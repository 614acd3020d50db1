"""`/mcp`: Streamable HTTP, every revision of the protocol, no session.

Never an HTTP 401: clients would take it for an invitation to sign in with OAuth, which there is
none of. A missing key is a tool's answer.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Final

from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.types import INVALID_REQUEST
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from gateway.dependencies import Gateway
from gateway.limits import BodyTooLarge, BodyTooSlow
from gateway.mcp.doors import Doors
from gateway.mcp.envelope import (
    BODY_BYTES_MAX,
    METHOD_NOT_ALLOWED_CODE,
    MalformedMessage,
    check_message,
    error_document,
)
from gateway.mcp.names import MCP_PATHS
from gateway.mcp.server import StudioServer
from gateway.middleware.access_log import CLIENT_CLOSED_STATUS
from gateway.routes.body import read_json_body
from studio.ingest.errors import UnsupportedUpload

METHODS: Final = "POST, OPTIONS"
REQUEST_HEADERS: Final = (
    "Accept, Authorization, Content-Type, Last-Event-ID, Mcp-Method, Mcp-Name, "
    "MCP-Protocol-Version, Mcp-Session-Id, X-API-Key, X-Agent-Api-Key, X-FVS-Agent-Key, "
    "X-FVS-Billing-Mode, X-Request-Id"
)
EXPOSED_HEADERS: Final = "Mcp-Session-Id, MCP-Protocol-Version, X-Request-Id"
PREFLIGHT_SECONDS: Final = "7200"
"""As long as Chromium remembers an answer at most."""
POST_ONLY: Final = "Send one JSON-RPC message by POST: there are no sessions and no streams to get."
FOREIGN_HOST: Final = "This server does not answer under that host."
FOREIGN_ORIGIN: Final = "Pages of that origin may not call this server."


class McpEndpoint:
    """An ASGI application of its own for two routes, while `running`."""

    def __init__(self, gateway: Gateway, server: StudioServer, doors: Doors) -> None:
        self._gateway = gateway
        self._server = server
        self._doors = doors
        self._manager: StreamableHTTPSessionManager | None = None
        self._routes = [
            Route(path, self, methods=None, include_in_schema=False) for path in MCP_PATHS
        ]

    @property
    def routes(self) -> list[Route]:
        return self._routes

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Serve while the block is entered; a manager of the SDK's serves once.

        In a task of its own: what it opens must be closed by the task that opened it, and a host
        may well start and stop an application from two.
        """
        started, stop = asyncio.Event(), asyncio.Event()
        serving = asyncio.create_task(self._serve(started, stop))
        starting = asyncio.create_task(started.wait())
        await asyncio.wait({serving, starting}, return_when=asyncio.FIRST_COMPLETED)
        starting.cancel()
        if serving.done():
            await serving  # it did not start, and says why
        try:
            yield
        finally:
            stop.set()
            await serving

    async def _serve(self, started: asyncio.Event, stop: asyncio.Event) -> None:
        self._server.streamable_http_app(
            stateless_http=True,
            json_response=False,  # it would lose progress
            max_request_body_size=BODY_BYTES_MAX,
            transport_security=self._doors.settings(),
        )
        manager = self._server.session_manager
        async with manager.run():
            self._manager = manager
            started.set()
            await stop.wait()
            self._manager = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["route"] = self._routes[0]  # for the log: the framework names its own alone
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        if not self._doors.lets_host(headers.get("host", "")):
            await _refused(HTTPStatus.MISDIRECTED_REQUEST, FOREIGN_HOST)(scope, receive, send)
            return
        if not self._doors.lets_origin(origin):
            await _refused(HTTPStatus.FORBIDDEN, FOREIGN_ORIGIN)(scope, receive, send)
            return
        await self._answer(scope, receive, _telling(send, origin))

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "OPTIONS":
            await _preflight(scope)(scope, receive, send)
            return
        if scope["method"] != "POST":
            refused = _refused(
                HTTPStatus.METHOD_NOT_ALLOWED,
                POST_ONLY,
                METHOD_NOT_ALLOWED_CODE,
                {"Allow": METHODS},
            )
            await refused(scope, receive, send)
            return
        body = await self._read(Request(scope, receive))
        if isinstance(body, Response):
            await body(scope, receive, send)
            return
        assert self._manager is not None  # noqa: S101 - the application's lifespan runs it
        await self._manager.handle_request(scope, _again(body, receive), send)

    async def _read(self, request: Request) -> bytes | Response:
        """The checked body, or the refusal of it."""
        patience = self._gateway.dependencies.body_patience.for_guests()
        try:
            body = await read_json_body(request, patience, bytes_max=BODY_BYTES_MAX)
            check_message(body)
        except MalformedMessage as error:
            return _refused(HTTPStatus.BAD_REQUEST, error.sentence, error.code)
        except UnsupportedUpload as error:
            return _refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, error.detail)
        except BodyTooLarge as error:
            return _refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, error.detail)
        except BodyTooSlow as error:
            return _refused(HTTPStatus.REQUEST_TIMEOUT, error.detail, more={"Connection": "close"})
        except ClientDisconnect:
            return Response(status_code=CLIENT_CLOSED_STATUS)
        return body


def _refused(
    status: HTTPStatus,
    sentence: str,
    code: int = INVALID_REQUEST,
    more: dict[str, str] | None = None,
) -> Response:
    return Response(
        error_document(code, sentence),
        status_code=status.value,
        headers=more,
        media_type="application/json",
    )


def _preflight(scope: Scope) -> Response:
    told = {"Allow": METHODS}
    if "access-control-request-method" in Headers(scope=scope):
        told |= {
            "Access-Control-Allow-Methods": METHODS,
            "Access-Control-Allow-Headers": REQUEST_HEADERS,
            "Access-Control-Max-Age": PREFLIGHT_SECONDS,
        }
    return Response(status_code=HTTPStatus.NO_CONTENT.value, headers=told)


def _telling(send: Send, origin: str | None) -> Send:
    """Let the page that calls read the answer, and no other."""

    async def send_openly(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["status"] = int(message["status"])  # the SDK has them by name
            headers = MutableHeaders(scope=message)
            headers.add_vary_header("Origin")
            if origin is not None:
                headers["Access-Control-Allow-Origin"] = origin
                headers["Access-Control-Expose-Headers"] = EXPOSED_HEADERS
        await send(message)

    return send_openly


def _again(body: bytes, receive: Receive) -> Receive:
    """The body that was read, once more; after it what comes of the caller, who may leave."""
    is_read = False

    async def receive_again() -> Message:
        nonlocal is_read
        if is_read:
            return await receive()
        is_read = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again
