"""Runs inside the published client's own environment and prints what it got, as JSON.

    python session.py submit PAYLOAD.json FILE…     the client's Python functions, with an upload
    python session.py status|cancel PROJECT_ID      likewise
    python session.py quote PAYLOAD.json            a price, without a key
    python session.py paid STATUS_URL               how a quote stands
    python session.py paid QUOTE_ID CLAIM_TOKEN     likewise
    python session.py tools PAYLOAD.json            its MCP server over stdio, tool by tool
    python session.py quote-tools PAYLOAD.json      likewise, without a key

It talks to FVS_AGENT_BASE_URL, with FVS_AGENT_API_KEY if there is one, as any user of the client
does.
"""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
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


def quote(payload_file: str) -> dict[str, Any]:
    payload = json.loads(Path(payload_file).read_text())
    return client.create_paid_render_quote(request_payload=payload)


def paid(url_or_quote_id: str, claim_token: str | None = None) -> dict[str, Any]:
    if claim_token is None:
        return client.get_paid_render_status(status_url=url_or_quote_id)
    return client.get_paid_render_status(quote_id=url_or_quote_id, claim_token=claim_token)


def tools(payload_file: str) -> dict[str, Any]:
    return asyncio.run(_tools(json.loads(Path(payload_file).read_text())))


def quote_tools(payload_file: str) -> dict[str, Any]:
    return asyncio.run(_quote_tools(json.loads(Path(payload_file).read_text())))


@asynccontextmanager
async def _mcp_session() -> AsyncIterator[ClientSession]:
    server = StdioServerParameters(
        command=sys.executable, args=["-m", "fvs_mcp_server"], env=dict(os.environ)
    )
    async with stdio_client(server) as streams, ClientSession(*streams) as session:
        await session.initialize()
        yield session


async def _quote_tools(payload: dict[str, Any]) -> dict[str, Any]:
    async with _mcp_session() as session:
        quoted = await _call(session, "fvs_create_paid_render_quote", {"request": payload})
        claim = {"quote_id": quoted["quote_id"], "claim_token": quoted["claim_token"]}
        return {
            "quoted": quoted,
            "polled": await _call(session, "fvs_get_paid_render_status", claim),
        }


async def _tools(payload: dict[str, Any]) -> dict[str, Any]:
    async with _mcp_session() as session:
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
    commands = {
        "submit": submit,
        "status": status,
        "cancel": cancel,
        "quote": quote,
        "paid": paid,
        "tools": tools,
        "quote-tools": quote_tools,
    }
    name, *arguments = sys.argv[1:]
    sys.stdout.write(json.dumps(commands[name](*arguments)) + "\n")
