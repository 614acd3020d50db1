"""ObjectStore, over a Google Cloud Storage emulator and over the stand-in of the other tests."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from studio.providers.errors import OutputExpired, ProviderError
from studio.providers.google.gcs_objects import GcsObjects
from studio.providers.google.objects import ObjectStore, clip_below, collect_below
from tests.contract.video_vendors import HeldObjects
from tests.fake_gcs import BUCKET, client_for, running_fake_gcs
from tests.kit.vendors.sinks import gcs_sink

MP4 = b"\x00\x00\x00\x18ftypisom" + bytes(200)
PREFIX = f"gs://{BUCKET}/outputs/attempts/take1/"


@pytest.fixture(scope="module")
def gcs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_fake_gcs(tmp_path_factory.mktemp("gcs")) as endpoint:
        yield endpoint


@asynccontextmanager
async def holding(
    kind: str, endpoint: str, objects: dict[str, bytes]
) -> AsyncIterator[ObjectStore]:
    if kind == "held":
        yield HeldObjects(objects)
        return
    write = gcs_sink(endpoint)
    for uri, body in objects.items():
        write(uri, body, "video/mp4")
    store = GcsObjects(client_for(endpoint))
    yield store
    await store.aclose()


@pytest.fixture(params=["gcs", "held"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def test_the_clip_of_an_attempt_is_found_and_fetched(
    kind: str, gcs: str, tmp_path: Path
) -> None:
    prefix = f"{PREFIX}{kind}/"
    written = {f"{prefix}0001/sample_0.mp4": MP4, f"{prefix}0001/notes.txt": b"no clip"}
    async with holding(kind, gcs, written) as objects:
        clip = await clip_below(objects, prefix)
        await collect_below(objects, prefix, tmp_path / "clip.mp4")
    assert clip is not None
    assert (clip.uri, clip.size_bytes) == (f"{prefix}0001/sample_0.mp4", len(MP4))
    assert (tmp_path / "clip.mp4").read_bytes() == MP4


async def test_a_neighbour_s_clip_is_not_taken(kind: str, gcs: str, tmp_path: Path) -> None:
    prefix = f"gs://{BUCKET}/outputs/attempts/{kind}-take1/"
    neighbour = f"gs://{BUCKET}/outputs/attempts/{kind}-take11/sample_0.mp4"
    async with holding(kind, gcs, {neighbour: MP4}) as objects:
        assert await clip_below(objects, prefix) is None
        with pytest.raises(OutputExpired):
            await collect_below(objects, prefix, tmp_path / "clip.mp4")


async def test_an_object_that_is_no_clip_is_not_kept(kind: str, gcs: str, tmp_path: Path) -> None:
    prefix = f"gs://{BUCKET}/outputs/attempts/{kind}-page/"
    async with holding(kind, gcs, {f"{prefix}sample_0.mp4": b"<html>"}) as objects:
        with pytest.raises(ProviderError):
            await collect_below(objects, prefix, tmp_path / "clip.mp4")
    assert left_in(tmp_path) == []


async def test_an_object_that_is_gone_is_expired(kind: str, gcs: str, tmp_path: Path) -> None:
    async with holding(kind, gcs, {}) as objects:
        with pytest.raises(OutputExpired):
            await objects.download(f"{PREFIX}nothing.mp4", tmp_path / "clip.mp4")


async def test_a_store_that_does_not_answer_is_tried_again(tmp_path: Path) -> None:
    objects = GcsObjects(client_for("http://127.0.0.1:9"))
    with pytest.raises(ProviderError) as raised:
        await objects.download(f"https://elsewhere/{PREFIX}", tmp_path / "clip.mp4")
    assert not isinstance(raised.value, OutputExpired)
    await objects.aclose()


def left_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())
