"""The published MCP server as a program starts it, against a studio on https."""

import asyncio
import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from mcp import Client, StdioServerParameters
from mcp.types import CallToolResult, TextContent

from runtime.ports import free_port
from tests.kit.customer import Customer
from tests.kit.stack import NeverHappened, Stack
from tests.kit.till import Till, taking_payments
from tests.kit.tls_front import TlsFront
from tests.kit.tls_host import Authority
from tests.published.environment import published_python

HOST = "localhost"
FILM_SECONDS_MAX = 120
POLL_SECONDS = 0.3


@dataclass(frozen=True)
class Studio:
    """A gateway that takes payments and a worker, both found at `base_url` under TLS alone.

    `authority_file` has whom a program has to believe for it.
    """

    stack: Stack
    customer: Customer
    base_url: str
    authority: Authority
    authority_file: Path

    def inside(self, url: str) -> str:
        """The same address as it is behind TLS."""
        assert url.startswith(f"{self.base_url}/"), url
        return url.replace(self.base_url, self.stack.base_url, 1)

    def fetch(self, url: str) -> bytes:
        """What anybody gets at a signed address."""
        answer = httpx2.get(url, verify=self.authority.trust(), timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.content

    def variables(self, api_key: str | None = None) -> dict[str, str]:
        """What the published server's configuration has."""
        told = {
            "FVS_AGENT_BASE_URL": self.base_url,
            "SSL_CERT_FILE": str(self.authority_file),
            "PATH": os.environ["PATH"],
        }
        return told | ({"FVS_AGENT_API_KEY": api_key} if api_key else {})

    def server(self, api_key: str | None = None) -> StdioServerParameters:
        return StdioServerParameters(
            command=published_command(), args=[], env=self.variables(api_key)
        )


def published_command() -> str:
    """The console script, by the name that its package gives it."""
    return str(published_python().with_name("fvs-mcp-server"))


@contextmanager
def open_studio(folder: Path, temporal_address: str, authority: Authority) -> Iterator[Studio]:
    stack = Stack(folder, temporal_address)
    stack.port, port = free_port(), free_port()
    base_url = f"https://{HOST}:{port}"
    authority_file = folder / "authority.pem"
    authority_file.write_text(authority.pem)
    context = authority.server_context([HOST])
    stack.variables["FVS_PUBLIC_BASE_URL"] = base_url
    with ExitStack() as opened:
        opened.callback(stack.stop)
        till: Till = opened.enter_context(taking_payments(stack))
        opened.enter_context(TlsFront(context, port=port, target_port=stack.port))
        customer = opened.enter_context(closing(Customer(stack, till)))
        stack.start_gateway()
        stack.start_worker()
        yield Studio(stack, customer, base_url, authority, authority_file)


async def _told(client: Client, tool: str, **arguments: object) -> dict[str, Any]:
    """What one of its tools answers; it has no errors but in words."""
    result = await client.call_tool(tool, arguments)
    assert isinstance(result, CallToolResult)
    assert not result.is_error, result
    (block,) = result.content
    assert isinstance(block, TextContent)
    return dict(json.loads(block.text))


async def done(client: Client, tool: str, **arguments: object) -> dict[str, Any]:
    """Likewise, where it did what was asked of it."""
    answer = await _told(client, tool, **arguments)
    assert "error" not in answer, answer
    return answer


async def refused(client: Client, tool: str, **arguments: object) -> str:
    """What it says where it did not."""
    answer = await _told(client, tool, **arguments)
    assert answer["ok"] is False
    return str(answer["error"])


async def ended(client: Client, tool: str, **arguments: object) -> dict[str, Any]:
    """Poll until there is no need to; a limit, not a measurement."""
    deadline = time.monotonic() + FILM_SECONDS_MAX
    while not _is_over(answer := await done(client, tool, **arguments)):
        if time.monotonic() > deadline:
            raise NeverHappened(f"the film was not made: {answer}")
        await asyncio.sleep(POLL_SECONDS)
    return answer


def _is_over(answer: Mapping[str, Any]) -> bool:
    """As the published client itself decides that polling ends."""
    return answer["status"] in ("completed", "failed") or (
        not answer["is_running"] and answer["status"] not in ("queued", "running")
    )
