"""An MCP server with the studio's widget and tools that answer what a test tells them to."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final

from mcp import MCPError
from mcp.server import MCPServer
from mcp.types import CallToolResult, TextContent
from pydantic import JsonValue
from starlette.applications import Starlette

from gateway.mcp.names import (
    CANCEL_RENDER,
    CREATE_QUOTE,
    OPEN_APP,
    PAID_RENDER_STATUS,
    RENDER_STATUS,
    SUBMIT_RENDER,
    WIDGET_URI,
)
from gateway.widget.resource import widget_resource

JsonObject = dict[str, JsonValue]

FILES_ORIGIN: Final = "https://files.studio.example"
API_ORIGIN: Final = "https://studio.example"

SUBMIT: Final = SUBMIT_RENDER
QUOTE: Final = CREATE_QUOTE
STATUS: Final = RENDER_STATUS
PAID_STATUS: Final = PAID_RENDER_STATUS
CANCEL: Final = CANCEL_RENDER
OPEN: Final = OPEN_APP


class ScriptedTools:
    """Each answer is given once, the last of a tool for ever. `calls` are what came, in order."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, JsonObject]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self._answers: dict[str, list[CallToolResult | MCPError]] = defaultdict(list)
        self._changed = asyncio.Condition()

    def will_answer(self, tool: str, *answers: CallToolResult | MCPError) -> None:
        """In place of what the tool would have answered until now. An error is the protocol's."""
        self._answers[tool] = list(answers)

    def arguments(self, tool: str) -> list[JsonObject]:
        return [arguments for name, arguments in self.calls if name == tool]

    async def called(self, tool: str, times: int = 1) -> JsonObject:
        """Wait until a tool was called so often; the arguments of that call."""
        async with self._changed:
            await self._changed.wait_for(lambda: len(self.arguments(tool)) >= times)
        return self.arguments(tool)[times - 1]

    async def answer(self, tool: str, given: JsonObject) -> CallToolResult:
        async with self._changed:
            self.calls.append((tool, {name: v for name, v in given.items() if v is not None}))
            self._changed.notify_all()
        await self.gate.wait()
        answers = self._answers[tool]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, MCPError):
            raise answer
        return answer

    def app(self) -> Starlette:
        """The same over Streamable HTTP."""
        return self.server().streamable_http_app(stateless_http=True)

    def server(self, *, resource_domains: Iterable[str] = (FILES_ORIGIN,)) -> MCPServer[Any]:
        """The server, with the arguments of the real tools."""
        server: MCPServer[Any] = MCPServer("scripted-studio", log_level="CRITICAL")
        server.add_resource(
            widget_resource(resource_domains=resource_domains, redirect_domains=[API_ORIGIN])
        )
        meta = {"ui": {"resourceUri": WIDGET_URI}, "openai/outputTemplate": WIDGET_URI}

        async def brief(tool: str, request: JsonObject, key: str | None) -> CallToolResult:
            return await self.answer(tool, {"request": request, "idempotency_key": key})

        @server.tool(SUBMIT, meta=meta)
        async def submit(request: JsonObject, idempotency_key: str | None = None) -> CallToolResult:
            return await brief(SUBMIT, request, idempotency_key)

        @server.tool(QUOTE, meta=meta)
        async def quote(request: JsonObject, idempotency_key: str | None = None) -> CallToolResult:
            return await brief(QUOTE, request, idempotency_key)

        @server.tool(STATUS, meta=meta)
        async def status(project_id: str) -> CallToolResult:
            return await self.answer(STATUS, {"project_id": project_id})

        @server.tool(PAID_STATUS, meta=meta)
        async def paid(status_url: str) -> CallToolResult:
            return await self.answer(PAID_STATUS, {"status_url": status_url})

        @server.tool(CANCEL, meta=meta)
        async def cancel(
            project_id: str | None = None, status_url: str | None = None
        ) -> CallToolResult:
            return await self.answer(CANCEL, {"project_id": project_id, "status_url": status_url})

        @server.tool(OPEN, meta=meta)
        async def open_app() -> CallToolResult:
            return await self.answer(OPEN, {})

        return server


def told(data: JsonObject, *, meta: JsonObject | None = None) -> CallToolResult:
    """A tool's answer, shaped as the real ones are."""
    text = TextContent(type="text", text=json.dumps(data))
    return CallToolResult(content=[text], structured_content=data, _meta=meta)


def refused(code: str, message: str, **more: JsonValue) -> CallToolResult:
    data: JsonObject = {"code": code, "message": message, **more}
    return CallToolResult(content=[TextContent(type="text", text=json.dumps(data))], is_error=True)
