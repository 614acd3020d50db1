"""An MCP client of the gateway under test, over ASGI and in either era of the protocol."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
from mcp import StdioServerParameters
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CallToolResult, TextContent
from starlette.types import ASGIApp, Message, Scope

from gateway.app import create_app
from runtime.films import local_films
from runtime.mcp_link import GatewayLink
from runtime.mcp_stdio import IssuedUrls, bridge_server
from runtime.settings import Settings
from tests.api.kit import KEY_HEADER, ApiStack

MCP_URL = "http://localhost/mcp"
MODES = ("legacy", "2026-07-28")


@asynccontextmanager
async def mcp_client(
    stack: ApiStack,
    key: str | None = None,
    *,
    mode: str = "2026-07-28",
    headers: Mapping[str, str] | None = None,
) -> AsyncIterator[Client]:
    """A gateway of its own and an MCP client of it."""
    app = create_app(stack.dependencies)
    sent = {**({KEY_HEADER: key} if key else {}), **(headers or {})}
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app, client=("127.0.0.1", 50_000)),
            headers=sent,
            timeout=30,
        ) as http_client,
        Client(streamable_http_client(MCP_URL, http_client=http_client), mode=mode) as client,
    ):
        yield client


@asynccontextmanager
async def port_client(
    base_url: str, headers: Mapping[str, str], *, mode: str, seconds_max: float = 90
) -> AsyncIterator[Client]:
    """An MCP client of a gateway on a port."""
    async with (
        httpx2.AsyncClient(headers=headers, timeout=seconds_max) as http,
        Client(streamable_http_client(f"{base_url}/mcp", http_client=http), mode=mode) as client,
    ):
        yield client


def program(base_url: str, folder: Path, key: str | None = None) -> StdioServerParameters:
    """How a host starts the bridge: by its command, with what a host lets through."""
    settings = {"FVS_AGENT_BASE_URL": base_url, "FVS_MCP_DOWNLOAD_ROOT": str(folder)}
    python = {name: os.environ[name] for name in ("PYTHONPATH", "PATH") if name in os.environ}
    return StdioServerParameters(
        command=sys.executable,
        args=["-m", "runtime.cli", "mcp"],
        env=python | settings | ({"FVS_AGENT_API_KEY": key} if key else {}),
    )


@asynccontextmanager
async def bridge_client(
    base_url: str,
    key: str | None,
    folder: Path,
    *,
    transport: httpx2.AsyncBaseTransport | None = None,
) -> AsyncIterator[Client]:
    """A client of `fvs mcp` without its process and its pipes."""
    issued = IssuedUrls()
    link = GatewayLink(f"{base_url}/mcp", key, version="1", transport=transport)
    settings = Settings(mcp_download_root=folder)
    films = local_films(settings, base_url, is_issued=issued.__contains__)
    async with Client(bridge_server(link, films, issued, base_url=base_url)) as client:
        yield client
    await link.aclose()


def content_of(result: CallToolResult) -> dict[str, Any]:
    """What the text says: the structure says it again, but not of an error."""
    said: dict[str, Any] = json.loads(text_of(result))
    assert result.structured_content == (None if result.is_error else said)
    return said


async def called(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    """What a tool that does what is asked of it answers."""
    result = await client.call_tool(tool, arguments)
    assert isinstance(result, CallToolResult)
    assert not result.is_error, result
    return content_of(result)


async def refused(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    """What a tool answers that does not."""
    result = await client.call_tool(tool, arguments)
    assert isinstance(result, CallToolResult)
    assert result.is_error, result
    return content_of(result)


def text_of(result: CallToolResult) -> str:
    (block,) = result.content
    assert isinstance(block, TextContent)
    return block.text


@dataclass
class Exchange:
    """One POST to the endpoint as a server of ASGI makes it, by a caller who may leave."""

    app: ASGIApp
    headers: Mapping[str, str]
    left: asyncio.Event = field(default_factory=asyncio.Event)
    sent: list[Message] = field(default_factory=list)

    async def post(self, message: object) -> None:
        """Send a message; returns when the answer is complete or the caller was seen to leave."""
        body = json.dumps(message).encode()
        is_read = False

        async def receive() -> Message:
            nonlocal is_read
            if is_read:
                await self.left.wait()
                return {"type": "http.disconnect"}
            is_read = True
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            self.sent.append(message)

        await self.app(self._scope(), receive, send)

    async def post_and_leave(self, message: object, when: asyncio.Event) -> None:
        """Send a message and leave once that has happened; returns when it was seen."""
        posted = asyncio.create_task(self.post(message))
        await when.wait()
        self.left.set()
        await posted

    def _scope(self) -> Scope:
        given = {
            "host": "localhost",
            "content-type": "application/json",
            "accept": "application/json, text/event-stream",
            **self.headers,
        }
        return {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": "/mcp",
            "raw_path": b"/mcp",
            "root_path": "",
            "query_string": b"",
            "headers": [(name.lower().encode(), text.encode()) for name, text in given.items()],
            "client": ("127.0.0.1", 50_000),
            "server": ("localhost", 80),
        }


def call_message(mode: str, tool: str, arguments: Mapping[str, object]) -> dict[str, Any]:
    """A `tools/call` of an era, as it is on the wire."""
    params: dict[str, Any] = {"name": tool, "arguments": dict(arguments)}
    if mode != "legacy":
        params["_meta"] = {
            "io.modelcontextprotocol/protocolVersion": mode,
            "io.modelcontextprotocol/clientCapabilities": {},
        }
    return {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}


def call_bytes(
    mode: str, tool: str, arguments: Mapping[str, object], headers: Mapping[str, str]
) -> bytes:
    """The whole request, for who writes it to a socket and leaves."""
    body = json.dumps(call_message(mode, tool, arguments)).encode()
    sent = {
        "Host": "localhost",
        "Accept": "application/json, text/event-stream",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        **call_headers(mode, tool),
        **headers,
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
    return f"POST /mcp HTTP/1.1\r\n{lines}\r\n".encode() + body


def call_headers(mode: str, tool: str) -> dict[str, str]:
    """What has to go with it."""
    if mode == "legacy":
        return {"MCP-Protocol-Version": "2025-11-25"}
    return {"MCP-Protocol-Version": mode, "Mcp-Method": "tools/call", "Mcp-Name": tool}
