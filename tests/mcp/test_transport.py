"""`/mcp` on the wire: methods, hosts, pages, bodies, and both eras of the protocol."""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx2
import pytest

from gateway.app import create_app
from gateway.mcp.envelope import BODY_BYTES_MAX
from tests.api.kit import BRIEF, KEY_HEADER, ApiStack
from tests.mcp.kit import MODES, call_headers, call_message

EXAMPLE = "fvs_example_render_request"
ACCEPT = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
PATHS = ("/mcp", "/mcp/")


@pytest.fixture
async def http(stack: ApiStack) -> AsyncIterator[httpx2.AsyncClient]:
    app = create_app(stack.dependencies)
    transport = httpx2.ASGITransport(app, client=("127.0.0.1", 50_000))
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=transport, base_url="http://localhost:8080") as client,
    ):
        yield client


def answers(response: httpx2.Response) -> Iterator[dict[str, Any]]:
    """The messages of an answer, streamed or not."""
    if response.headers["content-type"].startswith("text/event-stream"):
        for line in response.text.splitlines():
            if line.startswith("data:") and line.strip() != "data:":
                yield json.loads(line.removeprefix("data:"))
    else:
        yield response.json()


def example_of(response: httpx2.Response) -> dict[str, Any]:
    (message,) = answers(response)
    return dict(message["result"]["structuredContent"]["request"])


@pytest.mark.requirement("MCP-1")
@pytest.mark.mcp_case("16.2")
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("mode", MODES)
async def test_both_spellings_take_calls_of_both_eras(
    http: httpx2.AsyncClient, path: str, mode: str
) -> None:
    response = await http.post(
        path, json=call_message(mode, EXAMPLE, {}), headers=ACCEPT | call_headers(mode, EXAMPLE)
    )
    assert response.status_code == 200
    assert example_of(response)["shot_count"] == 3
    assert "mcp-session-id" not in response.headers


@pytest.mark.mcp_case("19.2")
async def test_a_call_without_a_version_or_a_handshake_is_answered(
    http: httpx2.AsyncClient,
) -> None:
    message = call_message("legacy", EXAMPLE, {})
    response = await http.post("/mcp", json=message, headers=ACCEPT)
    assert example_of(response)
    other = await http.post("/mcp", json=message, headers=ACCEPT | {"Mcp-Session-Id": "made up"})
    assert example_of(other)


@pytest.mark.parametrize("version", ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"])
async def test_every_older_revision_is_spoken(http: httpx2.AsyncClient, version: str) -> None:
    hello = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": version,
            "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"},
        },
    }
    (message,) = answers(await http.post("/mcp", json=hello, headers=ACCEPT))
    assert message["result"]["protocolVersion"] == version
    assert message["result"]["serverInfo"]["version"] == "0.0.test"
    assert "fvs_submit_render" in message["result"]["instructions"]


@pytest.mark.mcp_case("16.1")
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "DELETE", "HEAD", "PUT", "PATCH"])
async def test_only_post_is_taken(http: httpx2.AsyncClient, path: str, method: str) -> None:
    response = await http.request(method, path, headers={"Accept": "text/event-stream"})
    assert response.status_code == 405
    assert response.headers["allow"] == "POST, OPTIONS"
    assert response.headers["content-type"] == "application/json"
    if method != "HEAD":
        assert response.json()["error"]["code"] == -32000


@pytest.mark.mcp_case("17.1")
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost.evil.example"]
)
async def test_a_foreign_page_is_refused(http: httpx2.AsyncClient, mode: str, origin: str) -> None:
    for method in ("POST", "OPTIONS", "GET"):
        response = await http.request(
            method,
            "/mcp",
            json=call_message(mode, EXAMPLE, {}),
            headers=ACCEPT | call_headers(mode, EXAMPLE) | {"Origin": origin},
        )
        assert response.status_code == 403
        assert "access-control-allow-origin" not in response.headers
        assert "error" in response.json()


@pytest.mark.mcp_case("17.2")
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil:80", ""]
)
async def test_a_foreign_host_is_refused(http: httpx2.AsyncClient, mode: str, host: str) -> None:
    response = await http.post(
        "/mcp",
        json=call_message(mode, EXAMPLE, {}),
        headers=ACCEPT | call_headers(mode, EXAMPLE) | {"Host": host},
    )
    assert response.status_code == 421


