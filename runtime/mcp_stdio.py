"""`fvs mcp`: a gateway's MCP server over standard input and output, for programs on this machine.

A bridge: tools and widget are the gateway's own, called with the key of the environment. Only
films are saved here, where the user is.
"""

import asyncio
import os
import signal
from collections import OrderedDict
from collections.abc import Mapping
from importlib.metadata import version
from typing import Final, TypeVar

import httpx2
from mcp.server import Server, ServerRequestContext
from mcp.server.apps import APP_MIME_TYPE, EXTENSION_ID
from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import MCPError
from mcp.types import (
    INTERNAL_ERROR,
    CallToolRequest,
    CallToolRequestParams,
    CallToolResult,
    ClientRequest,
    ListPromptsRequest,
    ListPromptsResult,
    ListResourcesRequest,
    ListResourcesResult,
    ListResourceTemplatesRequest,
    ListResourceTemplatesResult,
    ListToolsRequest,
    ListToolsResult,
    PaginatedRequestParams,
    ReadResourceRequest,
    ReadResourceRequestParams,
    ReadResourceResult,
    Result,
)

from gateway.mcp.download_tool import definition, download
from gateway.mcp.names import DOWNLOAD_FILM, MCP_PATH, SERVER_NAME, SERVER_TITLE
from gateway.mcp.results import ErrorResult, refusal
from gateway.mcp.server import INSTRUCTIONS
from gateway.mcp.shield import shield
from gateway.services.downloads import FilmDownloads
from gateway.services.film_addresses import is_sealed
from gateway.services.links import API_PREFIX
from runtime.films import local_films
from runtime.mcp_link import GatewayAway, GatewayLink
from runtime.settings import Settings, SettingsError

ISSUED_URLS_MAX: Final = 1000
"""So many addresses of films are remembered; a poll brings back one that was forgotten."""
RETRY_AFTER_SECONDS: Final = 30
EXIT_SIGNALLED: Final = 128
"""As shells say that a process ended by a signal."""

Context = ServerRequestContext[Mapping[str, object]]
ResultT = TypeVar("ResultT", bound=Result)


class IssuedUrls:
    """Addresses of films that the gateway has given in this session."""

    def __init__(self) -> None:
        self._urls: OrderedDict[str, None] = OrderedDict()

    def note(self, result: CallToolResult) -> None:
        answer = result.structured_content  # of whatever type the gateway likes
        url = answer.get("final_video_url") if isinstance(answer, dict) else None
        if isinstance(url, str):
            self._urls[url] = None
            self._urls.move_to_end(url)
            while len(self._urls) > ISSUED_URLS_MAX:
                self._urls.popitem(last=False)

    def __contains__(self, url: str) -> bool:
        return url in self._urls


class Bridge:
    """What each request of the program is answered with."""

    def __init__(
        self, link: GatewayLink, films: FilmDownloads, issued: IssuedUrls, *, base_url: str
    ) -> None:
        self._link = link
        self._films = films
        self._issued = issued
        self._away = (
            f"The gateway at {base_url} does not answer as one. Try again in a minute. A request "
            "that was just submitted may have arrived: submit it again only with the same "
            "idempotency_key."
        )

    async def list_tools(
        self, _context: Context, params: PaginatedRequestParams | None
    ) -> ListToolsResult:
        """The gateway's tools, with the one of downloads as it is here."""
        listed = await self._ask(ListToolsRequest(params=params), ListToolsResult)
        own = definition()
        listed.tools = [own if tool.name == DOWNLOAD_FILM else tool for tool in listed.tools]
        return listed

    async def call_tool(self, context: Context, params: CallToolRequestParams) -> CallToolResult:
        if params.name == DOWNLOAD_FILM:
            return await self._download(context, params)

        async def on_progress(progress: float, total: float | None, message: str | None) -> None:
            await context.session.report_progress(progress, total, message)

        plain = CallToolRequestParams(name=params.name, arguments=params.arguments)
        try:
            result = await self._link.ask(
                CallToolRequest(params=plain), CallToolResult, on_progress=on_progress
            )
        except GatewayAway:
            return refusal(
                ErrorResult(
                    code="unavailable",
                    message=self._away,
                    retry_after_seconds=RETRY_AFTER_SECONDS,
                )
            )
        self._issued.note(result)
        return result

    async def list_resources(
        self, _context: Context, params: PaginatedRequestParams | None
    ) -> ListResourcesResult:
        return await self._ask(ListResourcesRequest(params=params), ListResourcesResult)

    async def list_templates(
        self, _context: Context, params: PaginatedRequestParams | None
    ) -> ListResourceTemplatesResult:
        request = ListResourceTemplatesRequest(params=params)
        return await self._ask(request, ListResourceTemplatesResult)

    async def read_resource(
        self, _context: Context, params: ReadResourceRequestParams
    ) -> ReadResourceResult:
        plain = ReadResourceRequestParams(uri=params.uri)
        return await self._ask(ReadResourceRequest(params=plain), ReadResourceResult)

    async def list_prompts(
        self, _context: Context, params: PaginatedRequestParams | None
    ) -> ListPromptsResult:
        return await self._ask(ListPromptsRequest(params=params), ListPromptsResult)

    async def _download(self, context: Context, params: CallToolRequestParams) -> CallToolResult:
        async def on_bytes(received_bytes: int, size_bytes: int | None) -> None:
            await context.session.report_progress(received_bytes, size_bytes, "Saving the film")

        return await download(
            params.arguments or {}, films=self._films, is_known=True, on_bytes=on_bytes
        )

    async def _ask(self, request: ClientRequest, result_type: type[ResultT]) -> ResultT:
        try:
            return await self._link.ask(request, result_type)
        except GatewayAway:
            raise MCPError(INTERNAL_ERROR, self._away) from None


