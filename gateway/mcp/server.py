"""The MCP server: the studio's tools over the use cases that HTTP has.

The SDK's own checks of arguments repeat what they refuse, and its log has the text of errors. So
calls do not go through them: `call_tool` hands the arguments on unread and tells of errors.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from mcp.server import MCPServer
from mcp.server._otel import OpenTelemetryMiddleware
from mcp.server.apps import Apps
from mcp.server.caching import CacheHint
from mcp.server.mcpserver import Context
from mcp.shared.exceptions import MCPError
from mcp.types import INVALID_PARAMS, CallToolResult, GetPromptResult, Tool
from mcp.types.methods import CacheableMethod
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import Scope

from gateway.dependencies import Gateway
from gateway.errors import request_id_of
from gateway.mcp.calls import Call, given_arguments
from gateway.mcp.errors import error_result
from gateway.mcp.names import (
    CREATE_QUOTE,
    EXAMPLE_REQUEST,
    PAID_RENDER_STATUS,
    RENDER_STATUS,
    SERVER_NAME,
    SERVER_TITLE,
    SUBMIT_RENDER,
)
from gateway.mcp.results import refusal
from gateway.mcp.shield import note_error, shield
from gateway.mcp.toolbox import StudioTool

INSTRUCTIONS: Final = (
    "Future Video Studio makes finished films from a brief. Start from "
    f"{EXAMPLE_REQUEST}; call {SUBMIT_RENDER} once (with an account's key), or {CREATE_QUOTE} "
    f"(without one) and have its payment_url paid. A film takes minutes: poll {RENDER_STATUS} or "
    f"{PAID_RENDER_STATUS} with wait_seconds up to 45 until the status is completed, then give "
    "final_video_url to the user. Never submit again because an answer was slow."
)
NO_SUCH_TOOL: Final = "There is no such tool; tools/list names them."
NO_PROMPTS: Final = "This server has no prompts."
LISTS_TTL_MS: Final = 300_000
"""As the other documents that say what there is."""
_LISTS: Final = CacheHint(ttl_ms=LISTS_TTL_MS, scope="public")
_CACHED: Final[tuple[CacheableMethod, ...]] = (
    "server/discover",
    "tools/list",
    "resources/list",
    "resources/templates/list",
    "resources/read",
    "prompts/list",
)
"""The same for everybody: no answer of these depends on a key."""
_ALONE: Final[Scope] = {"type": "http", "scheme": "http", "headers": [], "server": None}
"""Stands in for a request where there is none: in memory, or over stdio."""


class StudioServer(MCPServer[Any]):
    """`tools` are listed in their order.

    `local_headers` are those of callers who have none: in memory, or over stdio.
    """

    def __init__(
        self,
        gateway: Gateway,
        tools: Iterable[StudioTool],
        *,
        local_headers: Mapping[str, str] | None = None,
    ) -> None:
        with _own_logging():
            super().__init__(
                SERVER_NAME,
                title=SERVER_TITLE,
                instructions=INSTRUCTIONS,
                version=gateway.dependencies.version,
                extensions=[Apps()],
                subscriptions=False,  # a stream without an end, for whoever asks
                cache_hints=dict.fromkeys(_CACHED, _LISTS),
            )
        # A span of ours surrounds each request. These carry what callers call their requests and
        # tools, and continue whatever trace an argument says.
        others = (each for each in self.middleware if not isinstance(each, OpenTelemetryMiddleware))
        self.middleware[:] = [shield, *others]
        self._gateway = gateway
        self._local_headers = Headers(local_headers)
        self._studio_tools = {tool.definition.name: tool for tool in tools}

    async def list_tools(self) -> list[Tool]:
        """The same for everybody."""
        return [tool.definition for tool in self._studio_tools.values()]

    async def get_prompt(self, *_: object, **__: object) -> GetPromptResult:
        """Refused here: to the SDK it is a failure of ours, whose text its log would have."""
        raise MCPError(INVALID_PARAMS, NO_PROMPTS)

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Any, Any] | None = None
    ) -> CallToolResult:
        """Run a tool. What goes wrong is a result; only a tool that is not there is an error."""
        tool = self._studio_tools.get(name)
        if tool is None:
            raise MCPError(INVALID_PARAMS, NO_SUCH_TOOL)
        call = self._call(context)
        try:
            return await tool.run(call, given_arguments(arguments))
        except Exception as error:  # noqa: BLE001 - the model is told, the log has the place
            note_error(name, error)
            return refusal(error_result(error, call.request_id))
        finally:
            self._gateway.keys.touch_soon()

    def _call(self, context: Context[Any, Any] | None) -> Call:
        request = _request_of(context)
        hosts = self._gateway.hosts
        scope = _ALONE if request is None else request.scope

        async def progress(done: float, total: float, message: str) -> None:
            if context is not None:
                await context.report_progress(done, total, message)

        return Call(
            gateway=self._gateway,
            headers=self._local_headers if request is None else request.headers,
            base_url=hosts.base_url(scope),
            address=hosts.client_address(scope),
            request_id=None if request is None else request_id_of(request),
            progress=progress,
        )


def _request_of(context: Context[Any, Any] | None) -> Request | None:
    if context is None:
        return None
    request = context.request_context.request
    return request if isinstance(request, Request) else None


@contextmanager
def _own_logging() -> Iterator[None]:
    """The SDK sets up the logging of a process that has none; that is the process's business."""
    root, placeholder = logging.getLogger(), logging.NullHandler()
    root.addHandler(placeholder)
    try:
        yield
    finally:
        root.removeHandler(placeholder)
