"""A host that is for MCP alone, however its name is written."""

import httpx2
import pytest

from gateway.app import create_app
from tests.api.kit import ApiStack


@pytest.mark.parametrize(
    "host", ["mcp.example", "MCP.example.", "mcp.example:8443", "mcp.example.:80"]
)
async def test_the_api_is_not_there(stack: ApiStack, host: str) -> None:
    stack.configure(public_base_url="https://studio.example", mcp_hosts=("mcp.example",))
    app = create_app(stack.dependencies)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app)) as client:
        answer = await client.get("https://mcp.example/api/agent/models", headers={"Host": host})
    assert answer.status_code == 404
