"""Addresses of films that were good once, over a real connection to a gateway's own files."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from mcp.client.client import Client

from gateway.services.downloads import DOWNLOAD_SECONDS_MAX, DownloadLimits
from studio.storage.signing import SIGNED_LIFETIME_SECONDS_MAX
from tests.api.kit import BRIEF, ApiStack
from tests.api.serving import serving
from tests.mcp.downloads.film_scenes import FILM, files_in, film_of
from tests.mcp.kit import bridge_client, called, refused

SUBMIT, STATUS, DOWNLOAD = "fvs_submit_render", "fvs_get_render_status", "fvs_download_final_video"


@asynccontextmanager
async def saving(stack: ApiStack, films: Path) -> AsyncIterator[Client]:
    """A client of the bridge that saves `films`, at a gateway on a port."""
    async with (
        serving(stack) as server,
        bridge_client(f"http://127.0.0.1:{server.port}", stack.open_account(), films) as client,
    ):
        yield client


@pytest.mark.requirement("DOWN-3", "MCP-8")
@pytest.mark.mcp_case("10.1")
async def test_an_address_that_expired_says_to_poll_and_the_next_one_works(
    stack: ApiStack, tmp_path: Path
) -> None:
    films = tmp_path / "films"
    async with saving(stack, films) as client:
        project = {"project_id": (await called(client, SUBMIT, request=BRIEF))["project_id"]}
        film_of(stack, project["project_id"])
        old = (await called(client, STATUS, **project))["final_video_url"]
        stack.time.elapsed_seconds += SIGNED_LIFETIME_SECONDS_MAX + 1
        told = await refused(client, DOWNLOAD, final_video_url=old, output_path="film.mp4")
        assert files_in(films) == []
        fresh = (await called(client, STATUS, **project))["final_video_url"]
        saved = await called(client, DOWNLOAD, final_video_url=fresh, output_path="film.mp4")
    assert told["code"] == "expired"
    assert "Poll" in told["message"]
    assert fresh != old
    assert saved["sha256"] == hashlib.sha256(FILM).hexdigest()


@pytest.mark.mcp_case("25.1")
async def test_a_film_that_was_deleted_breaks_no_status_and_is_said_to_be_gone(
    stack: ApiStack, tmp_path: Path
) -> None:
    films = tmp_path / "films"
    async with saving(stack, films) as client:
        project_id = (await called(client, SUBMIT, request=BRIEF))["project_id"]
        film_of(stack, project_id)
        stack.storage.delete(f"projects/{project_id}_final.mp4")
        done = await called(client, STATUS, project_id=project_id)
        url = done["final_video_url"]
        told = await refused(client, DOWNLOAD, final_video_url=url, output_path="film.mp4")
    assert (done["status"], told["code"]) == ("completed", "not_found")
    assert files_in(films) == []


@pytest.mark.requirement("DOWN-3")
@pytest.mark.mcp_case("14.1")
def test_a_download_has_the_references_ten_minutes() -> None:
    assert DOWNLOAD_SECONDS_MAX == DownloadLimits().total_seconds == 600
