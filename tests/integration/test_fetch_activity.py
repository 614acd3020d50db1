"""Uploads that are addresses become files of the render, all of them or none."""

import asyncio
import hashlib
import ssl
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from temporalio.testing import ActivityEnvironment

from activities.errors import to_application_error
from activities.fetching import RemoteAssetActivities
from activities.workbench import Brief, Workbench
from studio.contracts.assets import AssetKind, AssetManifestEntry
from studio.contracts.errors import StudioError
from studio.contracts.quote_request import UploadUrl
from studio.contracts.request import MusicWorkflow, RenderRequest
from studio.contracts.workflow_io import FetchedUploads, FetchTask
from studio.db.engine import Database
from studio.ingest.fetch import UploadFetcher
from studio.ingest.fetch_errors import UploadRefused, UploadsMismatched, UploadUnavailable
from studio.media.errors import MediaTimeout
from studio.media.inspect import Inspection, inspect_file
from studio.storage.local import LocalStorage
from studio.storage.port import StorageError, StoredObject
from studio.storage.signing import SigningKey, UrlSigner
from tests.analysis_scenes import make_bench
from tests.kit.tls_host import Internet, answer, fetcher_on
from tests.remote_scenes import (
    CAT_FOUND,
    CAT_URL,
    DOG_FOUND,
    DOG_URL,
    FILM,
    JPEG,
    PNG,
    publish,
    stored_keys,
    submit_addresses,
)
from tests.sound_scenes import RATE_HZ, write_wav
from tests.unit.test_media_pictures import picture

CAT = AssetManifestEntry(filename="cat.png", label="Tom", purpose="main character")


@pytest.fixture
def bench(sqlite_database: Database, tmp_path: Path) -> Workbench:
    return make_bench(sqlite_database, tmp_path)


@pytest.fixture
def fetcher(internet: Internet, trust: ssl.SSLContext) -> UploadFetcher:
    publish(internet)
    return fetcher_on(internet, trust)


@pytest.fixture
def activities(bench: Workbench, fetcher: UploadFetcher) -> RemoteAssetActivities:
    return RemoteAssetActivities(bench, fetcher, inspect_file)


async def run(activities: RemoteAssetActivities, project_id: str) -> FetchedUploads:
    task = FetchTask(project_id=project_id, count=1)
    return await ActivityEnvironment().run(activities.fetch_uploads, task)


async def assert_untouched(bench: Workbench, project_id: str) -> None:
    """Nothing is stored, written down or left on the disk."""
    brief = await bench.brief(project_id)
    assert brief.assets == ()
    assert brief.upload_urls != ()
    assert stored_keys(bench.scratch.parent) == set()
    assert not any(bench.scratch.glob("*"))


def assert_kept(bench: Workbench, brief: Brief) -> None:
    """The row's files are there, and nothing else is."""
    assert brief.upload_urls == ()
    assert stored_keys(bench.scratch.parent) == {asset.key for asset in brief.assets}
    assert not any(bench.scratch.glob("*"))


async def test_what_is_fetched_becomes_the_renders_uploads_and_the_addresses_are_forgotten(
    bench: Workbench, activities: RemoteAssetActivities
) -> None:
    request = FILM.model_copy(update={"assets": (CAT,)})
    project_id = await submit_addresses(
        bench, CAT_URL, UploadUrl(url=DOG_URL, filename="dog.jpg"), request=request
    )

    fetched = await run(activities, project_id)

    brief = await bench.brief(project_id)
    cat, dog = brief.assets
    assert (cat.filename, cat.label, cat.purpose) == ("cat.png", "Tom", "main character")
    assert (dog.filename, dog.media_type, dog.label) == ("dog.jpg", "image/jpeg", "")
    assert cat.sha256 == hashlib.sha256(PNG).hexdigest()
    assert cat.key == f"projects/{project_id}/assets/{cat.sha256}.png"
    assert (cat.index, dog.index) == (0, 1)
    assert (fetched.count, fetched.size_bytes) == (2, cat.size_bytes + dog.size_bytes)
    assert bench.storage.read_bytes(cat.key, size_bytes_max=10**6) == PNG
    assert_kept(bench, brief)


async def test_done_again_it_fetches_nothing_and_says_the_same(
    bench: Workbench, activities: RemoteAssetActivities, internet: Internet
) -> None:
    project_id = await submit_addresses(bench, CAT_URL)
    first = await run(activities, project_id)
    before = await bench.brief(project_id)
    internet.answers[CAT_FOUND] = answer(status="404 Not Found")
    assert await run(activities, project_id) == first
    assert await bench.brief(project_id) == before
    assert len(internet.requests) == 1


