"""The tools and resources that the MCP conformance suite asks a server to have, behind our own.

Everything around them is the studio's: endpoint, doors, server, how a tool is called and answers.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from mcp.types import (
    AudioContent,
    CallToolResult,
    ContentBlock,
    EmbeddedResource,
    ImageContent,
    TextContent,
    TextResourceContents,
    Tool,
)
from starlette.applications import Starlette

from gateway.dependencies import Dependencies, Gateway
from gateway.mcp.calls import Arguments, Call
from gateway.mcp.errors import MissingKey
from gateway.mcp.mounting import mcp_endpoint
from gateway.mcp.schemas import Schema
from gateway.mcp.server import StudioServer
from gateway.mcp.toolbox import Run, StudioTool

DATA: Final = "AAAA"
"""In base64; nobody looks at the picture."""
TEXT: Final = TextContent(type="text", text="Done.")
IMAGE: Final = ImageContent(type="image", data=DATA, mime_type="image/png")
AUDIO: Final = AudioContent(type="audio", data=DATA, mime_type="audio/wav")
EMBEDDED: Final = EmbeddedResource(
    type="resource",
    resource=TextResourceContents(uri="test://embedded", mime_type="text/plain", text="Within."),
)
NO_ARGUMENTS: Final[Schema] = {"type": "object", "properties": {}}
EVERY_KEYWORD: Final[Schema] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "$defs": {
        "address": {
            "$anchor": "addressDef",
            "type": "object",
            "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
        }
    },
    "properties": {"name": {"type": "string"}, "address": {"$ref": "#/$defs/address"}},
    "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
    "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
    "then": {"required": ["phone"]},
    "else": {"required": ["email"]},
    "additionalProperties": False,
}


@asynccontextmanager
async def conformance_app(dependencies: Dependencies) -> AsyncIterator[Starlette]:
    """The studio's endpoint over them, without the rest of a gateway."""
    gateway = Gateway(dependencies)
    endpoint = mcp_endpoint(gateway, conformance_server(gateway))

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with endpoint.running():
            yield

    yield Starlette(routes=endpoint.routes, lifespan=lifespan)
    await gateway.close()


def conformance_server(gateway: Gateway) -> StudioServer:
    answers: dict[str, list[ContentBlock]] = {
        "test_simple_text": [TEXT],
        "test_image_content": [IMAGE],
        "test_audio_content": [AUDIO],
        "test_embedded_resource": [EMBEDDED],
        "test_multiple_content_types": [TEXT, IMAGE, EMBEDDED],
        "test_logging_tool": [TEXT],
    }
    tools = [_tool(name, _answering(*content)) for name, content in answers.items()]
    tools += [
        _tool("test_error_handling", _fail),
        _tool("test_tool_with_progress", _progress),
        _tool("test_streaming_elicitation", _progress),
        _tool("json_schema_2020_12_tool", _answering(TEXT), EVERY_KEYWORD),
    ]
    server = StudioServer(gateway, tools)

    @server.resource("test://static-text", mime_type="text/plain")
    def text() -> str:
        return "Text."

    @server.resource("test://static-binary", mime_type="image/png")
    def binary() -> bytes:
        return b"Bytes."

    @server.resource("test://template/{id}/data", mime_type="application/json")
    def templated(id: str) -> str:  # noqa: A002 - as the suite calls it
        return f'{{"id": "{id}"}}'

    return server


def _tool(name: str, run: Run, takes: Schema = NO_ARGUMENTS) -> StudioTool:
    return StudioTool(Tool(name=name, description="Of the suite.", input_schema=takes), run)


def _answering(*content: ContentBlock) -> Run:
    async def run(_call: Call, _arguments: Arguments) -> CallToolResult:
        return CallToolResult(content=list(content))

    return run


async def _fail(_call: Call, _arguments: Arguments) -> CallToolResult:
    raise MissingKey


async def _progress(call: Call, _arguments: Arguments) -> CallToolResult:
    for done in (0, 50, 100):
        await call.progress(done, 100, "On the way")
    return CallToolResult(content=[TEXT])
