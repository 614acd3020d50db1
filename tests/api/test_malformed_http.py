"""What comes over a connection and is no request, or not all of one."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
import uvicorn

from gateway.app import create_app
from gateway.limits import BodyPatience
from runtime.http_protocol import GatewayProtocol
from tests.api.kit import BRIEF, ApiStack
from tests.api.quote_kit import open_till
from tests.api.test_connections import head
from tests.kit.serving import ObservableServer

MEBIBYTE = 1024 * 1024
GOOD = b"GET /api/agent/models HTTP/1.1\r\nHost: gateway.test\r\n\r\n"


class ImpatientProtocol(GatewayProtocol):
    wait_seconds_max = 0.4


@asynccontextmanager
async def connected(
    stack: ApiStack, protocol: type[GatewayProtocol] = GatewayProtocol
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection to a gateway that speaks as the real one does."""
    config = uvicorn.Config(
        create_app(stack.dependencies), port=0, log_config=None, http=protocol, ws="none"
    )
    server = ObservableServer(config)
    task = asyncio.create_task(server.serve())
    await server.listening.wait()
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        yield reader, writer
    finally:
        writer.close()
        server.should_exit = True
        await task


async def read_answer(reader: asyncio.StreamReader) -> tuple[int, dict[str, object]]:
    """The status and the problem of an answer."""
    text = (await reader.readuntil(b"\r\n\r\n")).decode()
    fields = dict(line.lower().split(": ", 1) for line in text.splitlines()[1:] if line)
    body = await reader.readexactly(int(fields["content-length"]))
    assert fields["content-type"] == "application/problem+json"
    problem: dict[str, object] = json.loads(body)
    assert problem["request_id"] == fields["x-request-id"]
    assert str(problem["detail"]).endswith(".")
    return int(text.split()[1]), problem


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"\x16\x03\x01\x02\x00 this is TLS\r\n\r\n", 400),
        (b"GET /api/agent/models HTTP/1.1\r\n\r\n", 400),
        (b"GET /api/agent/models HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX-Long: " + b"a" * 70_000, 431),
    ],
)
async def test_what_is_no_http_is_a_problem_and_ends_the_connection(
    stack: ApiStack, sent: bytes, status: int
) -> None:
    async with connected(stack) as (reader, writer):
        writer.write(sent)
        answered, _ = await read_answer(reader)

        assert answered == status
        assert await reader.read() == b""


async def test_a_broken_chunk_after_the_answer_just_ends_the_connection(stack: ApiStack) -> None:
    async with connected(stack) as (reader, writer):
        writer.write(
            b"POST /api/agent/renders HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        status, _ = await read_answer(reader)
        writer.write(b"zz\r\n")

        assert status == 401
        assert await reader.read() == b""


async def test_asking_for_another_protocol_changes_nothing(stack: ApiStack) -> None:
    async with connected(stack) as (reader, writer):
        writer.write(GOOD[:-2] + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n")

        assert (await reader.readline()).split()[1] == b"200"


@pytest.mark.parametrize("sent", [b"", b"GET /api/agent/models HTTP/1.1\r\nX-Slow: "])
async def test_a_caller_who_never_ends_the_headers_is_left(stack: ApiStack, sent: bytes) -> None:
    async with connected(stack, ImpatientProtocol) as (reader, writer):
        writer.write(sent)

        assert await reader.read() == b""


async def test_a_caller_who_never_ends_the_second_request_is_left(stack: ApiStack) -> None:
    async with connected(stack, ImpatientProtocol) as (reader, writer):
        writer.write(GOOD.replace(b"models", b"nothing"))
        status, _ = await read_answer(reader)
        writer.write(b"GET")

        assert status == 404
        assert await reader.read() == b""


@pytest.mark.parametrize("goes_on", [False, True])
async def test_a_refused_body_is_not_read_for_ever(stack: ApiStack, goes_on: bool) -> None:  # noqa: FBT001
    async with connected(stack, ImpatientProtocol) as (reader, writer):
        writer.write(head("no key of ours", 5000 * MEBIBYTE) + b"x" * MEBIBYTE)
        status, _ = await read_answer(reader)
        writer.write(b"x")
        with suppress(ConnectionError):
            while goes_on:
                writer.write(b"x" * MEBIBYTE)
                await writer.drain()

        assert status == 401
        with suppress(ConnectionError):
            assert await reader.read() == b""


@pytest.mark.parametrize("content_type", ["application/json", "multipart/form-data; boundary=b"])
@pytest.mark.parametrize(
    "patience", [BodyPatience(pause_seconds_max=0.05), BodyPatience(seconds_max=0.05)]
)
async def test_a_body_that_does_not_come_gives_its_place_back(
    stack: ApiStack, content_type: str, patience: BodyPatience
) -> None:
    key = stack.open_account()
    stack.configure(body_patience=patience)
    part = b'--b\r\nContent-Disposition: form-data; name="files"; filename="x.txt"\r\n\r\nabc'
    async with connected(stack) as (reader, writer):
        writer.write(head(key, MEBIBYTE // 2, content_type) + part)
        status, problem = await read_answer(reader)

        assert (status, problem["code"]) == (408, "body_too_slow")
        assert await reader.read() == b""
    assert stack.stored_files() == []
    assert stack.available() == 1000


async def test_a_body_of_somebody_without_a_key_has_less_time(stack: ApiStack) -> None:
    """Anybody may send some, and as many as they like."""
    open_till(stack)
    stack.configure(body_patience=BodyPatience(guest_seconds_max=0.05))
    async with connected(stack) as (reader, writer):
        writer.write(
            b"POST /api/agent/render-quotes HTTP/1.1\r\nHost: gateway.test\r\n"
            b"Content-Type: application/json\r\nContent-Length: 500000\r\n\r\n{"
        )
        status, problem = await read_answer(reader)

    assert (status, problem["code"]) == (408, "body_too_slow")


async def test_a_compressed_body_is_refused(stack: ApiStack) -> None:
    key = stack.open_account()
    async with stack.client(key) as client:
        for path in ("/api/agent/renders", "/api/agent/renders/estimate"):
            answer = await client.post(path, json=BRIEF, headers={"Content-Encoding": "gzip"})
            assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_upload")
            assert "Content-Encoding" in answer.json()["detail"]
        accepted = await client.post(
            "/api/agent/renders", json=BRIEF, headers={"Content-Encoding": "identity"}
        )

    assert accepted.status_code == 201
