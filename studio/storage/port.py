"""What the studio needs of a store of files. Keys are ours; bytes stream through."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import ClassVar, Protocol

from studio.contracts.errors import StudioError


class StorageError(StudioError):
    """The store refused or could not be reached; trying again may help."""

    code: ClassVar[str] = "storage_unavailable"


class StorageFull(StorageError):
    """No room is left (ENOSPC, quota)."""

    code: ClassVar[str] = "storage_full"


class ObjectNotFound(StorageError):
    """No object has this key."""

    code: ClassVar[str] = "object_not_found"


@dataclass(frozen=True)
class StoredObject:
    """`size_bytes` and MIME type of an object as stored."""

    key: str
    size_bytes: int
    content_type: str


@dataclass(frozen=True)
class SignedUrl:
    """An absolute URL that anybody can GET until `expires_at`."""

    url: str
    expires_at: datetime


class Storage(Protocol):
    """Blocking calls: run them in a thread from async code. All raise StorageError."""

    def put_file(self, key: str, path: Path, *, content_type: str) -> StoredObject:
        """Store a file's content, replacing what was there; all of it or nothing."""
        ...

    def put_bytes(self, key: str, data: bytes, *, content_type: str) -> StoredObject:
        """Store a small document."""
        ...

    def fetch(self, key: str, destination: Path) -> StoredObject:
        """Copy an object to a local file, streamed. ObjectNotFound if there is none."""
        ...

    def read_bytes(self, key: str, *, size_bytes_max: int) -> bytes:
        """Read a small document. ObjectNotFound; StorageError if it is larger than the limit."""
        ...

    def stat(self, key: str) -> StoredObject | None:
        """What is stored under a key, or None."""
        ...

    def move(self, key: str, new_key: str) -> None:
        """Put an object under another key, without its bytes passing through this process.

        From then on nothing is under `key`, so that URLs that were signed for it open nothing.
        What was under `new_key` is replaced. Repeating it, or finishing what was cut short, is
        fine: an object that is only under `new_key` was moved. ObjectNotFound if it is under
        neither.
        """
        ...

    def delete(self, key: str) -> None:
        """Remove an object; nothing happens if there is none."""
        ...

    def sign_url(
        self, key: str, *, base_url: str, now: datetime, lifetime: timedelta, download_name: str
    ) -> SignedUrl:
        """A URL that expires. `base_url` is this service's own; a remote store may ignore it."""
        ...
