"""One log line and one measurement a request, without its query string or any header."""

import logging
from collections.abc import Callable
from typing import Final

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.metrics import GatewayMetrics
from gateway.middleware.logged_paths import logged_path

UNMATCHED_ROUTE: Final = "unmatched"
CLIENT_CLOSED_STATUS: Final = 499
"""nginx's number for a caller who left before the answer."""
FIRST_ERROR_STATUS: Final = 400
SLOW_READ_SECONDS: Final = 1.0
"""A poll that waited for its run's answer in vain takes this long, and is worth a line."""
_READS: Final = frozenset({"GET", "HEAD"})
_KNOWN_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger("gateway.access")


class AccessLogMiddleware:
    """Claim tokens, signatures and keys travel in queries and headers: neither is logged."""

    def __init__(
        self, app: ASGIApp, *, metrics: GatewayMetrics, monotonic: Callable[[], float]
    ) -> None:
        self._app = app
        self._metrics = metrics
        self._monotonic = monotonic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = self._monotonic()
        status = CLIENT_CLOSED_STATUS

        async def note_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        with self._metrics.requests_open.track_inprogress():
            try:
                await self._app(scope, receive, note_status)
            finally:
                self._record(scope, status, self._monotonic() - started)

    def _record(self, scope: Scope, status: int, seconds: float) -> None:
        method = scope["method"] if scope["method"] in _KNOWN_METHODS else "OTHER"
        route = getattr(scope.get("route"), "path", UNMATCHED_ROUTE)
        self._metrics.request_done(method, route, status, seconds)
        _log.log(
            _level(method, status, seconds),
            "request",
            method=method,
            path=logged_path(scope),
            route=route,
            status=status,
            duration_ms=round(seconds * 1000, 1),
        )


def _level(method: str, status: int, seconds: float) -> int:
    """Agents poll each render hundreds of times: reads that went well are for debugging only."""
    uneventful = method in _READS and status < FIRST_ERROR_STATUS and seconds < SLOW_READ_SECONDS
    return logging.DEBUG if uneventful else logging.INFO
