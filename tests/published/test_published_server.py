"""The published MCP server, unchanged, as an agent uses it: every tool of it against our gateway.

Its `upload_urls` are left out: it fetches them itself, from public hosts alone. Files of this
machine it takes in its Python functions only (`test_published_client.py`).
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.types import TextResourceContents

from gateway.mcp.names import TOOLS, WIDGET_MEDIA_TYPE, WIDGET_URI
from runtime.ports import free_port
from runtime.processes import ProcessSpec, start_process
from runtime.temporal_server import RunningTemporal
from tests.kit.client import SHORT_FILM
from tests.kit.customer import ONE_SHOT
from tests.kit.film import check_film
from tests.kit.tls_host import Authority
from tests.published.kit import (
    FILM_SECONDS_MAX,
    Studio,
    done,
    ended,
    open_studio,
    published_command,
    refused,
)

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]


SUBMIT = "fvs_submit_render"
QUOTE = "fvs_create_paid_render_quote"
STATUS = "fvs_get_render_status"
PAID_STATUS = "fvs_get_paid_render_status"
CANCEL = "fvs_cancel_render"
DOWNLOAD = "fvs_download_final_video"
EXAMPLE = "fvs_example_render_request"
OPEN = "fvs_open_chatgpt_app"


@pytest.fixture(scope="module")
def studio(
    tmp_path_factory: pytest.TempPathFactory, temporal_server: RunningTemporal, authority: Authority
) -> Iterator[Studio]:
    folder = tmp_path_factory.mktemp("published") / "stack"
    with open_studio(folder, temporal_server.address, authority) as opened:
        yield opened


async def test_it_has_the_tools_and_the_widget_that_our_own_server_has(studio: Studio) -> None:
    async with Client(studio.server()) as client:
        tools = {tool.name for tool in (await client.list_tools()).tools}
        opened = await done(client, OPEN, project_id="proj_api_1")
        [widget] = (await client.read_resource(WIDGET_URI)).contents

    assert tools == set(TOOLS)
    assert opened["project_id"] == "proj_api_1"
    assert isinstance(widget, TextResourceContents)
    assert widget.mime_type == WIDGET_MEDIA_TYPE


@pytest.mark.requirement("MCP-1", "INPUT-1", "REND-2")
async def test_an_agent_goes_from_the_example_to_a_film_on_its_disk(
    studio: Studio, tmp_path: Path
) -> None:
    async with Client(studio.server(studio.stack.api_key)) as client:
        example = await done(client, EXAMPLE)
        brief = example | {"shot_count": 1, "scene_target_duration_seconds": 4}
        submitted = await done(client, SUBMIT, request=brief)
        by_url = await done(client, STATUS, status_url=submitted["status_url"])
        film = await ended(client, STATUS, project_id=submitted["project_id"])
        path = tmp_path / "films" / "film.mp4"
        saved = await done(
            client, DOWNLOAD, final_video_url=film["final_video_url"], output_path=str(path)
        )

    assert submitted["name"] == example["name"]
    assert by_url["project_id"] == submitted["project_id"]
    assert film["status"] == "completed"
    assert path.read_bytes() == studio.fetch(film["final_video_url"])
    assert saved == {
        "output_path": str(path),
        "bytes_written": path.stat().st_size,
        "overwritten": False,
    }
    check_film(path, seconds=4)


async def test_one_call_can_wait_for_the_film_which_never_replaces_a_file_unasked(
    studio: Studio, tmp_path: Path
) -> None:
    brief = SHORT_FILM | {"wait_for_completion_seconds": FILM_SECONDS_MAX - 10}
    path = tmp_path / "film.mp4"
    path.write_bytes(b"a file of the user's")
    async with Client(studio.server(studio.stack.api_key)) as client:
        film = await done(client, SUBMIT, request=brief, poll_until_complete=True)
        order = {"final_video_url": film["final_video_url"], "output_path": str(path)}
        sentence = await refused(client, DOWNLOAD, **order)
        kept = path.read_bytes()
        replaced = await done(client, DOWNLOAD, **order, overwrite=True)

    assert film["status"] == "completed"
    assert "already exists" in sentence
    assert kept == b"a file of the user's"
    assert replaced["overwritten"] is True
    assert path.read_bytes() == studio.fetch(film["final_video_url"])


@pytest.mark.requirement("REND-3")
async def test_a_render_is_canceled_by_its_url_or_its_id(studio: Studio) -> None:
    async with Client(studio.server(studio.stack.api_key)) as client:
        example = await done(client, EXAMPLE)
        one = await done(client, SUBMIT, request=example)
        other = await done(client, SUBMIT, request=example)
        await done(client, CANCEL, cancel_url=one["cancel_url"])
        await done(client, CANCEL, project_id=other["project_id"])
        ends = [await ended(client, STATUS, project_id=job["project_id"]) for job in (one, other)]

    assert one["project_id"] != other["project_id"]
    assert [end["status"] for end in ends] == ["canceled", "canceled"]


@pytest.mark.requirement("QUOTE-1", "QUOTE-5")
async def test_a_film_is_priced_paid_and_saved_without_a_key(
    studio: Studio, tmp_path: Path
) -> None:
    path = tmp_path / "film.mp4"
    async with Client(studio.server()) as client:
        quote = await done(client, QUOTE, request=ONE_SHOT)
        unpaid = await done(client, PAID_STATUS, status_url=quote["status_url"])
        payment_url = studio.inside(quote["payment_url"])
        offer = studio.customer.offer_at(payment_url)
        paid = studio.customer.send(payment_url, studio.customer.answer_to(offer))
        assert paid.status_code == 202, paid.text
        claim = {"quote_id": quote["quote_id"], "claim_token": quote["claim_token"]}
        film = await ended(client, PAID_STATUS, **claim)
        await done(client, DOWNLOAD, final_video_url=film["final_video_url"], output_path=str(path))

    assert quote["payment_required"] is True
    assert quote["www_authenticate"].startswith('Payment id="')
    assert quote["amount_cents"] == 120
    assert (unpaid["status"], unpaid["project_id"]) == ("quoted", None)
    assert film["status"] == "completed"
    assert path.read_bytes() == studio.fetch(film["final_video_url"])


@asynccontextmanager
async def served_over_http(studio: Studio, folder: Path, **headers: str) -> AsyncIterator[Client]:
    """Its other transport; keys come with each caller's requests."""
    port = free_port()
    spec = ProcessSpec(
        name="published-server",
        command=[published_command(), "--transport", "streamable-http"],
        environment=studio.variables() | {"FVS_MCP_HOST": "127.0.0.1", "PORT": str(port)},
        log_file=folder / "published-server.log",
        directory=folder,
    )
    child = start_process(spec)
    try:
        url = f"http://127.0.0.1:{port}"
        studio.stack.wait_for(lambda: _is_up(url), "the published server answers")
        async with (
            httpx2.AsyncClient(headers=headers, timeout=FILM_SECONDS_MAX) as http,
            Client(streamable_http_client(f"{url}/mcp", http_client=http)) as client,
        ):
            yield client
    finally:
        child.signal_stop()
        child.finish(10)


