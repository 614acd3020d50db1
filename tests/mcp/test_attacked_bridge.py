"""What surrounds `fvs mcp` and is not its gateway: a proxy of the environment, hostile answers."""

import asyncio
import json
from pathlib import Path

import httpx2
import pytest
from mcp.types import ListToolsRequest, ListToolsResult

from runtime.mcp_link import GatewayAway, GatewayLink
from tests.mcp.test_stdio import bridged


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "ALL_PROXY"])
async def test_a_key_for_this_machine_never_goes_to_a_proxy(
    monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    seen: list[bytes] = []

    async def overhear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        writer.close()

    proxy = await asyncio.start_server(overhear, "127.0.0.1", 0)
    gateway = await asyncio.start_server(overhear, "127.0.0.1", 0)
    for name in ("NO_PROXY", "no_proxy", variable.lower()):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, f"http://127.0.0.1:{proxy.sockets[0].getsockname()[1]}")
    base_url = f"http://127.0.0.1:{gateway.sockets[0].getsockname()[1]}"
    link = GatewayLink(f"{base_url}/mcp", "fvs_live_key", version="1")
    async with proxy, gateway:
        with pytest.raises(GatewayAway):
            await link.ask(ListToolsRequest(), ListToolsResult)
        await link.aclose()

    assert [head.split(b" HTTP/", 1)[0] for head in seen] == [b"POST /mcp"]


async def test_a_gateway_that_answers_something_else_is_given_up() -> None:
    def answer(_request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, json={"jsonrpc": "2.0", "id": "another", "result": {}})

    link = GatewayLink(
        "https://gateway.example/mcp",
        None,
        version="1",
        transport=httpx2.MockTransport(answer),
        answer_seconds_max=0.1,
    )
    with pytest.raises(GatewayAway):
        await link.ask(ListToolsRequest(), ListToolsResult)
    await link.aclose()


async def test_a_result_whose_structure_is_no_object_is_handed_on(tmp_path: Path) -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        asked = json.loads(request.content)
        result: dict[str, object] = {
            "content": [],
            "structuredContent": ["x"],
            "resultType": "complete",
        }
        if asked["method"] == "tools/list":
            result = {"tools": [], "resultType": "complete", "ttlMs": 0, "cacheScope": "public"}
        return httpx2.Response(200, json={"jsonrpc": "2.0", "id": asked["id"], "result": result})

    async with bridged(answer, tmp_path) as client:
        result = await client.call_tool("fvs_open_chatgpt_app", {})

    assert result.structured_content == ["x"]
