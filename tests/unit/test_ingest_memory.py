"""A 100 MiB upload passes through in constant memory, and what a crash left is found again."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from studio.ingest.forms import discard_abandoned_forms

GROWTH_MIB_MAX = 16

UPLOAD = """
import asyncio, resource, sys
from collections.abc import AsyncIterator
from pathlib import Path
from studio.ingest.multipart import read_form

CHUNK = bytes(64 * 1024)

async def stream(mebibytes: int) -> AsyncIterator[bytes]:
    yield b'--b\\r\\nContent-Disposition: form-data; name="request_json"\\r\\n\\r\\n{}\\r\\n'
    yield b'--b\\r\\nContent-Disposition: form-data; name="files"; filename="a.mp4"\\r\\n\\r\\n'
    for _ in range(mebibytes * 16):
        yield CHUNK
    yield b'\\r\\n--b--\\r\\n'

async def upload(mebibytes: int) -> int:
    form = await read_form(
        "multipart/form-data; boundary=b", stream(mebibytes), staging=Path(sys.argv[1])
    )
    size = form.uploads[0].size_bytes
    form.discard()
    return size

def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

asyncio.run(upload(1))
before = peak()
size = asyncio.run(upload(100))
print(size, peak() - before)
"""


def test_a_100_mebibyte_upload_takes_no_more_memory_than_a_small_one(tmp_path: Path) -> None:
    said = subprocess.run(
        [sys.executable, "-c", UPLOAD, str(tmp_path)], capture_output=True, text=True, check=True
    )
    size_bytes, growth_kib = map(int, said.stdout.split())
    assert size_bytes == 100 * 1024 * 1024
    assert growth_kib < GROWTH_MIB_MAX * 1024
    assert list(tmp_path.iterdir()) == []


SNIFF = """
import resource, sys
from pathlib import Path
from studio.ingest.sniff import sniff

def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

small, large = map(Path, sys.argv[1:])
sniff(small)
before = peak()
sniff(large)
print(peak() - before)
"""


@pytest.mark.parametrize(
    ("name", "start", "piece"),
    [
        ("a.png", b"\x89PNG\r\n\x1a\n", b"\x00\x00\x20\x00IDAT" + bytes(8192 + 4)),
        ("a.jpg", b"\xff\xd8\xff\xda\x00\x02", b"\x7f" * 8191),
        ("a.jpg", b"\xff\xd8\xff\xd9", b"\x00" * 8192),
    ],
)
def test_a_100_mebibyte_image_is_told_in_no_more_memory_than_a_small_one(
    tmp_path: Path, name: str, start: bytes, piece: bytes
) -> None:
    (tmp_path / "small").mkdir()
    for path, pieces in ((tmp_path / "small" / name, 1), (tmp_path / name, 12_700)):
        path.write_bytes(start + piece * pieces)
    said = subprocess.run(
        [sys.executable, "-c", SNIFF, str(tmp_path / "small" / name), str(tmp_path / name)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(said.stdout) < GROWTH_MIB_MAX * 1024


def test_forms_that_killed_processes_left_are_discarded_and_others_stay(tmp_path: Path) -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    for name, age_seconds in (("form-old", 1), ("form-young", 0), ("other", 1)):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "001.upload").write_bytes(b"x")
        os.utime(folder, (moment.timestamp() - age_seconds,) * 2)

    assert discard_abandoned_forms(tmp_path, before=moment) == 1
    assert {path.name for path in tmp_path.iterdir()} == {"form-young", "other"}


def test_a_staging_folder_that_was_never_made_has_nothing_to_discard(tmp_path: Path) -> None:
    assert discard_abandoned_forms(tmp_path / "none", before=datetime(2026, 1, 1, tzinfo=UTC)) == 0
