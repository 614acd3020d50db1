"""What an agent sees of `fvs_download_final_video`."""

import json
from collections.abc import Awaitable, Callable

import pytest
from jsonschema import Draft202012Validator
from mcp.types import CallToolResult
from pydantic import JsonValue

from gateway.mcp.download_tool import definition, download
from gateway.services.download_errors import DownloadError
from gateway.services.downloads import FilmDownloads
from tests.kit.tls_host import Internet, answer
from tests.mcp.downloads.film_scenes import FILM, FOUND, SIGNATURE, URL, Scene
from tests.mcp.kit import content_of

Call = Callable[..., Awaitable[CallToolResult]]


@pytest.fixture
def call(scene: Scene) -> Call:
    """Call the tool as somebody who may save films, unless the test says otherwise."""

    async def called(
        *, films: FilmDownloads | None = scene.films, is_known: bool = True, **arguments: JsonValue
    ) -> CallToolResult:
        given: dict[str, JsonValue] = {"final_video_url": URL, "output_path": "film.mp4"}
        wanted = {name: value for name, value in (given | arguments).items() if value != "absent"}
        return await download(wanted, films=films, is_known=is_known, on_bytes=untold)

    return called


async def untold(_received_bytes: int, _size_bytes: int | None) -> None:
    pass


async def test_a_film_is_saved_and_said_where(call: Call, scene: Scene) -> None:
    result = await call()

    document = content_of(result)
    assert not result.is_error
    assert (document["saved"], document["size_bytes"]) == (True, len(FILM))
    assert document["output_path"] == str(scene.root / "film.mp4")
    assert document["final_video_url"] == URL


@pytest.mark.mcp_case("10.1")
async def test_a_refusal_has_a_code_a_sentence_and_what_to_do(
    call: Call, internet: Internet
) -> None:
    internet.answers[FOUND] = answer(status="403 Forbidden")

    result = await call()

    document = content_of(result)
    assert result.is_error
    assert document["code"] == "expired"
    assert "retry_after_seconds" not in document
    assert "fresh" in str(document["message"])
    assert SIGNATURE not in json.dumps(document)


async def test_what_passes_by_itself_says_when_to_come_back(call: Call, internet: Internet) -> None:
    internet.answers[FOUND] = answer(status="503 Service Unavailable")

    document = content_of(await call())

    assert document["retry_after_seconds"] == 30


@pytest.mark.requirement("DOWN-2")
async def test_the_older_file_is_kept_until_overwrite_is_asked_for(call: Call) -> None:
    await call()

    assert content_of(await call())["code"] == "file_exists"
    assert content_of(await call(overwrite=True))["replaced"] is True


async def test_a_server_that_writes_no_files_gives_the_address_and_is_no_error(
    call: Call, scene: Scene, internet: Internet
) -> None:
    result = await call(films=None)

    document = content_of(result)
    assert not result.is_error
    assert (document["saved"], document["final_video_url"]) == (False, URL)
    assert "Do not call this tool again" in str(document["next_action"])
    assert (internet.looked_up, scene.files()) == ([], [])


async def test_a_caller_without_a_key_gets_the_address_and_no_file(
    call: Call, scene: Scene, internet: Internet
) -> None:
    document = content_of(await call(is_known=False))

    assert document["saved"] is False
    assert "key" in str(document["message"])
    assert (internet.looked_up, scene.files()) == ([], [])


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"output_path": "absent"}, "/output_path"),
        ({"final_video_url": "absent"}, "/final_video_url"),
        ({"final_video_url": 7}, "/final_video_url"),
        ({"output_path": ["film.mp4"]}, "/output_path"),
        ({"overwrite": "perhaps"}, "/overwrite"),
        ({"api_key": "fvs_live_secret"}, "/api_key"),
    ],
)
async def test_a_wrong_argument_is_named_and_not_repeated(
    call: Call, arguments: dict[str, JsonValue], named: str
) -> None:
    result = await call(**arguments)

    document = content_of(result)
    assert (result.is_error, document["code"]) == (True, "invalid_request")
    [problem] = document["errors"]
    assert problem["pointer"] == named
    assert SIGNATURE not in json.dumps(document)
    assert "fvs_live" not in json.dumps(document)


def test_every_error_of_a_download_has_a_code_of_its_own() -> None:
    kinds = DownloadError.__subclasses__()

    assert len({kind.code for kind in kinds}) == len(kinds)


async def test_results_are_as_the_tool_says(call: Call) -> None:
    schema = definition().output_schema
    assert schema is not None
    validator = Draft202012Validator(schema)

    for result in (await call(), await call(films=None)):
        validator.validate(result.structured_content)


def test_it_is_described_for_models_and_for_people() -> None:
    tool = definition()

    assert tool.annotations is not None
    hints = tool.annotations
    assert (hints.read_only_hint, hints.destructive_hint) == (False, True)
    assert (hints.idempotent_hint, hints.open_world_hint) == (False, True)
    assert tool.input_schema["required"] == ["final_video_url", "output_path"]
    assert tool.input_schema["additionalProperties"] is False
    assert len(tool.description or "") <= 1024
    schema = json.dumps([tool.input_schema, tool.output_schema])
    assert [word for word in ("$ref", "anyOf", "title") if word in schema] == []
