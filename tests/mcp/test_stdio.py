"""`fvs mcp`: a program on this machine talks to a gateway over pipes, and films land beside it."""

import asyncio
import hashlib
import json
import signal
from asyncio.subprocess import PIPE
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp.types import CallToolResult

from gateway.mcp.names import TOOLS
from runtime.mcp_stdio import IssuedUrls, checked_base_url
from runtime.settings import Settings, SettingsError
from tests.api.kit import BRIEF, ApiStack
from tests.api.serving import serving
from tests.kit.tls_host import answer
from tests.mcp.downloads.film_scenes import FILM, files_in, film_of
from tests.mcp.kit import MODES, bridge_client, content_of, program

NOT_A_GATEWAY: list[Callable[[httpx2.Request], httpx2.Response]] = [
    lambda _: httpx2.Response(404, html="<h1>fvs_live_secret</h1>"),
    lambda _: httpx2.Response(200, html="<h1>fvs_live_secret</h1>"),
    lambda _: httpx2.Response(200, json={"secret": "fvs_live_secret"}),
    lambda _: httpx2.Response(502, text="fvs_live_secret"),
    lambda _: httpx2.Response(302, headers={"Location": "https://fvs_live_secret.example"}),
]


HELLO: dict[str, Any] = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "test", "version": "1"},
}


def download_call(arguments: dict[str, str]) -> dict[str, Any]:
    meta = {"progressToken": 1}
    return {"name": "fvs_download_final_video", "arguments": arguments, "_meta": meta}


def bridged(
    told: Callable[[httpx2.Request], httpx2.Response], folder: Path
) -> AbstractAsyncContextManager[Client]:
    """A bridge to whatever answers there, without a process of its own."""
    transport = httpx2.MockTransport(told)
    return bridge_client("https://gateway.example", "fvs_live_key", folder, transport=transport)


@pytest.mark.requirement("MCP-8")
@pytest.mark.e2e
@pytest.mark.parametrize("mode", MODES)
async def test_a_film_is_submitted_followed_and_saved_through_pipes(
    stack: ApiStack, tmp_path: Path, mode: str
) -> None:
    films = tmp_path / "films"
    key = stack.open_account()
    async with serving(stack) as server:
        started = program(f"http://127.0.0.1:{server.port}", films, key)
        async with Client(started, mode=mode) as client:
            tools = [tool.name for tool in (await client.list_tools()).tools]
            submitted = content_of(await client.call_tool("fvs_submit_render", {"request": BRIEF}))
            film_of(stack, submitted["project_id"])
            done = content_of(
                await client.call_tool(
                    "fvs_get_render_status", {"status_url": submitted["status_url"]}
                )
            )
            arguments = {"final_video_url": done["final_video_url"], "output_path": "a/film.mp4"}
            saved = content_of(await client.call_tool("fvs_download_final_video", arguments))

    assert tools == list(TOOLS)
    assert done["status"] == "completed"
    assert (films / "a" / "film.mp4").read_bytes() == FILM
    assert saved["output_path"] == str(films / "a" / "film.mp4")
    assert saved["sha256"] == hashlib.sha256(FILM).hexdigest()


@pytest.mark.e2e
async def test_without_a_key_it_still_saves_here_and_is_led_to_paying(
    stack: ApiStack, tmp_path: Path
) -> None:
    async with (
        serving(stack) as server,
        Client(program(f"http://127.0.0.1:{server.port}", tmp_path / "films")) as client,
    ):
        refused = await client.call_tool("fvs_submit_render", {"request": BRIEF})
        elsewhere = await client.call_tool(
            "fvs_download_final_video",
            {"final_video_url": "https://evil.example/x.mp4", "output_path": "film.mp4"},
        )

    assert content_of(refused)["code"] == "missing_agent_key"
    assert content_of(elsewhere)["code"] == "url_not_allowed"


