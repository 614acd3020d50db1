"""What an agent sees of `fvs_download_final_video`."""

import json
from collections.abc import Mapping

import pytest
from mcp import Client
from mcp.server import MCPServer
from mcp.types import CallToolResult

from gateway.mcp.download_tool import register
from gateway.mcp.names import DOWNLOAD_FILM
from tests.kit.tls_host import Internet, answer
from tests.mcp.film_scenes import FILM, FOUND, SIGNATURE, URL, Scene


async def anybody(_headers: Mapping[str, str] | None) -> bool:
    return True


async def nobody(_headers: Mapping[str, str] | None) -> bool:
    return False


@pytest.fixture
def server(scene: Scene) -> MCPServer:
    server = MCPServer("films")
    register(server, films=scene.films, is_known=anybody)
    return server


async def call(server: MCPServer, **arguments: object) -> CallToolResult:
    async with Client(server) as client:
        return await client.call_tool(
            DOWNLOAD_FILM, {"final_video_url": URL, "output_path": "film.mp4"} | arguments
        )


def told(result: CallToolResult) -> dict[str, object]:
    """The structure, which the text repeats."""
    [text] = result.content
    assert text.type == "text"
    document: dict[str, object] = json.loads(text.text)
    assert document == result.structured_content
    return document


async def test_a_film_is_saved_and_said_where(server: MCPServer, scene: Scene) -> None:
    result = await call(server)

    document = told(result)
    assert not result.is_error
    assert (document["saved"], document["size_bytes"]) == (True, len(FILM))
    assert document["output_path"] == str(scene.root / "film.mp4")
    assert document["final_video_url"] == URL


async def test_a_refusal_has_a_code_a_sentence_and_what_to_do(
    server: MCPServer, internet: Internet
) -> None:
    internet.answers[FOUND] = answer(status="403 Forbidden")

    result = await call(server)

    document = told(result)
    assert result.is_error
    assert (document["code"], document["retryable"]) == ("expired", False)
    assert "fresh" in str(document["next_action"])
    assert SIGNATURE not in json.dumps(document)


async def test_what_passes_by_itself_says_when_to_come_back(
    server: MCPServer, internet: Internet
) -> None:
    internet.answers[FOUND] = answer(status="503 Service Unavailable")

    document = told(await call(server))

    assert document["retryable"] is True
    assert document["retry_after_seconds"] == 30


async def test_the_older_file_is_kept_until_overwrite_is_asked_for(server: MCPServer) -> None:
    await call(server)

    assert told(await call(server))["code"] == "file_exists"
    assert told(await call(server, overwrite=True))["replaced"] is True


async def test_a_server_that_writes_no_files_gives_the_address_and_is_no_error(
    scene: Scene, internet: Internet
) -> None:
    server = MCPServer("films")
    register(server, films=None, is_known=anybody)

    result = await call(server)

    document = told(result)
    assert not result.is_error
    assert (document["saved"], document["final_video_url"]) == (False, URL)
    assert "Do not call this tool again" in str(document["next_action"])
    assert (internet.looked_up, scene.files()) == ([], [])


async def test_a_caller_without_a_key_gets_the_address_and_no_file(
    scene: Scene, internet: Internet
) -> None:
    server = MCPServer("films")
    register(server, films=scene.films, is_known=nobody)

    document = told(await call(server))

    assert document["saved"] is False
    assert "key" in str(document["message"])
    assert (internet.looked_up, scene.files()) == ([], [])


async def test_progress_reaches_who_asked_for_it(server: MCPServer) -> None:
    seen: list[tuple[float, float | None]] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        assert message
        seen.append((progress, total))

    async with Client(server) as client:
        arguments: dict[str, object] = {"final_video_url": URL, "output_path": "film.mp4"}
        await client.call_tool(DOWNLOAD_FILM, arguments, progress_callback=note)

    assert seen[-1] == (len(FILM), len(FILM))


async def test_it_is_described_for_models_and_for_people(server: MCPServer) -> None:
    async with Client(server) as client:
        [tool] = (await client.list_tools()).tools

    assert tool.annotations is not None
    hints = tool.annotations
    assert (hints.read_only_hint, hints.destructive_hint) == (False, True)
    assert (hints.idempotent_hint, hints.open_world_hint) == (False, True)
    assert tool.input_schema["required"] == ["final_video_url", "output_path"]
    assert len(tool.description or "") <= 1024
    schema = json.dumps([tool.input_schema, tool.output_schema])
    assert "$ref" not in schema
    assert "anyOf" not in schema
