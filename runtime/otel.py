"""OpenTelemetry: spans over OTLP/HTTP, and the Temporal SDK's interceptor. Import it only if used.

`temporalio.contrib.opentelemetry` offers two ways. The interceptor is the stable one: in a
workflow it makes spans that begin and end at one moment, only while it isn't replaying, which is
all that is needed to hang the activities' spans under the request that started the render. The
plugin, which makes workflow spans with a duration, is marked experimental.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Final, cast

import structlog
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_NAMESPACE, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import Event, ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Link, Status, Tracer
from opentelemetry.util.types import Attributes
from temporalio.contrib.opentelemetry import TracingInterceptor
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput

from studio.contracts.redaction import redact, redact_text

TRACES_PATH: Final = "/v1/traces"
"""Where OTLP/HTTP collectors take spans, below their base address (OTLP specification 1.7)."""
SERVICES: Final = "future-video-studio"
FLUSH_SECONDS_MAX: Final = 3.0
"""A collector that is away must not keep a process from ending."""


@dataclass(frozen=True)
class Tracing:
    """One provider a process; never the global one, so that two can live side by side."""

    provider: TracerProvider

    @property
    def tracer(self) -> Tracer:
        return self.provider.get_tracer(SERVICES)

    def interceptor(self) -> TracingInterceptor:
        return NamingTracingInterceptor(self.tracer)

    def stop(self) -> None:
        """Send what is left, for as long as FLUSH_SECONDS_MAX."""
        stopping = threading.Thread(target=self.provider.shutdown, daemon=True)
        stopping.start()
        stopping.join(FLUSH_SECONDS_MAX)


def start_tracing(endpoint: str, *, service: str) -> Tracing:
    """Trace to the collector at this base address, or at its full address of traces.

    The standard variables work as they do everywhere: OTEL_TRACES_SAMPLER, OTEL_BSP_…,
    OTEL_EXPORTER_OTLP_HEADERS, OTEL_RESOURCE_ATTRIBUTES.
    """
    base = endpoint.rstrip("/")
    address = base if base.endswith(TRACES_PATH) else base + TRACES_PATH
    return tracing_to(BatchSpanProcessor, OTLPSpanExporter(endpoint=address), service=service)


def tracing_to(
    processor: type[BatchSpanProcessor], exporter: SpanExporter, *, service: str
) -> Tracing:
    """Trace to any exporter, which only ever sees spans without secrets."""
    resource = Resource.create(
        {
            SERVICE_NAME: service,
            SERVICE_NAMESPACE: SERVICES,
            SERVICE_VERSION: version("future-video-studio"),
        }
    )
    # The composition root stops it; at the interpreter's own end it would be too late.
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(processor(RedactingExporter(exporter)))
    return Tracing(provider)


class RedactingExporter(SpanExporter):
    """Takes the secrets out of every text of every span, whoever made it."""

    def __init__(self, inner: SpanExporter) -> None:
        self._inner = inner

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return self._inner.export([redact_span(span) for span in spans])

    def shutdown(self) -> None:
        self._inner.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._inner.force_flush(timeout_millis)


def redact_span(span: ReadableSpan) -> ReadableSpan:
    """The span without its secrets; spans that have ended cannot be changed in place."""
    description = span.status.description
    return ReadableSpan(
        name=redact_text(span.name),
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=_redact_attributes(span.attributes),
        events=[
            Event(redact_text(event.name), _redact_attributes(event.attributes), event.timestamp)
            for event in span.events
        ],
        links=[Link(link.context, _redact_attributes(link.attributes)) for link in span.links],
        kind=span.kind,
        status=Status(span.status.status_code, redact_text(description) if description else None),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _redact_attributes(attributes: Attributes) -> Attributes:
    return cast("Attributes", redact(dict(attributes))) if attributes else None


class NamingTracingInterceptor(TracingInterceptor):
    """The SDK's interceptor; log lines inside an activity's span name its trace."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 -- the name is the SDK's
        return super().intercept_activity(_TraceNamed(next))


class _TraceNamed(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 -- as above
        trace_id = trace.get_current_span().get_span_context().trace_id
        with structlog.contextvars.bound_contextvars(trace_id=trace.format_trace_id(trace_id)):
            return await super().execute_activity(input)