@pytest.mark.mcp_case("17.3")
async def test_a_page_that_may_call_learns_what_it_may_send_and_reads_the_answer(
    http: httpx2.AsyncClient,
) -> None:
    page = {"Origin": "http://localhost:6274"}
    asked = await http.options(
        "/mcp",
        headers=page
        | {
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "mcp-protocol-version, x-fvs-agent-key",
        },
    )
    answered = await http.post(
        "/mcp", json=call_message("legacy", EXAMPLE, {}), headers=ACCEPT | page
    )
    assert asked.status_code == 204
    for name in ("mcp-protocol-version", "mcp-name", "x-fvs-agent-key", "x-fvs-billing-mode"):
        assert name in asked.headers["access-control-allow-headers"].lower()
    for response in (asked, answered):
        assert response.headers["access-control-allow-origin"] == page["Origin"]
        assert "Origin" in response.headers["vary"]


@pytest.mark.mcp_case("18.1")
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", -32700),
        (b"", -32700),
        (b"\xff\xfe", -32700),
        (b"[" * 200_000, -32700),
        (b'{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}', -32700),
        (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":NaN}}', -32700),
        (b'{"jsonrpc":"2.0","id":%s,"method":"ping"}' % (b"9" * 5000), -32700),
        (b'[{"jsonrpc":"2.0","id":1,"method":"fvs_live_SECRET"}]', -32600),
        (b"[]", -32600),
        (b'{"key":"fvs_live_SECRET"}', -32600),
        (b'{"jsonrpc":"1.0","id":1,"method":"fvs_live_SECRET"}', -32600),
        (b'{"jsonrpc":"2.0","id":{},"method":"fvs_live_SECRET"}', -32600),
        (b'"fvs_live_SECRET"', -32600),
        (b"null", -32600),
    ],
)
async def test_what_is_no_message_is_refused_and_not_repeated(
    http: httpx2.AsyncClient, mode: str, body: bytes, code: int
) -> None:
    headers = ACCEPT | call_headers(mode, EXAMPLE)
    response = await http.post("/mcp", content=body, headers=headers)
    assert response.status_code == 400
    assert response.json()["id"] is None
    assert response.json()["error"]["code"] == code
    assert "SECRET" not in response.text
    assert "pydantic" not in response.text


@pytest.mark.mcp_case("18.1")
@pytest.mark.parametrize("mode", MODES)
async def test_a_malformed_call_is_refused_without_its_values(
    http: httpx2.AsyncClient, mode: str
) -> None:
    message = call_message(mode, EXAMPLE, {})
    message["params"]["arguments"] = "fvs_live_SECRET"
    response = await http.post("/mcp", json=message, headers=ACCEPT | call_headers(mode, EXAMPLE))
    (answer,) = answers(response)
    assert answer["error"]["code"] == -32602
    assert "SECRET" not in response.text


@pytest.mark.mcp_case("18.2")
@pytest.mark.parametrize("mode", MODES)
async def test_a_notification_is_taken_without_an_answer(
    http: httpx2.AsyncClient, mode: str
) -> None:
    version = call_headers(mode, EXAMPLE)["MCP-Protocol-Version"]
    response = await http.post(
        "/mcp",
        json={"jsonrpc": "2.0", "method": "notifications/initialized"},
        headers=ACCEPT | {"MCP-Protocol-Version": version},
    )
    assert (response.status_code, response.content in {b"", b"null"}) == (202, True)


@pytest.mark.mcp_case("20.1")
@pytest.mark.parametrize("mode", MODES)
async def test_an_unknown_tool_is_an_error_of_the_protocol(
    http: httpx2.AsyncClient, mode: str
) -> None:
    name = "fvs_live_SECRET"
    response = await http.post(
        "/mcp", json=call_message(mode, name, {}), headers=ACCEPT | call_headers(mode, name)
    )
    (answer,) = answers(response)
    assert answer["error"]["code"] == -32602
    assert "SECRET" not in response.text


