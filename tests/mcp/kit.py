"""An MCP client of the gateway under test, over ASGI and in either era of the protocol."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CallToolResult

from gateway.app import create_app
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


def content_of(result: CallToolResult) -> dict[str, Any]:
    """The structured answer."""
    assert result.structured_content is not None
    return dict(result.structured_content)
