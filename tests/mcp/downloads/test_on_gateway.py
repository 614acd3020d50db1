"""A gateway's own MCP server writes films for accounts alone, and only where it is told to."""

from collections.abc import Mapping

import pytest

from tests.api.kit import KEY_HEADER, ApiStack
from tests.kit.tls_host import Internet
from tests.mcp.downloads.film_scenes import FILM, URL, Scene
from tests.mcp.kit import MODES, content_of, mcp_client

TOOL = "fvs_download_final_video"
ARGUMENTS = {"final_video_url": URL, "output_path": "film.mp4"}


@pytest.mark.requirement("MCP-8")
@pytest.mark.parametrize("mode", MODES)
async def test_it_saves_for_an_account(stack: ApiStack, scene: Scene, mode: str) -> None:
    stack.configure(films=scene.films)
    async with mcp_client(stack, stack.open_account(), mode=mode) as client:
        result = await client.call_tool(TOOL, dict(ARGUMENTS))

    assert content_of(result)["saved"] is True
    assert (scene.root / "film.mp4").read_bytes() == FILM


@pytest.mark.mcp_case("15.1")
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {KEY_HEADER: "fvs_live_unknown"},
        {KEY_HEADER: "{key}", "X-FVS-Billing-Mode": "pay-per-render"},
        {KEY_HEADER: "{key}", "X-FVS-Billing-Mode": "of another kind"},
    ],
)
async def test_it_writes_nothing_for_anybody_else(
    stack: ApiStack, scene: Scene, internet: Internet, headers: Mapping[str, str]
) -> None:
    stack.configure(films=scene.films)
    key = stack.open_account()
    sent = {name: value.format(key=key) for name, value in headers.items()}
    async with mcp_client(stack, headers=sent) as client:
        result = await client.call_tool(TOOL, dict(ARGUMENTS))

    assert not result.is_error
    assert content_of(result)["saved"] is False
    assert (internet.looked_up, scene.files()) == ([], [])


@pytest.mark.mcp_case("15.1")
async def test_a_gateway_writes_nothing_unless_it_is_told_to(stack: ApiStack) -> None:
    async with mcp_client(stack, stack.open_account()) as client:
        result = await client.call_tool(TOOL, dict(ARGUMENTS))

    document = content_of(result)
    assert (result.is_error, document["saved"]) == (False, False)
    assert document["final_video_url"] == URL
    assert "hosted" in document["message"]


async def test_a_database_that_is_away_is_no_missing_key(stack: ApiStack, scene: Scene) -> None:
    stack.configure(films=scene.films)
    key = stack.open_account()
    stack.break_database()
    async with mcp_client(stack, key) as client:
        result = await client.call_tool(TOOL, dict(ARGUMENTS))

    assert (result.is_error, content_of(result)["code"]) == (True, "unavailable")
    assert scene.files() == []
