"""Spans without secrets, spans of requests, and nothing at all where tracing is off."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Link, SpanKind, Status, StatusCode
from pydantic import ValidationError
from starlette.types import Message, Receive, Scope, Send

from gateway.middleware.tracing import TracingMiddleware
from runtime.otel import TRACES_PATH, Tracing, start_tracing, tracing_to
from runtime.settings import Settings
from runtime.tracing import open_traces
from tests.kit.collector import collecting

KEY = "fvs_live_" + "k3Y" * 12 + "ab"
TOKEN = "t0k3n" * 6
SIGNED = f"https://h/f.mp4?X-Goog-Expires=1&X-Goog-Signature={'5ae1' * 16}"
SECRETS = (KEY, TOKEN, "5ae1" * 16)


class Sink:
    """Where spans go, in memory."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        self.tracing: Tracing = tracing_to(BatchSpanProcessor, self.exporter, service="fvs-test")

    def spans(self) -> list[ReadableSpan]:
        self.tracing.provider.force_flush()
        return list(self.exporter.get_finished_spans())


@pytest.fixture
def sink() -> Iterator[Sink]:
    made = Sink()
    yield made
    made.tracing.stop()


def test_no_text_of_a_span_keeps_a_secret(sink: Sink) -> None:
    tracer = sink.tracing.tracer
    with tracer.start_as_current_span("linked") as linked:
        pass
    link = Link(linked.get_span_context(), {"url": SIGNED})
    with tracer.start_as_current_span(
        f"GET {SIGNED}",
        kind=SpanKind.CLIENT,
        attributes={"claim_token": TOKEN, "note": f"by {KEY}", "urls": [SIGNED], "shots": 3},
        links=[link],
    ) as span:
        span.record_exception(ValueError(f"refused {KEY}"), {"authorization": TOKEN})
        span.set_status(Status(StatusCode.ERROR, f"refused {SIGNED}"))
    [_, exported] = sink.spans()
    assert [secret for secret in SECRETS if secret in exported.to_json()] == []
    assert exported.attributes is not None
    assert exported.attributes["shots"] == 3
    assert exported.attributes["claim_token"] == "[redacted]"
    assert exported.events[0].attributes is not None
    assert exported.events[0].attributes["exception.message"] == "refused fvs_live_[redacted]"
    assert exported.kind == SpanKind.CLIENT
    assert exported.status.status_code == StatusCode.ERROR
    assert exported.resource.attributes["service.name"] == "fvs-test"


async def _nothing() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _drop(_message: Message) -> None:
    pass


def _scope(path: str = "/films/secret-name.mp4", method: str = "GET") -> Scope:
    return {
        "type": "http",
        "method": method,
        "path": path,
        "scheme": "https",
        "query_string": f"claim_token={TOKEN}".encode(),
        "headers": [(b"x-fvs-agent-key", KEY.encode())],
    }


async def test_a_request_that_fails_names_the_errors_type_and_not_its_text(sink: Sink) -> None:
    async def broken(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise ValueError(KEY)

    middleware = TracingMiddleware(broken, tracer=sink.tracing.tracer)
    with pytest.raises(ValueError, match="fvs_live"):
        await middleware(_scope(), _nothing, _drop)
    [span] = sink.spans()
    assert span.attributes is not None
    assert span.attributes["error.type"] == "ValueError"
    assert span.status.status_code == StatusCode.ERROR
    assert [text for text in (*SECRETS, "secret-name") if text in span.to_json()] == []


@pytest.mark.parametrize(("status", "code"), [(404, StatusCode.UNSET), (503, StatusCode.ERROR)])
async def test_only_our_own_failures_are_errors(status: int, code: StatusCode, sink: Sink) -> None:
    async def answer(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    middleware = TracingMiddleware(answer, tracer=sink.tracing.tracer)
    await middleware(_scope(method="BREW"), _nothing, _drop)
    [span] = sink.spans()
    assert (span.name, span.status.status_code) == ("_OTHER", code)


async def test_a_broken_traceparent_starts_a_trace_of_our_own(sink: Sink) -> None:
    async def answer(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    scope = {**_scope(), "headers": [(b"traceparent", b"00-no-hex-at-all")]}
    await TracingMiddleware(answer, tracer=sink.tracing.tracer)(scope, _nothing, _drop)
    [span] = sink.spans()
    assert span.parent is None


def test_what_is_left_is_sent_at_the_end_of_the_block() -> None:
    with collecting() as collector:
        settings = Settings(otel_endpoint=f"{collector.url}/")
        with open_traces(settings, service="fvs-gateway") as traces:
            assert traces.tracing is not None
            traces.tracing.tracer.start_span("last words").end()
            assert len(traces.interceptors) == 1
        assert [span.name for span in collector.named("last words")] == ["last words"]
        assert collector.paths == [TRACES_PATH]


def test_a_collector_that_is_away_does_not_keep_a_process() -> None:
    with collecting() as gone:
        url = gone.url
    tracing = start_tracing(url, service="fvs-gateway")
    tracing.tracer.start_span("unheard").end()
    tracing.stop()


def test_an_endpoint_without_a_scheme_is_refused() -> None:
    with pytest.raises(ValidationError, match="must start with http"):
        Settings(otel_endpoint="collector:4318")


def test_without_an_endpoint_nothing_is_traced_and_no_sdk_is_loaded() -> None:
    """In a process of its own: this one has loaded everything."""
    code = (
        "import sys, runtime.serve, runtime.worker\n"
        "from runtime.settings import Settings\n"
        "from runtime.tracing import open_traces\n"
        "app = object()\n"
        "with open_traces(Settings(otel_endpoint=None), service='x') as traces:\n"
        "    assert traces.interceptors == [] and traces.around(app) is app\n"
        "heavy = ('opentelemetry.sdk', 'opentelemetry.exporter', 'temporalio.contrib.opentel')\n"
        "assert not [name for name in sys.modules if name.startswith(heavy)]\n"
        "import os; os._exit(0)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