def _is_up(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/health", timeout=5).status_code == 200
    except httpx2.HTTPError:
        return False


@pytest.mark.parametrize("header", ["X-FVS-Agent-Key", "X-Agent-Api-Key"])
async def test_over_http_it_hands_on_the_key_that_its_caller_sent(
    studio: Studio, tmp_path: Path, header: str
) -> None:
    async with served_over_http(studio, tmp_path, **{header: studio.stack.api_key}) as client:
        job = await done(client, SUBMIT, request=SHORT_FILM)
        seen = await done(client, STATUS, project_id=job["project_id"])
        stopped = await done(client, CANCEL, project_id=job["project_id"])

    assert seen["project_id"] == stopped["project_id"] == job["project_id"]


async def test_what_is_wrong_with_a_brief_is_named_to_the_agent(studio: Studio) -> None:
    mistakes: dict[str, dict[str, Any]] = {
        "shot_cuont": {"shot_cuont": 3},
        "no-such-model": {"video_model": "no-such-model"},
        "missing.png": {"assets": [{"filename": "missing.png"}]},
    }
    async with Client(studio.server(studio.stack.api_key)) as client:
        for named, mistake in mistakes.items():
            assert named in await refused(client, SUBMIT, request=SHORT_FILM | mistake)


async def test_a_key_that_is_none_is_refused_in_a_sentence(studio: Studio) -> None:
    async with Client(studio.server("fvs_test_unknown")) as client:
        sentence = await refused(client, STATUS, project_id="proj_api_0123456789abcdef")

    assert sentence.startswith("HTTP 401")
    assert "fvs_test_unknown" not in sentence
