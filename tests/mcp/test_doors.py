"""Which hosts and pages `/mcp` answers, as it is configured."""

import httpx2
import pytest

from gateway.app import create_app
from gateway.mcp.doors import open_doors
from tests.api.kit import ApiStack
from tests.mcp.kit import call_message

PUBLIC = "https://Studio.example"
ACCEPT = {"Accept": "application/json, text/event-stream"}
SERVED = (
    "/health",
    "/llms.txt",
    "/server.json",
    "/chatgpt-app.json",
    "/mcp/server-card",
    "/.well-known/mcp-server.json",
    "/.well-known/ai-catalog.json",
)
"""On a host of MCP's own, beside `/mcp`."""


@pytest.mark.mcp_case("17.2")
@pytest.mark.parametrize(
    ("public", "host", "is_let"),
    [
        (None, "localhost", True),
        (None, "localhost:8080", True),
        (None, "LOCALHOST:8080", True),
        (None, "127.0.0.1:1", True),
        (None, "[::1]:8080", True),
        (None, "studio.example", False),
        (None, "localhost:evil", False),
        (None, "localhost:", False),
        (None, "", False),
        (PUBLIC, "studio.example", True),
        (PUBLIC, "studio.example:443", True),
        (PUBLIC, "mcp.example", True),
        (PUBLIC, "mcp.example:443", True),
        (PUBLIC, "studio.example:8080", False),
        (PUBLIC, "www.studio.example", False),
        (PUBLIC, "localhost:8080", False),
        ("http://localhost:8080", "127.0.0.1:9000", True),
        ("https://studio.example:8443", "studio.example:8443", True),
        ("https://studio.example:8443", "studio.example", False),
    ],
)
def test_hosts(public: str | None, host: str, is_let: bool) -> None:  # noqa: FBT001
    doors = open_doors(public_base_url=public, hosts=["mcp.example"])
    assert doors.lets_host(host) is is_let


@pytest.mark.mcp_case("17.1")
@pytest.mark.parametrize(
    ("public", "origin", "is_let"),
    [
        (None, None, True),
        (None, "http://localhost:6274", True),
        (None, "https://127.0.0.1", True),
        (None, "https://studio.example", False),
        (None, "null", False),
        (None, "", False),
        (PUBLIC, "https://studio.example", True),
        (PUBLIC, "https://mcp.example", True),
        (PUBLIC, "https://app.example:99", True),
        (PUBLIC, "http://studio.example", False),
        (PUBLIC, "http://localhost:6274", False),
        (PUBLIC, "https://app.example.evil:99", False),
    ],
)
def test_pages(public: str | None, origin: str | None, is_let: bool) -> None:  # noqa: FBT001
    doors = open_doors(
        public_base_url=public, hosts=["mcp.example"], origins=["https://app.example:*"]
    )
    assert doors.lets_origin(origin) is is_let


async def test_a_host_of_its_own_serves_mcp_and_its_discovery_alone(stack: ApiStack) -> None:
    stack.configure(public_base_url="https://studio.example", mcp_hosts=("mcp.example",))
    app = create_app(stack.dependencies)
    transport = httpx2.ASGITransport(app)
    message = call_message("legacy", "fvs_example_render_request", {})
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=transport, base_url="https://mcp.example") as own,
        httpx2.AsyncClient(transport=transport, base_url="https://studio.example") as studio,
    ):
        for client in (own, studio):
            for path in ("/mcp", "/mcp/"):
                called = await client.post(path, json=message, headers=ACCEPT)
                assert called.status_code == 200, path
            for path in SERVED:
                assert (await client.get(path)).status_code == 200, path
        for path in ("/api/agent/models", "/api/agent/openapi.json", "/files/x", "/openapi.json"):
            missing = await own.get(path)
            assert missing.status_code == 404
            assert "https://studio.example" in missing.json()["detail"]
        with_port = await own.get("/api/agent/models", headers={"Host": "MCP.example:443"})
        assert with_port.status_code == 404
        assert (await studio.get("/api/agent/models")).status_code == 200