async def test_the_quicker_of_two_runs_decides_what_the_files_are(
    bench: Workbench, activities: RemoteAssetActivities, internet: Internet
) -> None:
    """The first was thought dead: its host kept it waiting while the second came to its end."""
    waiting, on = asyncio.Event(), asyncio.Event()

    async def late(writer: asyncio.StreamWriter) -> None:
        internet.answers[CAT_FOUND] = answer(PNG)
        waiting.set()
        await on.wait()
        writer.write(answer(picture((0, 0, 9))))

    internet.answers[CAT_FOUND] = late
    project_id = await submit_addresses(bench, CAT_URL)
    slow = asyncio.ensure_future(run(activities, project_id))
    await waiting.wait()
    quick = await run(activities, project_id)
    kept = (await bench.brief(project_id)).assets
    on.set()
    assert await slow == quick
    assert (await bench.brief(project_id)).assets == kept


class Breaking(LocalStorage):
    """Stores so many files, then no more."""

    def __init__(self, root: Path, puts: int) -> None:
        super().__init__(root, UrlSigner([SigningKey("test", b"0" * 32)]))
        self._puts = puts

    def put_file(self, key: str, path: Path, *, content_type: str) -> StoredObject:
        if self._puts == 0:
            raise StorageError("The store is away.")
        self._puts -= 1
        return super().put_file(key, path, content_type=content_type)


@pytest.mark.parametrize("puts", [0, 1])
async def test_a_store_that_goes_away_leaves_a_row_that_the_next_run_fills(
    bench: Workbench,
    activities: RemoteAssetActivities,
    fetcher: UploadFetcher,
    tmp_path: Path,
    puts: int,
) -> None:
    project_id = await submit_addresses(bench, CAT_URL, DOG_URL)
    broken = replace(bench, storage=Breaking(tmp_path / "storage", puts))
    with pytest.raises(StorageError):
        await run(RemoteAssetActivities(broken, fetcher, inspect_file), project_id)
    brief = await bench.brief(project_id)
    assert (brief.assets, len(brief.upload_urls)) == ((), 2)
    await run(activities, project_id)
    assert_kept(bench, await bench.brief(project_id))


async def test_stopped_while_it_fetches_it_leaves_nothing_and_may_be_run_again(
    bench: Workbench, activities: RemoteAssetActivities, internet: Internet
) -> None:
    reached = asyncio.Event()

    async def halfway(writer: asyncio.StreamWriter) -> None:
        writer.write(answer(PNG)[:-10])
        reached.set()
        await asyncio.Event().wait()

    internet.answers[DOG_FOUND] = halfway
    project_id = await submit_addresses(bench, CAT_URL, DOG_URL)
    await stopped_at(reached, activities, project_id)
    await assert_untouched(bench, project_id)
    internet.answers[DOG_FOUND] = answer(JPEG)
    await run(activities, project_id)
    assert_kept(bench, await bench.brief(project_id))


async def test_stopped_while_it_looks_it_leaves_nothing_and_may_be_run_again(
    bench: Workbench, activities: RemoteAssetActivities, fetcher: UploadFetcher
) -> None:
    reached = asyncio.Event()

    async def stare(_path: Path, _kind: AssetKind, _type: str) -> Inspection:
        reached.set()
        await asyncio.Event().wait()
        raise AssertionError

    project_id = await submit_addresses(bench, CAT_URL, DOG_URL)
    staring = RemoteAssetActivities(bench, fetcher, stare)
    await stopped_at(reached, staring, project_id)
    await assert_untouched(bench, project_id)
    await run(activities, project_id)
    assert_kept(bench, await bench.brief(project_id))


async def stopped_at(
    reached: asyncio.Event, activities: RemoteAssetActivities, project_id: str
) -> None:
    running = asyncio.ensure_future(run(activities, project_id))
    await reached.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def failure(
    bench: Workbench,
    activities: RemoteAssetActivities,
    urls: Sequence[str | UploadUrl],
    kind: type[StudioError],
    request: RenderRequest = FILM,
) -> str:
    """What the history says of it, which is nothing of addresses and names; all is as before."""
    project_id = await submit_addresses(bench, *urls, request=request)
    with pytest.raises(kind) as caught:
        await run(activities, project_id)
    told = to_application_error(caught.value)
    assert told.non_retryable is (kind is not UploadUnavailable)
    assert not any(word in told.message for word in ("5ec4e7", "example", "cat", "dog"))
    await assert_untouched(bench, project_id)
    return told.message


