"""What the tools of files need of the process that they run in."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

IsKnownCaller = Callable[[Mapping[str, str] | None], Awaitable[bool]]
"""Whether the headers of a call carry a key that is good now. None: there are no headers."""

OnBytes = Callable[[int, int | None], Awaitable[None]]
"""Told of the bytes so far, and of all there will be where that is known."""


@dataclass(frozen=True)
class SavedFilm:
    """`path` is absolute, on the file system of the process; `sha256` is in hexadecimal."""

    path: str
    size_bytes: int
    sha256: str
    replaced: bool


class Films(Protocol):
    """Saves finished films below one folder."""

    async def save(
        self, url: str, output_path: str, *, overwrite: bool, on_bytes: OnBytes
    ) -> SavedFilm:
        """The film at `url`, whole or not at all. Raises DownloadError."""
        ...
