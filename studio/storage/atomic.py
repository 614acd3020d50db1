"""Writing a file so that readers see all of it or nothing."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Final

COPY_CHUNK_BYTES: Final = 1024 * 1024
"""Bounded memory at a size where the system calls no longer count."""

_RENAME_ATTEMPTS: Final = 20
"""A deletion beside us may prune the new folder each time; that it does so twenty times is not."""


@contextmanager
def replacing(target: Path, *, scratch: Path, durable: bool) -> Iterator[IO[bytes]]:
    """Open a temporary file in `scratch` that takes the place of `target` when the block ends.

    `scratch` must be in the target's file system, where a rename is atomic. If the block fails,
    the target is untouched and the temporary file is gone. `durable` also makes the content and
    the name survive a power cut. Raises OSError.
    """
    descriptor, name = tempfile.mkstemp(dir=scratch, prefix=".partial-")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as sink:
            yield sink
            sink.flush()
            if durable:
                os.fsync(sink.fileno())
        _move_into_place(temporary, target)
    except BaseException:
        with suppress(FileNotFoundError):
            temporary.unlink()
        raise
    if durable:
        _sync_folder(target.parent)


def move_durably(source: Path, target: Path) -> None:
    """Rename a file within its file system, so that it survives a power cut. Raises OSError."""
    _move_into_place(source, target)
    _sync_folder(target.parent)
    _sync_folder(source.parent)


def copy_stream(source: IO[bytes], sink: IO[bytes]) -> int:
    """Copy until the source ends; answers the number of bytes."""
    copied_bytes = 0
    while chunk := source.read(COPY_CHUNK_BYTES):
        sink.write(chunk)
        copied_bytes += len(chunk)
    return copied_bytes


def _move_into_place(temporary: Path, target: Path) -> None:
    """Rename, making the folder; again if a concurrent deletion pruned it in between."""
    for attempt in range(1, _RENAME_ATTEMPTS + 1):
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            temporary.replace(target)
        except (FileNotFoundError, FileExistsError):
            if attempt == _RENAME_ATTEMPTS:
                raise
        else:
            return


def _sync_folder(folder: Path) -> None:
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except FileNotFoundError:
        return  # what we stored has already been deleted again, and its folder with it
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
