"""Bodies, answers and numbers at the edge of what is taken."""

import asyncio
import json

import httpx2
import pytest

from gateway.app import create_app
from gateway.limits import BodyPatience
from tests.api.kit import BRIEF, KEY_HEADER, ApiStack
from tests.api.serving import serving
from tests.mcp.kit import MODES, call_bytes, call_headers, call_message, called, mcp_client, refused

SUBMIT, STATUS, CANCEL = "fvs_submit_render", "fvs_get_render_status", "fvs_cancel_render"
ACCEPT = {"Accept": "application/json, text/event-stream"}


@pytest.mark.mcp_case("18.4")
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "patience", [BodyPatience(pause_seconds_max=0.05), BodyPatience(guest_seconds_max=0.05)]
)
async def test_a_body_that_does_not_come_is_not_waited_for(
    stack: ApiStack, mode: str, patience: BodyPatience
) -> None:
    """Whoever has a key: here it is not known yet."""
    key = stack.open_account()
    stack.configure(body_patience=patience)
    request = call_bytes(mode, SUBMIT, {"request": BRIEF}, {KEY_HEADER: key})
    async with serving(stack) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(request[:-1])
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408 ")
    assert json.loads(body)["error"]["code"] == -32600
    assert stack.workflows.started == {}


@pytest.mark.mcp_case("16.3")
@pytest.mark.parametrize("mode", MODES)
async def test_an_answer_that_is_streamed_is_not_to_be_held_back_or_kept(
    stack: ApiStack, mode: str
) -> None:
    """nginx buffers what does not say this, and progress would come with the result."""
    key = stack.open_account()
    async with mcp_client(stack, key, mode=mode) as client:
        project_id = (await called(client, SUBMIT, request=BRIEF))["project_id"]
    message = call_message(mode, STATUS, {"project_id": project_id, "wait_seconds": 10})
    message["params"].setdefault("_meta", {})["progressToken"] = "p"
    app = create_app(stack.dependencies)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app), base_url="http://localhost"
        ) as client,
    ):
        headers = ACCEPT | call_headers(mode, STATUS) | {KEY_HEADER: key}
        answer = await client.post("/mcp", json=message, headers=headers)
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["x-accel-buffering"] == "no"
    assert answer.headers["cache-control"] in {"no-cache, no-transform", "no-store", "no-cache"}
    assert "notifications/progress" in answer.text


@pytest.mark.mcp_case("20.4", "26.1")
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("wait", ["NaN", "Infinity", "soon", [], {}, True, "45", "1e999"])
async def test_a_wait_that_is_no_number_is_refused(
    stack: ApiStack, mode: str, wait: object
) -> None:
    key = stack.open_account()
    async with mcp_client(stack, key, mode=mode) as client:
        project_id = (await called(client, SUBMIT, request=BRIEF))["project_id"]
        told = await refused(client, STATUS, project_id=project_id, wait_seconds=wait)
    assert [each["pointer"] for each in told["errors"]] == ["/wait_seconds"]
    assert stack.time.elapsed_seconds == 0


@pytest.mark.mcp_case("20.4")
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("count", ["1", True, 1.5, 0, -1, 65, [1]])
async def test_a_count_that_is_no_whole_number_is_refused_by_its_path(
    stack: ApiStack, mode: str, count: object
) -> None:
    key = stack.open_account()
    async with mcp_client(stack, key, mode=mode) as client:
        told = await refused(client, SUBMIT, request={**BRIEF, "shot_count": count})
    assert [each["pointer"] for each in told["errors"]] == ["/request/shot_count"]
    assert stack.workflows.started == {}


@pytest.mark.mcp_case("23.2")
@pytest.mark.parametrize("mode", MODES)
async def test_canceling_twice_at_once_is_canceling(stack: ApiStack, mode: str) -> None:
    key = stack.open_account()
    async with mcp_client(stack, key, mode=mode) as client:
        project_id = (await called(client, SUBMIT, request=BRIEF))["project_id"]
        told = await asyncio.gather(
            *(called(client, CANCEL, project_id=project_id) for _ in range(4))
        )
    assert [each["cancel_requested"] for each in told] == [True] * 4
    assert set(stack.workflows.signals) == {project_id}