@pytest.mark.payment_case(37)
async def test_a_file_that_is_gone_is_told_by_its_number(
    bench: Workbench, activities: RemoteAssetActivities, internet: Internet
) -> None:
    internet.answers[DOG_FOUND] = answer(b"no such cat", "404 Not Found")
    told = await failure(bench, activities, [CAT_URL, DOG_URL], UploadRefused)
    assert told == "Upload 2 was not taken: its host does not have it."


async def test_a_host_out_of_order_is_asked_again(
    bench: Workbench, activities: RemoteAssetActivities, internet: Internet
) -> None:
    internet.answers[CAT_FOUND] = answer(b"", "502 Bad Gateway")
    told = await failure(bench, activities, [CAT_URL], UploadUnavailable)
    assert told == "Upload 1 was not taken: its host is busy or out of order."


@pytest.mark.payment_case(37)
@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<html><script>alert(1)</script>", "it is of no type that is accepted"),
        (JPEG, "it is of no type that is accepted"),
        (b"\x7fELF" + bytes(100), "it is of no type that is accepted"),
        (PNG[:-30], "it is damaged"),
    ],
)
async def test_a_file_that_changed_or_is_broken_is_refused(
    bench: Workbench,
    activities: RemoteAssetActivities,
    internet: Internet,
    body: bytes,
    reason: str,
) -> None:
    internet.answers[CAT_FOUND] = answer(body)
    told = await failure(bench, activities, [DOG_URL, CAT_URL], UploadRefused)
    assert told.startswith(f"Upload 2 was not taken: {reason}")


async def test_a_picture_that_cannot_be_decoded_is_refused(
    bench: Workbench, activities: RemoteAssetActivities, internet: Internet
) -> None:
    broken = bytearray(PNG)
    broken[40] ^= 0xFF
    internet.answers[CAT_FOUND] = answer(bytes(broken))
    told = await failure(bench, activities, [CAT_URL], UploadRefused)
    assert told.endswith("it is damaged, cut short, or too large when decoded.")


async def test_a_machine_that_cannot_look_just_now_tries_again(
    bench: Workbench, fetcher: UploadFetcher
) -> None:
    async def too_slow(_path: Path, _kind: AssetKind, _type: str) -> Inspection:
        raise MediaTimeout("It did not end.")

    activities = RemoteAssetActivities(bench, fetcher, too_slow)
    told = await failure(bench, activities, [CAT_URL], UploadUnavailable)
    assert told == "Upload 1 was not taken: it could not be looked at just now."


@pytest.mark.payment_case(37)
async def test_an_address_of_the_inside_is_refused(
    bench: Workbench, activities: RemoteAssetActivities, internet: Internet
) -> None:
    internet.addresses["cdn.example"] = [("169.254.169.254",)]
    told = await failure(bench, activities, [DOG_URL], UploadRefused)
    assert told == "Upload 1 was not taken: its address is not a public HTTPS address."
    assert internet.connected == []


@pytest.mark.parametrize(
    "urls",
    [
        [DOG_URL],
        [CAT_URL, CAT_URL],
        [UploadUrl(url=CAT_URL, filename="tom.png"), DOG_URL],
        ["https://10.1/a"],
    ],
)
async def test_what_cannot_fit_the_request_is_not_even_fetched(
    bench: Workbench,
    activities: RemoteAssetActivities,
    internet: Internet,
    urls: list[str | UploadUrl],
) -> None:
    request = FILM.model_copy(update={"assets": (CAT,)})
    kind = UploadRefused if urls == ["https://10.1/a"] else UploadsMismatched
    await failure(bench, activities, urls, kind, request)
    assert internet.requests == []


async def test_a_film_that_is_cut_to_a_track_needs_one_among_the_uploads(
    bench: Workbench, activities: RemoteAssetActivities, internet: Internet, tmp_path: Path
) -> None:
    request = FILM.model_copy(update={"music_workflow": MusicWorkflow.UPLOADED_TRACK})
    told = await failure(bench, activities, [CAT_URL], UploadsMismatched, request)
    assert told.endswith("no upload is an audio file.")

    track = write_wav(tmp_path / "track.wav", np.zeros((RATE_HZ // 10, 2)))
    internet.answers["media.example/track.wav"] = answer(track.read_bytes())
    project_id = await submit_addresses(
        bench, CAT_URL, "https://media.example/track.wav", request=request
    )
    await run(activities, project_id)
    assert (await bench.brief(project_id)).assets[1].kind is AssetKind.AUDIO
