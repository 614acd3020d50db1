"""What both stores promise: local files, and Google Cloud Storage over the wire."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from studio.storage.factory import open_storage
from studio.storage.keys import InvalidKey
from studio.storage.port import ObjectNotFound, Storage, StorageError, StoredObject
from studio.storage.signing import SigningKey, UrlSigner
from tests.fake_gcs import BUCKET, make_service_account, running_fake_gcs

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
LARGE_BYTES = 9 * 1024 * 1024  # above the size at which Google's uploads become resumable


@pytest.fixture(scope="module")
def gcs_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_fake_gcs(tmp_path_factory.mktemp("gcs")) as endpoint:
        yield endpoint


@pytest.fixture(params=["local", "gcs"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    signer = UrlSigner([SigningKey("k1", b"s" * 32)])
    if request.param == "local":
        return open_storage(f"file://{tmp_path}/store", signer=signer)
    endpoint: str = request.getfixturevalue("gcs_endpoint")
    # A prefix of its own for each test: they share the server.
    return open_storage(
        f"gs://{BUCKET}/{tmp_path.name}",
        signer=signer,
        gcs_endpoint=endpoint,
        gcs_credentials=make_service_account("studio@example.com").credentials,
    )


def test_a_stored_file_comes_back_byte_for_byte_with_its_type(
    storage: Storage, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"\x00film\xff" * 1000)

    stored = storage.put_file("p/1/film.mp4", source, content_type="video/mp4")

    assert stored == StoredObject("p/1/film.mp4", 6000, "video/mp4")
    assert storage.fetch("p/1/film.mp4", tmp_path / "copy") == stored
    assert (tmp_path / "copy").read_bytes() == source.read_bytes()
    assert storage.stat("p/1/film.mp4") == stored


def test_a_large_file_survives_the_trip(storage: Storage, tmp_path: Path) -> None:
    source = tmp_path / "large"
    source.write_bytes(bytes(range(256)) * (LARGE_BYTES // 256))

    storage.put_file("large.mp4", source, content_type="video/mp4")
    storage.fetch("large.mp4", tmp_path / "copy")

    assert (tmp_path / "copy").read_bytes() == source.read_bytes()


def test_storing_leaves_the_source_usable_and_independent(storage: Storage, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"first")
    storage.put_file("a.png", source, content_type="image/png")
    source.write_bytes(b"later")

    assert storage.read_bytes("a.png", size_bytes_max=5) == b"first"


def test_storing_again_replaces_content_and_type(storage: Storage) -> None:
    storage.put_bytes("doc.json", b"{}", content_type="application/json")
    storage.put_bytes("doc.json", b"[1, 2]", content_type="application/vnd.fvs+json")

    assert storage.stat("doc.json") == StoredObject("doc.json", 6, "application/vnd.fvs+json")
    assert storage.read_bytes("doc.json", size_bytes_max=6) == b"[1, 2]"


def test_a_type_that_the_key_does_not_tell_is_kept(storage: Storage) -> None:
    storage.put_bytes("thing", b"x", content_type="application/x-thing")
    found = storage.stat("thing")
    assert found is not None
    assert found.content_type == "application/x-thing"


def test_an_empty_object_is_an_object(storage: Storage, tmp_path: Path) -> None:
    storage.put_bytes("empty.txt", b"", content_type="text/plain")

    assert storage.fetch("empty.txt", tmp_path / "copy").size_bytes == 0
    assert storage.read_bytes("empty.txt", size_bytes_max=0) == b""


def test_a_document_above_the_limit_is_not_read(storage: Storage) -> None:
    storage.put_bytes("doc.json", b"12345", content_type="application/json")
    with pytest.raises(StorageError, match="larger than the 4 bytes"):
        storage.read_bytes("doc.json", size_bytes_max=4)


def test_what_is_not_there_is_not_found(storage: Storage, tmp_path: Path) -> None:
    assert storage.stat("no/such.mp4") is None
    with pytest.raises(ObjectNotFound, match=r"no/such\.mp4"):
        storage.read_bytes("no/such.mp4", size_bytes_max=10)
    with pytest.raises(ObjectNotFound, match=r"no/such\.mp4"):
        storage.fetch("no/such.mp4", tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_deleting_removes_and_may_be_repeated(storage: Storage) -> None:
    storage.put_bytes("p/a.json", b"{}", content_type="application/json")
    storage.put_bytes("p/b.json", b"{}", content_type="application/json")

    storage.delete("p/a.json")
    storage.delete("p/a.json")

    assert storage.stat("p/a.json") is None
    assert storage.stat("p/b.json") is not None


@pytest.mark.parametrize("content_type", ["video/mp4", "application/x-thing"])
def test_a_moved_object_is_under_its_new_key_alone_with_content_and_type(
    storage: Storage, content_type: str
) -> None:
    storage.put_bytes("p/old/film.mp4", b"film", content_type=content_type)

    storage.move("p/old/film.mp4", "q/new.mp4")

    assert storage.stat("p/old/film.mp4") is None
    assert storage.stat("q/new.mp4") == StoredObject("q/new.mp4", 4, content_type)
    assert storage.read_bytes("q/new.mp4", size_bytes_max=4) == b"film"


def test_a_large_object_is_moved_whole(storage: Storage, tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(bytes(range(256)) * (LARGE_BYTES // 256))
    storage.put_file("large.mp4", tmp_path / "large", content_type="video/mp4")

    storage.move("large.mp4", "moved.mp4")
    storage.fetch("moved.mp4", tmp_path / "copy")

    assert (tmp_path / "copy").read_bytes() == (tmp_path / "large").read_bytes()


def test_moving_may_be_repeated(storage: Storage) -> None:
    storage.put_bytes("p/a", b"{}", content_type="application/x-thing")

    storage.move("p/a", "p/b")
    storage.move("p/a", "p/b")
    storage.move("p/b", "p/b")

    assert storage.stat("p/b") == StoredObject("p/b", 2, "application/x-thing")


def test_a_move_that_was_cut_short_behind_its_copy_is_finished(storage: Storage) -> None:
    storage.put_bytes("p/a.mp4", b"film", content_type="video/mp4")
    storage.put_bytes("p/b.mp4", b"fi", content_type="application/x-thing")

    storage.move("p/a.mp4", "p/b.mp4")

    assert storage.stat("p/a.mp4") is None
    assert storage.stat("p/b.mp4") == StoredObject("p/b.mp4", 4, "video/mp4")


def test_what_is_under_neither_key_cannot_be_moved(storage: Storage) -> None:
    for new_key in ("no/other.mp4", "no/such.mp4"):
        with pytest.raises(ObjectNotFound):
            storage.move("no/such.mp4", new_key)
    assert storage.stat("no/other.mp4") is None


def test_movers_side_by_side_move_it_once(storage: Storage) -> None:
    storage.put_bytes("p/a", b"film", content_type="application/x-thing")

    with ThreadPoolExecutor(8) as movers:
        list(movers.map(lambda _: storage.move("p/a", "p/b"), range(8)))

    assert storage.stat("p/a") is None
    assert storage.stat("p/b") == StoredObject("p/b", 4, "application/x-thing")


def test_storing_a_file_that_is_not_there_stores_nothing(storage: Storage, tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        storage.put_file("a.png", tmp_path / "missing", content_type="image/png")
    assert storage.stat("a.png") is None


def test_a_failed_fetch_leaves_no_partial_file(storage: Storage, tmp_path: Path) -> None:
    storage.put_bytes("a.json", b"{}", content_type="application/json")
    target = tmp_path / "folder"
    (target / "inside").mkdir(parents=True)

    with pytest.raises(StorageError):
        storage.fetch("a.json", target)

    assert not list(tmp_path.glob(".partial-*"))


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/abs",
        "a//b",
        "a/",
        "../up",
        "a/../b",
        ".hidden",
        "a/.b",
        "a b",
        "a\\b",
        "a\n",
        "é",
        "%2e",
    ],
)
def test_keys_that_are_not_ours_are_refused_everywhere(
    storage: Storage, tmp_path: Path, key: str
) -> None:
    with pytest.raises(InvalidKey):
        storage.put_bytes(key, b"x", content_type="text/plain")
    with pytest.raises(InvalidKey):
        storage.fetch(key, tmp_path / "copy")
    with pytest.raises(InvalidKey):
        storage.delete(key)
    with pytest.raises(InvalidKey):
        storage.move("a.png", key)
    with pytest.raises(InvalidKey):
        storage.move(key, "a.png")


def test_a_signed_url_is_absolute_carries_the_name_and_ends_when_it_says(storage: Storage) -> None:
    storage.put_bytes("p/film.mp4", b"x", content_type="video/mp4")
    signed = storage.sign_url(
        "p/film.mp4",
        base_url="https://studio.example",
        now=NOW,
        lifetime=timedelta(hours=1),
        download_name="My film.mp4",
    )
    assert signed.url.startswith(("https://", "http://"))
    assert "p/film.mp4?" in signed.url
    assert "My%20film.mp4" in signed.url
    assert signed.expires_at == NOW + timedelta(hours=1)
    assert json.dumps(signed.url).isascii()
