"""One trace from a caller's request through the gateway into the workflow and its activities."""

import asyncio
import json
import uuid
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest
from temporalio.client import Client

from gateway.app import create_app
from gateway.middleware.tracing import TracingMiddleware
from gateway.services.starter import TemporalWorkflows
from runtime.failures import data_converter
from runtime.otel import Tracing, start_tracing
from runtime.temporal_server import RunningTemporal
from runtime.worker import interceptors
from studio.contracts.workflow_io import RenderInput
from studio.db.engine import Database
from tests.api.kit import BASE_URL, BRIEF, KEY_HEADER, ApiStack, make_stack
from tests.kit.collector import Collector, SeenSpan
from tests.kit.logs import logged
from tests.kit.renders import QUICK, new_project_id, render_input
from tests.kit.runs import running
from tests.kit.scripted import ScriptedStudio

pytestmark = pytest.mark.temporal

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER_SPAN_ID = "00f067aa0ba902b7"
TOKEN = "t0k3n" * 6
CONTEXT = {
    "traceparent": f"00-{TRACE_ID}-{CALLER_SPAN_ID}-01",
    "tracestate": f"caller={TOKEN}",
    "baggage": f"note={TOKEN}",
}


@pytest.fixture
def stack(sqlite_database: Database, tmp_path: Path) -> ApiStack:
    stack = make_stack(sqlite_database, tmp_path)
    # Other tests' stacks number their projects alike, and the Temporal server is everyone's.
    ids = replace(stack.dependencies.ids, project=new_project_id)
    stack.configure(timings=QUICK, ids=ids)
    return stack


async def traced_client(server: RunningTemporal, tracing: Tracing) -> Client:
    return await Client.connect(
        server.address,
        namespace=server.namespace,
        data_converter=data_converter,
        interceptors=[tracing.interceptor()],
    )


@pytest.fixture
async def rendered(
    collector: Collector, stack: ApiStack, temporal_server: RunningTemporal
) -> RenderInput:
    """A render that a traced caller submitted and that has ended; all spans are sent."""
    queue = f"test-{uuid.uuid4().hex[:8]}"
    outside = start_tracing(collector.url, service="fvs-gateway")
    inside = start_tracing(collector.url, service="fvs-worker")
    client = await traced_client(temporal_server, outside)
    workers = ScriptedStudio(interceptors=tuple(interceptors())).workers(
        await traced_client(temporal_server, inside), queue
    )
    stack.configure(workflows=TemporalWorkflows(client, task_queue=queue))
    app = create_app(stack.dependencies)
    transport = httpx2.ASGITransport(TracingMiddleware(app, tracer=outside.tracer))
    headers = {KEY_HEADER: stack.open_account(), **CONTEXT}
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=transport, base_url=BASE_URL, headers=headers) as http,
        workers[0],
        workers[1],
    ):
        answer = await http.post(
            f"/api/agent/renders?claim_token={TOKEN}",
            files=[("request_json", (None, json.dumps(BRIEF).encode()))],
        )
        assert answer.status_code == 201, answer.text
        project_id = answer.json()["project_id"]
        await client.get_workflow_handle(project_id).result()
        await http.get(f"/api/agent/renders/{project_id}")
        await http.get(f"/nothing/{TOKEN}")
        await http.get("/health")
    await asyncio.gather(*(asyncio.to_thread(tracing.stop) for tracing in (outside, inside)))
    return await _input(client, project_id)


async def _input(client: Client, project_id: str) -> RenderInput:
    history = await client.get_workflow_handle(project_id).fetch_history()
    payload = history.events[0].workflow_execution_started_event_attributes.input.payloads[0]
    assert TOKEN.encode() not in b"".join(event.SerializeToString() for event in history.events)
    return RenderInput.model_validate_json(payload.data)


def one(spans: list[SeenSpan]) -> SeenSpan:
    assert len(spans) == 1, [span.name for span in spans]
    return spans[0]


async def test_one_trace_leads_from_the_request_to_the_activities(
    rendered: RenderInput, collector: Collector
) -> None:
    assert set(collector.paths) == {"/v1/traces"}
    submitted = one(collector.named("POST /api/agent/renders"))
    assert (submitted.trace_id, submitted.parent_id) == (TRACE_ID, CALLER_SPAN_ID)
    assert submitted.service == "fvs-gateway"
    started = one(collector.named("StartWorkflow:RenderWorkflow"))
    run = one(collector.named("RunWorkflow:RenderWorkflow"))
    scheduled = one(collector.named("StartActivity:confirm_holds"))
    held = one(collector.named("RunActivity:confirm_holds"))
    for child, parent in (
        (started, submitted),
        (run, started),
        (scheduled, started),
        (held, scheduled),
    ):
        assert (child.trace_id, child.parent_id) == (TRACE_ID, parent.span_id)
    assert (held.service, held.attributes["temporalWorkflowID"]) == (
        "fvs-worker",
        rendered.project_id,
    )
    filmed = one(collector.named("RunActivity:await_clip"))
    assert filmed.trace_id == TRACE_ID


async def test_request_spans_are_named_by_route_and_tell_no_more(
    rendered: RenderInput, collector: Collector
) -> None:
    polled = one(collector.named("GET /api/agent/renders/{project_id}"))
    assert polled.attributes["http.response.status_code"] == "200"
    assert polled.attributes["http.route"] == "/api/agent/renders/{project_id}"
    assert polled.attributes["fvs.request_id"].startswith("request-")
    assert set(polled.attributes) == {
        "http.request.method",
        "http.route",
        "http.response.status_code",
        "url.scheme",
        "fvs.request_id",
    }
    unmatched = one(collector.named("GET"))
    assert unmatched.attributes["http.response.status_code"] == "404"
    assert TOKEN.encode() not in b"".join(collector.bodies)
    assert [span.name for span in collector.spans() if "health" in span.name] == []
    assert rendered.project_id not in polled.attributes.values()


async def test_log_lines_of_a_traced_activity_name_its_trace(
    collector: Collector, temporal_server: RunningTemporal
) -> None:
    tracing = start_tracing(f"{collector.url}/v1/traces", service="fvs-worker")
    client = await traced_client(temporal_server, tracing)
    studio = ScriptedStudio(interceptors=tuple(interceptors()))
    with logged("worker") as log:
        async with running(client, studio, render_input(shots=1)) as handle:
            await handle.result()
        await asyncio.to_thread(tracing.stop)
    lines = {str(line["activity"]): line for line in log.events("activity ended")}
    span = one(collector.named("RunActivity:plan_shots"))
    assert lines["plan_shots"]["trace_id"] == span.trace_id
