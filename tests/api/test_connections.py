"""What happens on a real connection: callers who leave, callers who do not listen, a stop."""

import asyncio
import json

import pytest

from gateway.clock import Clock
from tests.api.kit import BRIEF, KEY_HEADER, ApiStack
from tests.api.serving import serving

RENDERS = "/api/agent/renders"
MEBIBYTE = 1024 * 1024


def head(key: str, length: int, content_type: str = "application/json") -> bytes:
    return (
        f"POST {RENDERS} HTTP/1.1\r\nHost: gateway.test\r\n{KEY_HEADER}: {key}\r\n"
        f"Content-Type: {content_type}\r\nContent-Length: {length}\r\n\r\n"
    ).encode()


@pytest.fixture
def gate(stack: ApiStack) -> asyncio.Event:
    """Holds every wait of the gateway until it is set."""
    event = asyncio.Event()

    async def pause(_seconds: float) -> None:
        await event.wait()

    clock = Clock(now=stack.time.now, monotonic=stack.time.monotonic, pause=pause)
    stack.configure(clock=clock)
    return event


async def test_a_caller_who_leaves_in_the_middle_of_a_file_leaves_nothing(
    stack: ApiStack,
) -> None:
    key = stack.open_account()
    part = b'--b\r\nContent-Disposition: form-data; name="files"; filename="x.mp4"\r\n\r\n'
    async with serving(stack) as server:
        _reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(head(key, 50 * MEBIBYTE, "multipart/form-data; boundary=b"))
        writer.write(part + b"\x00" * MEBIBYTE)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    assert stack.stored_files() == []
    assert stack.available() == 1000


async def test_a_caller_who_stops_waiting_does_not_stop_the_render(
    stack: ApiStack, gate: asyncio.Event
) -> None:
    key = stack.open_account()
    body = json.dumps({**BRIEF, "wait_for_completion_seconds": 600}).encode()
    async with serving(stack) as server:
        _reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(head(key, len(body)) + body)
        await writer.drain()
        await stack.workflows.start_seen.wait()
        writer.close()
        await writer.wait_closed()
        gate.set()

    assert len(stack.workflows.started) == 1
    assert stack.workflows.canceled == {}
    assert stack.available() == 1000 - 118


async def test_a_gateway_that_is_to_stop_gives_up_the_answers_it_holds(
    stack: ApiStack, gate: asyncio.Event
) -> None:
    key = stack.open_account()
    body = json.dumps({**BRIEF, "wait_for_completion_seconds": 600}).encode()
    stopping = False
    stack.configure(stopping=lambda: stopping)
    async with serving(stack) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(head(key, len(body)) + body)
        await stack.workflows.start_seen.wait()
        stopping = True
        gate.set()
        status_line = await reader.readline()
        writer.close()
        await writer.wait_closed()

    assert status_line.split()[1] == b"201"


async def test_a_refusal_reaches_a_caller_who_sends_everything_first(stack: ApiStack) -> None:
    body = b"\x00" * (20 * MEBIBYTE)
    async with serving(stack) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(head("no key of ours", len(body), "multipart/form-data; boundary=b"))
        writer.write(body)
        await writer.drain()
        status_line = await reader.readline()
        writer.close()
        await writer.wait_closed()

    assert status_line.split()[1] == b"401"
