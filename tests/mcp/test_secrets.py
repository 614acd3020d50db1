"""Keys, claim tokens and briefs are where they belong, and nowhere else."""

import logging
from typing import Any

import pytest
from mcp import Client
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.shared.exceptions import MCPError
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from gateway.dependencies import Gateway
from gateway.mcp.mounting import studio_server
from tests.api.kit import BRIEF, ApiStack
from tests.api.quote_kit import Till
from tests.kit.leaks import CLAIM_TOKEN, KEY, Secrets, strays
from tests.mcp.kit import MODES, content_of, mcp_client, refused

SCREENPLAY = "Shot 1: The unmistakable heron lands."


@pytest.mark.mcp_case("6.1", "6.2")
@pytest.mark.parametrize("mode", MODES)
async def test_nothing_that_is_secret_is_logged_or_answered(
    stack: ApiStack,
    till: Till,
    mode: str,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Whatever the SDK would log is let through here: the process's own logging is stricter."""
    caplog.set_level(logging.DEBUG, logger="gateway")
    caplog.set_level(logging.INFO, logger="mcp")
    key = stack.open_account()
    request = {**BRIEF, "screenplay": SCREENPLAY}
    results: list[Any] = []
    async with mcp_client(stack, key, mode=mode) as client:
        submitted = await client.call_tool("fvs_submit_render", {"request": request})
        project_id = content_of(submitted)["project_id"]
        quote = await client.call_tool("fvs_create_paid_render_quote", {"request": request})
        token = content_of(quote)["claim_token"]
        for tool, arguments in (
            ("fvs_submit_render", {"request": {**request, "oops": key}}),
            ("fvs_submit_render", {"request": request, "api_key": key}),
            ("fvs_submit_render", {"request": [SCREENPLAY, key]}),
            ("fvs_get_render_status", {"project_id": project_id}),
            ("fvs_get_render_status", {"project_id": key}),
            ("fvs_get_render_status", {"status_url": f"https://evil.example/?key={key}"}),
            ("fvs_get_render_status", {"claim_token": token}),
            ("fvs_get_paid_render_status", {"claim_token": token}),
            ("fvs_get_paid_render_status", {"claim_token": token + "x"}),
            ("fvs_get_paid_render_status", {"status_url": content_of(quote)["status_url"]}),
            ("fvs_cancel_render", {"claim_token": token}),
            ("fvs_cancel_render", {"project_id": project_id}),
        ):
            results.append(await client.call_tool(tool, arguments))
        stack.break_database()
        results.append(await client.call_tool("fvs_get_render_status", {"project_id": project_id}))

    lines = "".join(capsys.readouterr()) + caplog.text
    assert "tool refused" in lines
    secrets = Secrets({key: KEY, token: CLAIM_TOKEN, "unmistakable": "word of the brief"})
    assert secrets.found_in({"log": lines.encode()}) == []
    for result in (submitted, quote, *results):
        assert strays(secrets.carried_by(result)) == set()
    assert till.charges == {}


@pytest.mark.mcp_case("6.1")
async def test_no_workflow_is_started_with_a_key(stack: ApiStack) -> None:
    key = stack.open_account()
    async with mcp_client(stack, key) as client:
        await client.call_tool("fvs_submit_render", {"request": {**BRIEF, "name": f"Film {key}"}})
    (started,) = stack.workflows.started.values()
    assert key not in started.model_dump_json()


@pytest.mark.mcp_case("6.1")
async def test_the_sdk_makes_no_spans_of_calls(
    stack: ApiStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They would be called what the caller calls its tools and requests."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr("mcp.shared._otel._tracer", provider.get_tracer("test"))
    async with mcp_client(stack, mode="legacy") as client:
        await client.call_tool("fvs_example_render_request", {})
    kinds = {span.kind for span in exporter.get_finished_spans()}
    assert kinds == {trace.SpanKind.CLIENT}


@pytest.mark.mcp_case("6.1")
@pytest.mark.parametrize("mode", MODES)
async def test_an_error_outside_of_the_tools_says_nothing_of_its_cause(
    stack: ApiStack,
    mode: str,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The SDK would answer with its text, and have it in the log with every frame."""
    key = stack.open_account()

    async def broken(ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        if ctx.method == "prompts/list":
            raise RuntimeError(f"refused {key}")
        return await call_next(ctx)

    server = studio_server(Gateway(stack.dependencies))
    server.middleware.append(broken)
    async with Client(server, mode=mode) as client:
        with pytest.raises(MCPError) as caught:
            await client.list_prompts()
    assert key not in f"{caught.value} {caught.value.data}"
    lines = "".join(capsys.readouterr()) + caplog.text
    assert '"error": "RuntimeError"' in lines
    assert key not in lines


@pytest.mark.mcp_case("5.1")
@pytest.mark.parametrize("tool", ["fvs_submit_render", "fvs_create_paid_render_quote"])
async def test_a_key_is_no_idempotency_key(stack: ApiStack, till: Till, tool: str) -> None:
    """It would be stored as it is."""
    key = stack.open_account()
    async with mcp_client(stack, key) as client:
        told = await refused(client, tool, request=BRIEF, idempotency_key=key)
    assert [each["pointer"] for each in told["errors"]] == ["/idempotency_key"]
    assert (stack.workflows.started, till.charges) == ({}, {})


def test_making_a_server_leaves_the_logging_of_the_process_alone(stack: ApiStack) -> None:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    for handler in handlers:
        root.removeHandler(handler)
    try:
        studio_server(Gateway(stack.dependencies))
        assert root.handlers == []
        assert root.level == level
    finally:
        for handler in handlers:
            root.addHandler(handler)
