"""What surrounds `fvs mcp` and is not its gateway: a proxy of the environment, hostile answers."""

import asyncio

import pytest
from mcp.types import ListToolsRequest, ListToolsResult

from runtime.mcp_link import GatewayAway, GatewayLink


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
