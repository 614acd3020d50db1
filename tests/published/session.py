"""Runs inside the published client's own environment and prints what it got, as JSON.

    python session.py submit PAYLOAD.json FILE…     the client's Python functions, with an upload
    python session.py status|cancel PROJECT_ID      likewise
    python session.py tools PAYLOAD.json            its MCP server over stdio, tool by tool

It talks to FVS_AGENT_BASE_URL with FVS_AGENT_API_KEY, as any user of the client does.
"""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

from fvs_mcp_server import client
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client


def submit(payload_file: str, *files: str) -> dict[str, Any]:
    payload = json.loads(Path(payload_file).read_text())
    return client.submit_render(request_payload=payload, upload_files=files)


def status(project_id: str) -> dict[str, Any]:
    return client.get_render_status(project_id=project_id)


def cancel(project_id: str) -> dict[str, Any]:
    return client.cancel_render(project_id=project_id)


def tools(payload_file: str) -> dict[str, Any]:
    return asyncio.run(_tools(json.loads(Path(payload_file).read_text())))


async def _tools(payload: dict[str, Any]) -> dict[str, Any]:
    server = StdioServerParameters(
        command=sys.executable, args=["-m", "fvs_mcp_server"], env=dict(os.environ)
    )
    async with stdio_client(server) as streams, ClientSession(*streams) as session:
        await session.initialize()
        submitted = await _call(session, "fvs_submit_render", {"request": payload})
        project = {"project_id": submitted["project_id"]}
        return {
            "submitted": submitted,
            "polled": await _call(session, "fvs_get_render_status", project),
            "canceled": await _call(session, "fvs_cancel_render", project),
        }


async def _call(session: ClientSession, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
    result = await session.call_tool(tool, arguments)
    return json.loads(result.content[0].text)


if __name__ == "__main__":
    commands = {"submit": submit, "status": status, "cancel": cancel, "tools": tools}
    name, *arguments = sys.argv[1:]
    sys.stdout.write(json.dumps(commands[name](*arguments)) + "\n")
