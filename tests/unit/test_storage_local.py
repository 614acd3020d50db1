"""The local store on a real file system: all or nothing, tidy, and clear about what failed."""

import errno
import os
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from studio.storage.disposition import content_disposition
from studio.storage.factory import StorageAddressInvalid, open_storage
from studio.storage.failures import os_errors_mapped
from studio.storage.local import LocalStorage
from studio.storage.port import StorageError, StorageFull
from studio.storage.signing import SigningKey, UrlSigner

SIGNER = UrlSigner([SigningKey("k1", b"s" * 32)])


@pytest.fixture
def store(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "store", SIGNER)


def files_under(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_the_file_route_gets_the_path_of_what_is_there(store: LocalStorage) -> None:
    store.put_bytes("p/film.mp4", b"film", content_type="video/mp4")

    path = store.open_path("p/film.mp4")

    assert path is not None
    assert path.read_bytes() == b"film"


@pytest.mark.parametrize("key", ["p", "p/none.mp4", "../objects/p/film.mp4", "/etc/passwd", ""])
def test_the_file_route_gets_nothing_for_anything_else(store: LocalStorage, key: str) -> None:
    store.put_bytes("p/film.mp4", b"film", content_type="video/mp4")
    assert store.open_path(key) is None


def test_deleting_leaves_no_folder_behind(store: LocalStorage, tmp_path: Path) -> None:
    store.put_bytes("projects/1/assets/a.bin", b"x", content_type="application/x-a")
    store.delete("projects/1/assets/a.bin")

    assert list((tmp_path / "store" / "objects").iterdir()) == []
    assert list((tmp_path / "store" / "types").iterdir()) == []


def test_the_type_of_a_deleted_object_does_not_come_back(store: LocalStorage) -> None:
    store.put_bytes("a.png", b"x", content_type="application/x-a")
    store.delete("a.png")
    store.put_bytes("a.png", b"x", content_type="image/png")

    found = store.stat("a.png")
    assert found is not None
    assert found.content_type == "image/png"


def test_a_key_cannot_be_below_an_object(store: LocalStorage) -> None:
    store.put_bytes("a", b"x", content_type="text/plain")
    with pytest.raises(StorageError):
        store.put_bytes("a/b", b"x", content_type="text/plain")
    assert store.stat("a/b") is None
    store.delete("a/b")


def test_readers_see_the_old_content_or_the_new_and_nothing_between(store: LocalStorage) -> None:
    versions = {bytes([n]) * 200_000 for n in range(8)}
    store.put_bytes("doc.json", bytes(200_000), content_type="application/json")
    done = threading.Event()
    seen: set[bytes] = set()

    def read() -> None:
        while not done.is_set():
            seen.add(store.read_bytes("doc.json", size_bytes_max=200_000))

    reader = threading.Thread(target=read)
    reader.start()
    for version in versions:
        store.put_bytes("doc.json", version, content_type="application/json")
    done.set()
    reader.join()

    assert seen <= versions


def test_putting_and_deleting_side_by_side_never_fails(store: LocalStorage) -> None:
    failures: list[StorageError] = []

    def churn(name: str) -> None:
        try:
            for _ in range(50):
                store.put_bytes(f"p/q/{name}.json", b"{}", content_type="application/json")
                store.delete(f"p/q/{name}.json")
        except StorageError as error:
            failures.append(error)

    threads = [threading.Thread(target=churn, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []


FULL_DISK = """
import resource, sys
from pathlib import Path
from studio.storage.local import LocalStorage
from studio.storage.port import StorageFull
from studio.storage.signing import SigningKey, UrlSigner

store = LocalStorage(Path(sys.argv[1]), UrlSigner([SigningKey("k1", b"s" * 32)]))
store.put_bytes("a.mp4", b"old", content_type="video/mp4")
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    store.put_file("a.mp4", Path(sys.argv[2]), content_type="video/mp4")
except StorageFull as error:
    print(error.detail)
"""


def test_when_no_more_fits_the_old_object_stays_and_nothing_is_left(tmp_path: Path) -> None:
    """A process of its own may write only 100 kB a file, so the system itself refuses the rest."""
    source = tmp_path / "large"
    source.write_bytes(bytes(300_000))

    said = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path / "store"), str(source)],
        capture_output=True,
        text=True,
        check=True,
    )

    assert said.stdout == "Storing a.mp4 failed: no room is left in the store.\n"
    left = files_under(tmp_path / "store")
    assert [path.read_bytes() for path in left] == [b"old"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_told_from_other_failures(number: int) -> None:
    with pytest.raises(StorageFull, match="no room is left"), os_errors_mapped("Storing x"):
        raise OSError(number, os.strerror(number), "/secret/place")


def test_a_failure_says_why_without_naming_paths() -> None:
    with pytest.raises(StorageError) as caught, os_errors_mapped("Storing x"):
        raise PermissionError(errno.EACCES, "Permission denied", "/secret/place")
    assert caught.value.detail == "Storing x failed: Permission denied."
    assert not isinstance(caught.value, StorageFull)


def test_a_store_where_no_folder_can_be_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="Making the storage folder failed"):
        LocalStorage(tmp_path / "file" / "store", SIGNER)


def test_what_killed_processes_left_is_discarded_and_young_files_stay(
    store: LocalStorage, tmp_path: Path
) -> None:
    partial = tmp_path / "store" / "partial"
    old, young = partial / ".partial-old", partial / ".partial-young"
    old.write_bytes(b"x")
    young.write_bytes(b"x")
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    os.utime(old, (moment.timestamp() - 1, moment.timestamp() - 1))
    os.utime(young, (moment.timestamp(), moment.timestamp()))

    assert store.discard_abandoned(before=moment) == 1
    assert list(partial.iterdir()) == [young]


@pytest.mark.parametrize("address", ["{}/s", "file://{}/s", "file://localhost{}/s"])
def test_a_folder_is_opened_by_path_or_file_address(tmp_path: Path, address: str) -> None:
    storage = open_storage(address.format(tmp_path), signer=SIGNER)
    storage.put_bytes("a.txt", b"x", content_type="text/plain")
    assert (tmp_path / "s" / "objects" / "a.txt").read_bytes() == b"x"


@pytest.mark.parametrize("address", ["", "s3://bucket", "gs://", "gs:///prefix", "file://host/x"])
def test_other_addresses_are_refused_in_words(address: str) -> None:
    with pytest.raises(StorageAddressInvalid):
        open_storage(address, signer=SIGNER)


def test_a_url_of_a_local_object_names_its_key_and_verifies(store: LocalStorage) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    signed = store.sign_url(
        "p/a.mp4",
        base_url="http://h:1",
        now=now,
        lifetime=timedelta(seconds=60),
        download_name="a.mp4",
    )
    assert signed.url.startswith("http://h:1/files/p/a.mp4?")


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("film.mp4", 'attachment; filename="film.mp4"'),
        ('a"b\\c/d\r\nX: y', 'attachment; filename="a_b_c_d__X: y"'),
        (
            "Öl 🎬.mp4",
            "attachment; filename=\"_l _.mp4\"; filename*=UTF-8''%C3%96l%20%F0%9F%8E%AC.mp4",
        ),
    ],
)
def test_a_download_name_cannot_leave_its_header(name: str, header: str) -> None:
    assert content_disposition(name) == header
