"""Everything that a careless program may say to `/mcp`, with every answer kept for a search."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx2
from mcp.client.client import Client
from mcp.shared.exceptions import MCPError
from mcp.types import CallToolResult

from tests.mcp.kit import call_bytes, call_headers, call_message, content_of

ACCEPT = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}


@dataclass
class Talk:
    """`results` are those of tools; `words` is what else came back: of errors and of the wire."""

    results: list[CallToolResult] = field(default_factory=list)
    words: list[str] = field(default_factory=list)

    async def ask(self, client: Client, tool: str, **arguments: object) -> dict[str, Any]:
        """A result's content, of an error as well; nothing where the protocol has the error."""
        try:
            result = await client.call_tool(tool, arguments)
        except MCPError as error:
            self.words.append(str(error))
            return {}
        assert isinstance(result, CallToolResult)
        self.results.append(result)
        return content_of(result)

    async def watch(self, client: Client, tool: str, **arguments: object) -> dict[str, Any]:
        """Ask until there is no need to ask again."""
        while True:
            told = await self.ask(client, tool, wait_seconds=5, **arguments)
            if not told["poll_after_seconds"]:
                return told

    async def blurt(self, base_url: str, mode: str, secret: str) -> None:
        """Put a secret wherever a request to `/mcp` has room for one."""
        call = call_message(mode, "fvs_get_render_status", {"project_id": secret})
        known = call_headers(mode, "fvs_get_render_status")
        bodies: tuple[bytes, ...] = (
            f'{{"key": "{secret}"'.encode(),
            f'["{secret}"]'.encode(),
            f'{{"jsonrpc": "2.0", "id": 1, "{secret}": "{secret}"}}'.encode(),
            _written(call | {"method": secret}),
            _written(call | {"params": secret}),
            _written(call | {"params": call["params"] | {"name": secret}}),
            _written(call | {"params": call["params"] | {"arguments": secret}}),
            _written(call | {"params": call["params"] | {"_meta": {"progressToken": secret}}}),
            _written(call | {"method": "prompts/get", "params": {"name": secret}}),
            _written(call | {"method": "resources/read", "params": {"uri": f"ui://{secret}"}}),
        )
        headers: tuple[Mapping[str, str], ...] = (
            {"X-FVS-Agent-Key": secret + "x"},
            {"Authorization": f"Payment {secret}"},
            {"X-FVS-Billing-Mode": secret},
            {"X-Request-Id": secret, "Cookie": f"token={secret}", "User-Agent": secret},
            {"traceparent": secret, "tracestate": f"a={secret}", "baggage": f"a={secret}"},
            {"Mcp-Session-Id": secret, "Last-Event-ID": secret, "Mcp-Name": secret},
            {"MCP-Protocol-Version": secret, "Mcp-Method": secret},
            {"Origin": f"https://{secret}.example"},
            {"Content-Type": secret},
        )
        async with httpx2.AsyncClient(base_url=base_url, timeout=30) as http:
            for body in bodies:
                answer = await http.post("/mcp", content=body, headers=ACCEPT | known)
                self.words.append(answer.text)
            for each in headers:
                answer = await http.post("/mcp", json=call, headers=ACCEPT | known | dict(each))
                self.words.append(answer.text)
            for method in ("GET", "POST", "DELETE"):
                answer = await http.request(method, f"/mcp?key={secret}", headers=ACCEPT | known)
                self.words.append(answer.text)
            self.words.append((await http.post(f"/mcp/{secret}", json=call)).text)


async def hang_up(
    base_url: str, mode: str, tool: str, arguments: Mapping[str, object], headers: Mapping[str, str]
) -> None:
    """Send a whole call and leave."""
    address = urlsplit(base_url)
    host = {"Host": address.netloc}
    _reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(call_bytes(mode, tool, arguments, host | dict(headers)))
    await writer.drain()
    writer.close()
    await writer.wait_closed()


def _written(document: object) -> bytes:
    return json.dumps(document).encode()
