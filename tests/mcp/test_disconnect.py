"""A caller who hangs up in the middle of a call."""

import asyncio
from collections.abc import Mapping

import pytest

from gateway.app import create_app
from gateway.clock import Clock
from tests.api.kit import BRIEF, KEY_HEADER, ApiStack
from tests.api.serving import serving
from tests.mcp.kit import (
    MODES,
    Exchange,
    call_bytes,
    call_headers,
    call_message,
    called,
    mcp_client,
)

SUBMIT = "fvs_submit_render"
STATUS = "fvs_get_render_status"


class SlowStart:
    """Holds the checks before a start, and says when one is held."""

    def __init__(self, stack: ApiStack) -> None:
        self.reached = asyncio.Event()
        self.let_go = asyncio.Event()
        self._check = stack.workflows.check
        stack.workflows.check = self.check  # type: ignore[method-assign]  # the script's own

    async def check(self) -> None:
        self.reached.set()
        await self.let_go.wait()
        await self._check()


@pytest.mark.requirement("MCP-3")
@pytest.mark.mcp_case("21.1")
@pytest.mark.parametrize("mode", MODES)
async def test_a_render_whose_caller_left_is_made_once_and_found_again(
    stack: ApiStack, mode: str
) -> None:
    key = stack.open_account()
    slow = SlowStart(stack)
    arguments: Mapping[str, object] = {"request": BRIEF, "idempotency_key": "film-1"}
    app = create_app(stack.dependencies)
    exchange = Exchange(app, {**call_headers(mode, SUBMIT), KEY_HEADER: key})
    async with app.router.lifespan_context(app):
        await exchange.post_and_leave(call_message(mode, SUBMIT, arguments), slow.reached)
        assert stack.workflows.started == {}
        slow.let_go.set()
        await stack.workflows.start_seen.wait()

    async with mcp_client(stack, key, mode=mode) as client:
        told = await called(client, SUBMIT, **arguments)
    assert told["replayed"] is True
    assert list(stack.workflows.started) == [told["project_id"]]
    assert stack.available() == 1000 - told["credits_reserved"]


@pytest.mark.mcp_case("21.3")
@pytest.mark.parametrize("mode", MODES)
async def test_a_stop_waits_for_the_render_that_a_caller_left_behind(
    stack: ApiStack, mode: str
) -> None:
    key = stack.open_account()
    slow = SlowStart(stack)
    app = create_app(stack.dependencies)
    exchange = Exchange(app, {**call_headers(mode, SUBMIT), KEY_HEADER: key})
    async with app.router.lifespan_context(app):
        message = call_message(mode, SUBMIT, {"request": BRIEF})
        await exchange.post_and_leave(message, slow.reached)
        slow.let_go.set()
    assert len(stack.workflows.started) == 1


@pytest.mark.mcp_case("21.2")
@pytest.mark.parametrize("mode", MODES)
async def test_leaving_a_wait_ends_the_wait_and_nothing_else(stack: ApiStack, mode: str) -> None:
    key = stack.open_account()
    waiting, ended = asyncio.Event(), asyncio.Event()

    async def pause(_seconds: float) -> None:
        waiting.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with mcp_client(stack, key, mode=mode) as client:
        project_id = (await called(client, SUBMIT, request=BRIEF))["project_id"]
    stack.configure(clock=Clock(now=stack.time.now, monotonic=stack.time.monotonic, pause=pause))
    app = create_app(stack.dependencies)
    exchange = Exchange(app, {**call_headers(mode, STATUS), KEY_HEADER: key})
    async with app.router.lifespan_context(app):
        message = call_message(mode, STATUS, {"project_id": project_id, "wait_seconds": 45})
        await exchange.post_and_leave(message, waiting)
        await ended.wait()
    async with mcp_client(stack, key, mode=mode) as client:
        told = await called(client, STATUS, project_id=project_id)
    assert (told["status"], told["cancel_requested"]) == ("queued", False)
    assert stack.workflows.signals == []


@pytest.mark.mcp_case("21.1")
@pytest.mark.parametrize("mode", MODES)
async def test_a_connection_that_breaks_during_submit_loses_nothing(
    stack: ApiStack, mode: str
) -> None:
    key = stack.open_account()
    slow = SlowStart(stack)
    request = call_bytes(mode, SUBMIT, {"request": BRIEF}, {KEY_HEADER: key})
    async with serving(stack) as server:
        _reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(request)
        await slow.reached.wait()
        writer.close()
        await writer.wait_closed()
        slow.let_go.set()
        await stack.workflows.start_seen.wait()
    assert len(stack.workflows.started) == 1
    assert stack.available() < 1000
