"""One span a request, continuing the caller's trace. Only in a gateway that traces.

A span has the route's template and never a query string, a header or a path: those carry claim
tokens, keys and names of files. Of the caller's context only `traceparent` is believed, which is
numbers; `tracestate` and `baggage` are free text that would end up in the history of the run.
"""

from typing import Final

import structlog
from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.discovery import HEALTH_PATH
from gateway.middleware.access_log import CLIENT_CLOSED_STATUS, UNMATCHED_ROUTE

TRACEPARENT: Final = "traceparent"
SERVER_ERROR_STATUS: Final = 500
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""Any other is called _OTHER, as the semantic conventions for HTTP ask."""

_propagator: Final = TraceContextTextMapPropagator()


class TracingMiddleware:
    """Goes around everything else, so that the span is as long as the request."""

    def __init__(self, app: ASGIApp, *, tracer: Tracer) -> None:
        self._app = app
        self._tracer = tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] == HEALTH_PATH:
            await self._app(scope, receive, send)
            return
        method = scope["method"] if scope["method"] in _METHODS else "_OTHER"
        given = Headers(scope=scope).get(TRACEPARENT)
        with self._tracer.start_as_current_span(
            method,
            context=_propagator.extract({TRACEPARENT: given} if given else {}),
            kind=SpanKind.SERVER,
            attributes={"http.request.method": method, "url.scheme": scope["scheme"]},
            # An exception's text is not ours to send; its type is set below.
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            await self._serve(span, method, scope, receive, send)

    async def _serve(
        self, span: Span, method: str, scope: Scope, receive: Receive, send: Send
    ) -> None:
        status = CLIENT_CLOSED_STATUS

        async def note_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        trace_id = trace.format_trace_id(span.get_span_context().trace_id)
        try:
            with structlog.contextvars.bound_contextvars(trace_id=trace_id):
                await self._app(scope, receive, note_status)
        except BaseException as error:
            span.set_attribute("error.type", type(error).__name__)
            span.set_status(StatusCode.ERROR)
            raise
        finally:
            _describe(span, method, scope, status)


def _describe(span: Span, method: str, scope: Scope, status: int) -> None:
    route = getattr(scope.get("route"), "path", UNMATCHED_ROUTE)
    span.update_name(method if route == UNMATCHED_ROUTE else f"{method} {route}")
    span.set_attributes({"http.route": route, "http.response.status_code": status})
    request_id = scope.get("state", {}).get("request_id")
    if request_id is not None:
        span.set_attribute("fvs.request_id", request_id)
    if status >= SERVER_ERROR_STATUS:
        span.set_status(StatusCode.ERROR)
