"""Programs of others use the gateway: the MCP Inspector's command line, and mcp-remote."""

import json
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from mcp import Client, StdioServerParameters
from mcp.types import TextResourceContents

from gateway.mcp.names import TOOLS, WIDGET_URI
from tests.api.kit import BRIEF, KEY_HEADER, ApiStack
from tests.api.serving import serving
from tests.kit.mcp_programs import REMOTE, McpPrograms, Ran
from tests.mcp.kit import called

OF_A_WIDGET = "text/html;profile=mcp-app"
WITHOUT_WIDGET = ["fvs_cancel_render", "fvs_download_final_video", "fvs_example_render_request"]
REFUSED = 5
"""How the Inspector ends when a tool answers with `isError`."""


@pytest.fixture
def programs(tmp_path: Path) -> McpPrograms:
    return McpPrograms(tmp_path)


@pytest.fixture
async def url(stack: ApiStack) -> AsyncIterator[str]:
    async with serving(stack) as server:
        yield f"http://127.0.0.1:{server.port}/mcp"


@dataclass(frozen=True)
class Inspector:
    """The Inspector's command line before one server."""

    programs: McpPrograms
    target: tuple[str, ...]

    async def run(self, method: str, *arguments: str) -> Ran:
        return await self.programs.inspect(self.target, method, *arguments)

    async def call(self, tool: str, **arguments: object) -> Ran:
        given = json.dumps(arguments)
        return await self.run("tools/call", "--tool-name", tool, "--tool-args-json", given)

    def with_key(self, key: str) -> "Inspector":
        return replace(self, target=(*self.target, "--header", f"{KEY_HEADER}: {key}"))


@pytest.fixture
def inspector(programs: McpPrograms, url: str) -> Inspector:
    return Inspector(programs, (url, "--transport", "http"))


@pytest.mark.requirement("MCP-1")
@pytest.mark.parametrize(("era", "revision"), [("legacy", "2025-11-25"), ("modern", "2026-07-28")])
async def test_the_inspector_meets_the_server_in_either_era(
    inspector: Inspector, era: str, revision: str
) -> None:
    ran = await inspector.run("initialize", "--protocol-era", era)

    assert (ran.exit_code, ran.errors) == (0, "")
    met = ran.json["result"]
    assert met["protocolVersion"] == revision
    assert met["serverInfo"]["name"] == "video.future/future-video-studio"
    assert "fvs_example_render_request" in met["instructions"]


async def test_the_inspector_finds_every_schema_portable(inspector: Inspector) -> None:
    ran = await inspector.run("tools/list", "--strict")

    assert (ran.exit_code, ran.errors) == (0, "")
    assert [tool["name"] for tool in ran.json["result"]["tools"]] == list(TOOLS)


async def test_the_inspector_finds_the_widget_and_reads_it(inspector: Inspector) -> None:
    probed = await inspector.run("tools/list", "--app-info")
    read = await inspector.run("resources/read", "--uri", WIDGET_URI)

    shown = [app for app in probed.json_lines if app["hasApp"]]
    assert {app["toolName"] for app in shown} == set(TOOLS) - set(WITHOUT_WIDGET)
    assert {(app["resourceUri"], app["resourceMimeType"]) for app in shown} == {
        (WIDGET_URI, OF_A_WIDGET)
    }
    (page,) = read.json["result"]["contents"]
    assert (page["uri"], page["mimeType"]) == (WIDGET_URI, OF_A_WIDGET)
    assert page["text"].startswith("<!doctype html>")


@pytest.mark.requirement("MCP-9")
async def test_the_inspector_gets_an_example(inspector: Inspector) -> None:
    ran = await inspector.call("fvs_example_render_request")

    assert (ran.exit_code, ran.errors) == (0, "")
    assert ran.json["result"]["structuredContent"]["request"]["shot_count"] == 3


@pytest.mark.requirement("MCP-2")
@pytest.mark.parametrize("tool", ["fvs_submit_render", "fvs_get_render_status"])
async def test_the_inspector_is_told_why_a_tool_refuses(inspector: Inspector, tool: str) -> None:
    arguments = {"request": BRIEF} if tool == "fvs_submit_render" else {"project_id": "proj_none"}

    ran = await inspector.call(tool, **arguments)

    assert ran.exit_code == REFUSED
    (text,) = ran.json["result"]["content"]
    assert json.loads(text["text"])["code"] == "missing_agent_key"


@pytest.mark.requirement("MCP-3", "MCP-5", "MCP-7")
async def test_the_inspector_submits_watches_and_cancels_a_render(
    inspector: Inspector, stack: ApiStack
) -> None:
    inspector = inspector.with_key(stack.open_account())

    submitted = await inspector.call("fvs_submit_render", request=BRIEF)
    project_id = submitted.json["result"]["structuredContent"]["project_id"]
    watched = await inspector.call("fvs_get_render_status", project_id=project_id)
    canceled = await inspector.call("fvs_cancel_render", project_id=project_id)

    assert [ran.exit_code for ran in (submitted, watched, canceled)] == [0, 0, 0]
    assert list(stack.workflows.started) == [project_id]
    assert watched.json["result"]["structuredContent"]["status"] == "queued"
    assert canceled.json["result"]["structuredContent"]["cancel_requested"] is True
    assert list(stack.workflows.canceled) == [project_id]


async def test_the_inspector_starts_the_bridge_of_fvs_mcp_and_submits_through_it(
    programs: McpPrograms, url: str, stack: ApiStack
) -> None:
    settings = {
        "FVS_AGENT_BASE_URL": url.removesuffix("/mcp"),
        "FVS_AGENT_API_KEY": stack.open_account(),
        "PYTHONPATH": str(Path.cwd()),  # the Inspector takes no empty value
    }
    given = [part for name, value in settings.items() for part in ("-e", f"{name}={value}")]
    command = (sys.executable, "-m", "runtime.cli", "mcp")
    inspector = Inspector(programs, (*command, "--transport", "stdio", *given))

    submitted = await inspector.call("fvs_submit_render", request=BRIEF)

    assert submitted.exit_code == 0
    project_id = submitted.json["result"]["structuredContent"]["project_id"]
    assert list(stack.workflows.started) == [project_id]


@pytest.mark.requirement("MCP-3")
async def test_a_desktop_program_submits_a_render_through_mcp_remote(
    programs: McpPrograms, url: str, stack: ApiStack
) -> None:
    """As its users write it: the key in the environment, for spaces in arguments are not safe."""
    header = f"{KEY_HEADER}:${{FVS_KEY}}"
    where = [url, "--allow-http", "--transport", "http-only", "--header", header]
    command, *arguments = programs.command(REMOTE, *where)
    key = {"FVS_KEY": stack.open_account()}
    bridge = StdioServerParameters(
        command=command, args=arguments, env=programs.environment() | key
    )

    async with Client(bridge) as client:
        tools = (await client.list_tools()).tools
        submitted = await called(client, "fvs_submit_render", request=BRIEF)
        (page,) = (await client.read_resource(WIDGET_URI)).contents

    assert [tool.name for tool in tools] == list(TOOLS)
    assert list(stack.workflows.started) == [submitted["project_id"]]
    assert isinstance(page, TextResourceContents)
    assert page.mime_type == OF_A_WIDGET
