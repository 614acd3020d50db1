"""Traces, where they are asked for. Elsewhere its SDK is not even loaded."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from temporalio.client import Interceptor

from runtime.settings import Settings

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from runtime.otel import Tracing


@dataclass(frozen=True)
class Traces:
    """What a process adds to its clients and its application. Without tracing: nothing."""

    tracing: "Tracing | None" = None

    @property
    def interceptors(self) -> list[Interceptor]:
        """For `connect`; the workers of that client inherit them."""
        return [] if self.tracing is None else [self.tracing.interceptor()]

    def around(self, app: "ASGIApp") -> "ASGIApp":
        """The application, with a span for each request."""
        if self.tracing is None:
            return app
        from gateway.middleware.tracing import TracingMiddleware

        return TracingMiddleware(app, tracer=self.tracing.tracer)


@contextmanager
def open_traces(settings: Settings, *, service: str) -> Iterator[Traces]:
    """Send spans to `FVS_OTEL_ENDPOINT` as `service`; what is left is sent at the block's end."""
    if settings.otel_endpoint is None:
        yield Traces()
        return
    from runtime.otel import start_tracing

    tracing = start_tracing(settings.otel_endpoint, service=service)
    try:
        yield Traces(tracing)
    finally:
        tracing.stop()