def bridge_server(
    link: GatewayLink, films: FilmDownloads, issued: IssuedUrls, *, base_url: str
) -> Server[Mapping[str, object]]:
    """The server that a program on this machine talks to, over whichever transport."""
    bridge = Bridge(link, films, issued, base_url=base_url)
    server: Server[Mapping[str, object]] = Server(
        SERVER_NAME,
        title=SERVER_TITLE,
        version=version("future-video-studio"),
        instructions=INSTRUCTIONS,
        on_list_tools=bridge.list_tools,
        on_call_tool=bridge.call_tool,
        on_list_resources=bridge.list_resources,
        on_list_resource_templates=bridge.list_templates,
        on_read_resource=bridge.read_resource,
        on_list_prompts=bridge.list_prompts,
    )
    server.middleware[:] = [shield]
    server.extensions = {EXTENSION_ID: {"mimeTypes": [APP_MIME_TYPE]}}
    return server


def checked_base_url(settings: Settings) -> str:
    """Where the gateway is. A key is sent there, so it is HTTPS or this machine. SettingsError."""
    base_url = settings.agent_base_url.removesuffix(API_PREFIX).rstrip("/")
    try:
        address = httpx2.URL(base_url)
    except httpx2.InvalidURL:
        raise SettingsError("FVS_AGENT_BASE_URL is no address.") from None
    if not is_sealed(address):
        raise SettingsError(
            "FVS_AGENT_BASE_URL must begin with https:// unless it is on this machine: the key "
            "would be readable on its way."
        )
    if address.userinfo or address.query or address.fragment:
        raise SettingsError("FVS_AGENT_BASE_URL is scheme and host alone.")
    return base_url


async def serve_stdio(settings: Settings) -> None:
    """Answer on standard output until standard input ends."""
    base_url, issued = checked_base_url(settings), IssuedUrls()
    key = settings.agent_api_key
    link = GatewayLink(
        base_url + MCP_PATH,
        key.get_secret_value() if key else None,
        version=version("future-video-studio"),
    )
    films = local_films(settings, base_url, is_issued=issued.__contains__)
    server = bridge_server(link, films, issued, base_url=base_url)
    _leave_on_signals(films)
    try:
        async with stdio_server() as (incoming, outgoing):
            await server.run(incoming, outgoing, server.create_initialization_options())
    finally:
        await link.aclose()


def _leave_on_signals(films: FilmDownloads) -> None:
    """A thread that reads standard input cannot be stopped, so the process ends around it."""

    def leave(number: int) -> None:
        films.abandon()
        os._exit(EXIT_SIGNALLED + number)

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, leave, number)


def main(settings: Settings) -> None:
    """Run until the program closes its end, SIGTERM or SIGINT."""
    asyncio.run(serve_stdio(settings))