@pytest.mark.e2e
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_and_leaves_no_part_of_a_film(
    tmp_path: Path, number: signal.Signals
) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        film = FILM * 700
        writer.write(answer(film)[: len(film) // 2])
        await writer.drain()
        await reader.read()  # until the other side is gone
        writer.close()

    host = await asyncio.start_server(serve, "127.0.0.1", 0)
    base_url = f"http://127.0.0.1:{host.sockets[0].getsockname()[1]}"
    started = program(base_url, tmp_path)
    process = await asyncio.create_subprocess_exec(
        started.command, *started.args, env=started.env, stdin=PIPE, stdout=PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    arguments = {"final_video_url": f"{base_url}/files/film.mp4", "output_path": "film.mp4"}
    for message in (
        {"id": 1, "method": "initialize", "params": HELLO},
        {"method": "notifications/initialized"},
        {"id": 2, "method": "tools/call", "params": download_call(arguments)},
    ):
        process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
    line = b"-"
    while line and b"notifications/progress" not in line:
        line = await process.stdout.readline()
    assert len(files_in(tmp_path)) == 1

    process.send_signal(number)

    assert await process.wait() == 128 + number
    assert files_in(tmp_path) == []
    host.close()
    await host.wait_closed()


@pytest.mark.e2e
@pytest.mark.mcp_case("6.1", "20.1")
async def test_nothing_that_a_program_says_wrongly_is_repeated_or_logged(tmp_path: Path) -> None:
    key = "fvs_test_" + "5ecret5" * 6
    started = program("http://127.0.0.1:9", tmp_path, key)
    process = await asyncio.create_subprocess_exec(
        started.command,
        *started.args,
        env={**(started.env or {}), "FVS_LOG_LEVEL": "debug"},
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
    )
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": key}}
    messages: tuple[dict[str, Any], ...] = (
        {**call, "id": 0, "method": "initialize", "params": HELLO},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        call,
        {**call, "id": 2, "method": key},
        {**call, "id": 3, "params": {"name": key, "arguments": key}},
        {**call, "id": 4, "method": "prompts/get"},
        {**call, "id": 5, "method": "resources/read", "params": {"uri": f"ui://{key}"}},
    )
    broken = (f'{{"key": "{key}"', f'["{key}"]', key)
    lines = "\n".join([json.dumps(messages[0]), *broken, *map(json.dumps, messages[1:]), ""])
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(lines.encode())
    answers: dict[int, bytes] = {}
    while answers.keys() != {0, 1, 2, 3, 4, 5}:
        line = await process.stdout.readline()
        answers[json.loads(line)["id"]] = line
    rest, errors = await process.communicate(b"")
    assert (rest, errors) == (b"", b"")
    assert [line for line in answers.values() if key.encode() in line] == []


@pytest.mark.parametrize("told", NOT_A_GATEWAY)
async def test_what_is_no_gateway_is_said_to_be_none_and_not_repeated(
    tmp_path: Path, told: Callable[[httpx2.Request], httpx2.Response]
) -> None:
    async with bridged(told, tmp_path) as client:
        result: CallToolResult = await client.call_tool("fvs_example_render_request", {})
        with pytest.raises(MCPError) as caught:
            await client.list_tools()

    document: dict[str, Any] = content_of(result)
    assert (result.is_error, document["code"]) == (True, "unavailable")
    assert document["retry_after_seconds"] > 0
    assert "https://gateway.example" in document["message"]
    assert "fvs_live" not in f"{document} {caught.value}"


async def test_a_gateway_that_is_away_is_said_to_be(tmp_path: Path) -> None:
    def refuse(_request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("fvs_live_secret")

    async with bridged(refuse, tmp_path) as client:
        result = await client.call_tool("fvs_example_render_request", {})

    assert content_of(result)["code"] == "unavailable"
    assert "fvs_live" not in str(content_of(result))


async def test_the_key_goes_to_the_gateway_alone(tmp_path: Path) -> None:
    seen: list[httpx2.Request] = []

    def redirect(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return httpx2.Response(307, headers={"Location": "https://evil.example/mcp"})

    async with bridged(redirect, tmp_path) as client:
        await client.call_tool("fvs_example_render_request", {})

    assert {str(request.url) for request in seen} == {"https://gateway.example/mcp"}
    assert all(request.headers["X-FVS-Agent-Key"] == "fvs_live_key" for request in seen)


@pytest.mark.parametrize(
    ("given", "base_url"),
    [
        ("https://studio.example", "https://studio.example"),
        ("https://studio.example/api/agent/", "https://studio.example"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://localhost:8080/", "http://localhost:8080"),
    ],
)
def test_the_gateway_is_named_as_the_published_client_names_it(given: str, base_url: str) -> None:
    assert checked_base_url(Settings(agent_base_url=given)) == base_url


@pytest.mark.parametrize(
    "given",
    [
        "http://studio.example",
        "http://10.0.0.1:8080",
        "http://127.0.0.1.evil.example",
        "https://user:secret@studio.example",
        "https://studio.example?key=secret",
    ],
)
def test_a_key_is_not_sent_in_the_open(given: str) -> None:
    with pytest.raises(SettingsError) as caught:
        checked_base_url(Settings(agent_base_url=given))

    assert "secret" not in caught.value.detail


def test_only_so_many_addresses_are_remembered() -> None:
    issued = IssuedUrls()
    for number in range(2000):
        issued.note(CallToolResult(content=[], structured_content={"final_video_url": f"{number}"}))
    issued.note(CallToolResult(content=[], structured_content={"final_video_url": ["not text"]}))
    issued.note(CallToolResult(content=[]))

    assert ("0" in issued, "999" in issued, "1000" in issued, "1999" in issued) == (
        False,
        False,
        True,
        True,
    )