@pytest.mark.mcp_case("19.1")
async def test_an_unknown_version_and_a_header_that_says_otherwise_are_refused(
    http: httpx2.AsyncClient,
) -> None:
    message = call_message("2026-07-28", EXAMPLE, {})
    headers = ACCEPT | call_headers("2026-07-28", EXAMPLE)
    unknown = await http.post(
        "/mcp",
        json=call_message("2099-01-01", EXAMPLE, {}),
        headers=ACCEPT | call_headers("2099-01-01", EXAMPLE),
    )
    other_tool = await http.post("/mcp", json=message, headers=headers | {"Mcp-Name": "fvs_other"})
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (400, -32022)
    assert (other_tool.status_code, other_tool.json()["error"]["code"]) == (400, -32020)


@pytest.mark.mcp_case("18.3")
@pytest.mark.parametrize("mode", MODES)
async def test_a_body_is_bounded_whether_it_says_so_or_not(
    http: httpx2.AsyncClient, mode: str
) -> None:
    headers = ACCEPT | call_headers(mode, EXAMPLE)

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(BODY_BYTES_MAX // 65_536 + 2):
            yield b" " * 65_536

    announced = await http.post("/mcp", content=b" " * (BODY_BYTES_MAX + 1), headers=headers)
    streamed = await http.post("/mcp", content=chunks(), headers=headers)
    assert (announced.status_code, streamed.status_code) == (413, 413)
    assert "error" in announced.json()


@pytest.mark.parametrize("mode", MODES)
async def test_the_longest_brief_of_the_api_fits(stack: ApiStack, mode: str) -> None:
    key = stack.open_account()
    long_texts = dict.fromkeys(("instructions", "additional_lore"), "é" * 100000)
    message = call_message(mode, "fvs_submit_render", {"request": {**BRIEF, **long_texts}})
    app = create_app(stack.dependencies)
    transport = httpx2.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client,
    ):
        response = await client.post(
            "/mcp",
            json=message,
            headers=ACCEPT | call_headers(mode, "fvs_submit_render") | {KEY_HEADER: key},
        )
    (answer,) = answers(response)
    assert answer["result"]["isError"] is False


@pytest.mark.mcp_case("18.5")
@pytest.mark.parametrize("mode", MODES)
async def test_only_json_is_read_and_only_who_takes_an_answer_gets_one(
    http: httpx2.AsyncClient, mode: str
) -> None:
    headers = ACCEPT | call_headers(mode, EXAMPLE)
    text = json.dumps(call_message(mode, EXAMPLE, {})).encode()
    as_text = await http.post("/mcp", content=text, headers=headers | {"Content-Type": "text/xml"})
    zipped = await http.post("/mcp", content=text, headers=headers | {"Content-Encoding": "gzip"})
    no_json = await http.post("/mcp", content=text, headers=headers | {"Accept": "text/html"})
    anything = await http.post("/mcp", content=text, headers=headers | {"Accept": "*/*"})
    assert (as_text.status_code, zipped.status_code) == (415, 415)
    assert (no_json.status_code, anything.status_code) == (406, 200)


@pytest.mark.mcp_case("1.1")
async def test_nothing_invites_to_sign_in(http: httpx2.AsyncClient) -> None:
    message = call_message("legacy", "fvs_submit_render", {"request": BRIEF})
    without = await http.post("/mcp", json=message, headers=ACCEPT)
    wrong = await http.post("/mcp", json=message, headers=ACCEPT | {KEY_HEADER: "fvs_live_wrong"})
    for response in (without, wrong):
        assert response.status_code == 200
        assert "www-authenticate" not in response.headers
    for path in (
        "/.well-known/oauth-protected-resource",
        "/.well-known/oauth-protected-resource/mcp",
        "/.well-known/oauth-authorization-server",
        "/.well-known/oauth-authorization-server/mcp",
        "/.well-known/openid-configuration",
    ):
        missing = await http.get(path)
        assert missing.status_code == 404
        assert missing.headers["content-type"].endswith("json")
    registered = await http.post("/register", json={"client_name": "x"})
    assert registered.status_code == 404
    assert registered.headers["content-type"].endswith("json")
