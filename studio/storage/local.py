"""Files under one folder: the store of a laptop, and of one machine."""

import contextlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from studio.storage.atomic import copy_stream, move_durably, replacing
from studio.storage.failures import os_errors_mapped
from studio.storage.keys import InvalidKey, check_key
from studio.storage.media_types import media_type_of
from studio.storage.port import ObjectNotFound, SignedUrl, StorageError, StoredObject
from studio.storage.signing import UrlSigner

FILES_PATH: Final = "/files/"
"""Where the gateway serves local objects: `{base_url}/files/{key}`."""


class LocalStorage:
    """Objects are plain files under `root/objects`, written in full and then renamed.

    `root/types` holds the MIME types that a key's extension does not tell, `root/partial` what
    is being written. Safe for any number of processes on one file system.
    """

    def __init__(self, root: Path, signer: UrlSigner) -> None:
        """Make the folders. Raises StorageError if that is impossible."""
        self._signer = signer
        self._objects = root / "objects"
        self._types = root / "types"
        self._partial = root / "partial"
        with os_errors_mapped("Making the storage folder"):
            for folder in (self._objects, self._types, self._partial):
                folder.mkdir(parents=True, exist_ok=True)

    def put_file(self, key: str, path: Path, *, content_type: str) -> StoredObject:
        """Copy, so that the source stays its owner's to change or remove."""
        target = self._objects / check_key(key)
        with (
            os_errors_mapped(f"Storing {key}"),
            path.open("rb") as source,
            replacing(target, scratch=self._partial, durable=True) as sink,
        ):
            size_bytes = copy_stream(source, sink)
            self._keep_type(key, content_type)
        return StoredObject(key, size_bytes, content_type)

    def put_bytes(self, key: str, data: bytes, *, content_type: str) -> StoredObject:
        target = self._objects / check_key(key)
        with (
            os_errors_mapped(f"Storing {key}"),
            replacing(target, scratch=self._partial, durable=True) as sink,
        ):
            sink.write(data)
            self._keep_type(key, content_type)
        return StoredObject(key, len(data), content_type)

    def fetch(self, key: str, destination: Path) -> StoredObject:
        path = self._existing(key)
        with (
            os_errors_mapped(f"Fetching {key}"),
            path.open("rb") as source,
            replacing(destination, scratch=destination.parent, durable=False) as sink,
        ):
            size_bytes = copy_stream(source, sink)
        return StoredObject(key, size_bytes, self._type_of(key))

    def read_bytes(self, key: str, *, size_bytes_max: int) -> bytes:
        path = self._existing(key)
        with os_errors_mapped(f"Reading {key}"), path.open("rb") as source:
            data = source.read(size_bytes_max + 1)
        if len(data) > size_bytes_max:
            raise StorageError(f"{key} is larger than the {size_bytes_max} bytes expected of it.")
        return data

    def stat(self, key: str) -> StoredObject | None:
        path = self.open_path(check_key(key))
        if path is None:
            return None
        with os_errors_mapped(f"Looking up {key}"):
            try:
                return StoredObject(key, path.stat().st_size, self._type_of(key))
            except FileNotFoundError:
                return None  # deleted in between

    def move(self, key: str, new_key: str) -> None:
        """Rename, the noted type first: a reader of the new key never sees another."""
        source, target = self._objects / check_key(key), self._objects / check_key(new_key)
        with os_errors_mapped(f"Moving {key}"):
            # Read before looking whether the object is still there: whoever moves it beside us
            # removes the note last.
            content_type = self._type_of(key)
            if key != new_key and source.is_file():
                self._keep_type(new_key, content_type)
                with contextlib.suppress(FileNotFoundError):  # moved beside us
                    move_durably(source, target)
        self._existing(new_key)
        if not source.is_file():
            with os_errors_mapped(f"Moving {key}"):
                _remove_file(self._types / key)
                for tree in (self._objects, self._types):
                    _prune(tree / key, tree)

    def delete(self, key: str) -> None:
        check_key(key)
        with os_errors_mapped(f"Deleting {key}"):
            for tree in (self._objects, self._types):
                _remove_file(tree / key)
                _prune(tree / key, tree)

    def sign_url(
        self, key: str, *, base_url: str, now: datetime, lifetime: timedelta, download_name: str
    ) -> SignedUrl:
        """A URL of the gateway's file route; the name to save under is signed with it."""
        return self._signer.sign(
            FILES_PATH + check_key(key),
            base_url=base_url,
            now=now,
            lifetime=lifetime,
            query=[("filename", download_name)],
        )

    def open_path(self, key: str) -> Path | None:
        """The file of an object, for serving it with ranges; None if there is none."""
        try:
            path = self._objects / check_key(key)
        except InvalidKey:
            return None
        return path if path.is_file() else None

    def discard_abandoned(self, *, before: datetime) -> int:
        """Remove what killed processes left half written; answers how many files.

        Only files last written before `before` go: younger ones may be in the making.
        """
        removed = 0
        with os_errors_mapped("Tidying the storage folder"):
            for path in self._partial.iterdir():
                with contextlib.suppress(FileNotFoundError):
                    if datetime.fromtimestamp(path.stat().st_mtime, UTC) < before:
                        path.unlink()
                        removed += 1
        return removed

    def _existing(self, key: str) -> Path:
        path = self.open_path(check_key(key))
        if path is None:
            raise ObjectNotFound(f"Nothing is stored under {key}.")
        return path

    def _keep_type(self, key: str, content_type: str) -> None:
        """Note a MIME type that the key does not tell; called just before the object appears."""
        note = self._types / key
        if content_type == media_type_of(key):
            _remove_file(note)
            return
        with replacing(note, scratch=self._partial, durable=True) as sink:
            sink.write(content_type.encode())

    def _type_of(self, key: str) -> str:
        try:
            return (self._types / key).read_text(encoding="utf-8")
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return media_type_of(key)


def _remove_file(path: Path) -> None:
    """Remove a file; nothing happens where there is none, or a folder of other keys."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError, IsADirectoryError):
        path.unlink()


def _prune(path: Path, tree: Path) -> None:
    """Remove the folders that a deletion left empty."""
    for folder in path.parents:
        if folder == tree:
            return
        try:
            folder.rmdir()
        except OSError:
            return  # not empty, or gone already
