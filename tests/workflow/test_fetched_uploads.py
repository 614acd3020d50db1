"""Uploads that are addresses are fetched before anything else, and before anything is charged."""

import ssl
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from temporalio import activity
from temporalio.client import Client, WorkflowFailureError

from activities.errors import ErrorInterceptor
from activities.fetching import RemoteAssetActivities
from activities.workbench import Workbench
from studio.contracts import workflow_io as io
from studio.contracts.status import RenderState, Stage
from studio.db.engine import Database
from studio.ingest.fetch import UploadFetcher
from studio.media.inspect import inspect_file
from tests.analysis_scenes import make_bench
from tests.kit.renders import QUICK, render_input
from tests.kit.runs import running
from tests.kit.scripted import ScriptedStudio, fail
from tests.kit.tls_host import Internet, answer, fetcher_on
from tests.remote_scenes import CAT_FOUND, CAT_URL, publish, submit_addresses
from workflows.render import RenderWorkflow

GONE = "Upload 2 was not taken: its host does not have it."
BUSY = "Upload 1 was not taken: its host is busy or out of order."

pytestmark = pytest.mark.temporal


def with_addresses(count: int = 2, timings: io.Timings = QUICK) -> io.RenderInput:
    return render_input(shots=1, timings=timings).model_copy(
        update={"fetch_count": count, "asset_count": count}
    )


async def test_uploads_are_fetched_before_they_are_looked_at(temporal: Client) -> None:
    studio = ScriptedStudio()
    reached = studio.gate("fetch_uploads")
    render = with_addresses()
    async with running(temporal, studio, render) as handle:
        await reached.wait()
        assert studio.calls["analyze_assets"] == 0
        assert studio.settled == []
        studio.gates["fetch_uploads"].set()
        outcome = await handle.result()
    assert outcome.status == RenderState.COMPLETED
    asked = studio.asked("fetch_uploads", io.FetchTask)
    assert asked == [io.FetchTask(project_id=render.project_id, count=2)]
    assert sorted(studio.settled) == sorted(studio.prices)


async def test_a_render_without_addresses_fetches_nothing(temporal: Client) -> None:
    studio = ScriptedStudio()
    async with running(temporal, studio, render_input(shots=1)) as handle:
        await handle.result()
    assert studio.calls["fetch_uploads"] == 0


async def test_an_upload_that_is_gone_ends_the_render_with_everything_released(
    temporal: Client,
) -> None:
    studio = ScriptedStudio(script={"fetch_uploads": fail("upload_refused", GONE)})
    async with running(temporal, studio, with_addresses()) as handle:
        with pytest.raises(WorkflowFailureError):
            await handle.result()
    last = studio.snapshots[-1]
    assert (last.status, last.stage, last.last_error) == (RenderState.FAILED, Stage.INPUT, GONE)
    assert (studio.settled, studio.released) == ([], set(studio.prices))
    assert (studio.calls["fetch_uploads"], studio.calls["analyze_assets"]) == (1, 0)


async def test_a_host_that_is_busy_is_asked_again(temporal: Client) -> None:
    def busy_once(call: int) -> None:
        if call == 1:
            fail("upload_unavailable", BUSY, retryable=True)(call)

    studio = ScriptedStudio(script={"fetch_uploads": busy_once})
    async with running(temporal, studio, with_addresses()) as handle:
        outcome = await handle.result()
    assert outcome.status == RenderState.COMPLETED
    assert studio.calls["fetch_uploads"] == 2


async def test_a_host_that_stays_busy_ends_the_render_with_its_reason(temporal: Client) -> None:
    studio = ScriptedStudio(
        script={"fetch_uploads": fail("upload_unavailable", BUSY, retryable=True)}
    )
    hasty = QUICK.model_copy(update={"stage_deadline_seconds": 0.5})
    async with running(temporal, studio, with_addresses(timings=hasty)) as handle:
        with pytest.raises(WorkflowFailureError):
            await handle.result()
    last = studio.snapshots[-1]
    assert (last.status, last.last_error) == (RenderState.FAILED, BUSY)
    assert studio.released == set(studio.prices)


async def test_a_cancellation_does_not_wait_for_a_host(temporal: Client) -> None:
    studio = ScriptedStudio()
    reached = studio.gate("fetch_uploads")
    async with running(temporal, studio, with_addresses()) as handle:
        await reached.wait()
        await handle.signal(RenderWorkflow.cancel, "the caller asked")
        outcome = await handle.result()
    assert outcome.status == RenderState.CANCELED
    assert (studio.settled, studio.released) == ([], set(studio.prices))


@dataclass
class FetchingStudio(ScriptedStudio):
    """Fetches really; the rest follows the script."""

    remote: RemoteAssetActivities | None = None

    @activity.defn
    async def fetch_uploads(self, task: io.FetchTask) -> io.FetchedUploads:
        assert self.remote is not None
        return await self.remote.fetch_uploads(task)


@pytest.fixture
def bench(sqlite_database: Database, tmp_path: Path) -> Workbench:
    return make_bench(sqlite_database, tmp_path)


async def fetched_history(
    temporal: Client, bench: Workbench, fetcher: UploadFetcher
) -> tuple[ScriptedStudio, bytes]:
    """What is left of a render whose upload is really fetched: its books, and all of its events."""
    studio = FetchingStudio(
        remote=RemoteAssetActivities(bench, fetcher, inspect_file),
        interceptors=(ErrorInterceptor(),),
    )
    render = with_addresses(1)
    await submit_addresses(bench, CAT_URL, render=render)
    async with running(temporal, studio, render) as handle:
        with suppress(WorkflowFailureError):
            await handle.result()
    history = await handle.fetch_history()
    return studio, b"".join(event.SerializeToString() for event in history.events)


def assert_tells_nothing(history: bytes) -> None:
    assert b"fetch_uploads" in history
    assert not any(word in history for word in (b"media.example", b"5ec4e7", b"cat.png"))


@pytest.mark.payment_case(34)
async def test_no_address_and_no_name_of_an_upload_gets_into_the_history(
    temporal: Client, bench: Workbench, internet: Internet, trust: ssl.SSLContext
) -> None:
    publish(internet)
    studio, history = await fetched_history(temporal, bench, fetcher_on(internet, trust))
    assert studio.snapshots[-1].status == RenderState.COMPLETED
    assert_tells_nothing(history)


async def test_nor_do_they_when_the_upload_is_gone(
    temporal: Client, bench: Workbench, internet: Internet, trust: ssl.SSLContext
) -> None:
    internet.answers[CAT_FOUND] = answer(b"cat.png", "404 Not Found")
    studio, history = await fetched_history(temporal, bench, fetcher_on(internet, trust))
    said = "Upload 1 was not taken: its host does not have it."
    assert studio.snapshots[-1].last_error == said
    assert said.encode() in history
    assert_tells_nothing(history)
