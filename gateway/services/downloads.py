"""Films saved from our own storage: to disk, within limits, without any credential."""

import asyncio
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

import httpcore2

from gateway.services.download_errors import (
    DownloadError,
    DownloadsBusy,
    DownloadTooSlow,
    FilmGone,
    FilmTooLarge,
    FilmUnavailable,
    NotAFilm,
    UrlExpired,
    UrlNotAllowed,
)
from gateway.services.download_places import DownloadFolder, FilmPart, SavedFilm
from gateway.services.film_addresses import FilmAddress, FilmOrigins
from studio.contracts.limits import MEBIBYTE
from studio.contracts.public_addresses import Resolve
from studio.ingest.fetch_errors import FetchReason, UploadNotTaken
from studio.ingest.guarded_backend import GuardedBackend
from studio.ingest.remote_file import (
    CONNECT_TIMEOUT_SECONDS,
    HEAD_TIMEOUT_SECONDS,
    READ_TIMEOUT_SECONDS,
    FetchLimits,
    requested,
)

DOWNLOAD_SECONDS_MAX: Final = 600.0
"""The public contract's. A film of a minute at 4K and 50 Mbit/s is 375 MB."""
FILM_BYTES_MAX: Final = 8 * 1024 * MEBIBYTE
"""The longest film is 600 s; at 4K and 100 Mbit/s that is 7.5 GB."""
DOWNLOADS_AT_ONCE_MAX: Final = 4
"""In one process: each holds a connection and a file for up to ten minutes."""
BATCH_BYTES: Final = MEBIBYTE
"""What is in memory of a film."""

_HEAD_BYTES: Final = 8
_OK: Final = 200
_EXPIRED: Final = frozenset({400, 401, 403, 410})
"""Ours and Google's say 403 of a signature that ran out, other stores 400 or 410."""
_GONE: Final = 404
_PASSING: Final = frozenset({408, 425, 429, *range(500, 600)})
_REDIRECTS: Final = range(300, 400)

OnBytes = Callable[[int, int | None], Awaitable[None]]
"""Told of the bytes so far, and of all there will be where that is known."""


@dataclass(frozen=True)
class DownloadLimits:
    """What one download may take."""

    bytes_max: int = FILM_BYTES_MAX
    total_seconds: float = DOWNLOAD_SECONDS_MAX
    connect_seconds: float = CONNECT_TIMEOUT_SECONDS
    head_seconds: float = HEAD_TIMEOUT_SECONDS
    idle_seconds: float = READ_TIMEOUT_SECONDS
    at_once_max: int = DOWNLOADS_AT_ONCE_MAX


async def _untold(_received_bytes: int, _size_bytes: int | None) -> None:
    pass


class FilmDownloads:
    """Saves films. No proxy, cookie, key or connection is shared, and no redirect is followed."""

    def __init__(
        self,
        origins: FilmOrigins,
        folder: DownloadFolder,
        *,
        trust: ssl.SSLContext,
        may_be_private: bool = False,
        resolve: Resolve | None = None,
        network: httpcore2.AsyncNetworkBackend | None = None,
        limits: DownloadLimits = DownloadLimits(),
    ) -> None:
        """`may_be_private`: the configured origins may have addresses of an inner network.

        `network` is what connects, to addresses that were checked unless they need not be.
        """
        self._origins = origins
        self._folder = folder
        self._trust = trust
        self._may_be_private = may_be_private
        self._plain = network or httpcore2.AnyIOBackend()
        self._guarded = GuardedBackend(resolve=resolve, inner=network)
        self._limits = limits
        self._running: set[FilmPart] = set()

    async def save(
        self, url: str, output_path: str, *, overwrite: bool = False, on_bytes: OnBytes = _untold
    ) -> SavedFilm:
        """Write the film at `url` to `output_path`, which is whole or as it was before.

        Raises DownloadError. Cancelling leaves nothing behind either.
        """
        address = self._origins.checked(url)
        part = await asyncio.to_thread(self._folder.part, output_path, overwrite=overwrite)
        if len(self._running) >= self._limits.at_once_max:
            raise DownloadsBusy("As many films as may be at once are being saved; try again soon.")
        self._running.add(part)
        deadline = asyncio.timeout(self._limits.total_seconds)
        try:
            async with deadline:
                return await self._fetch(address, part, on_bytes)
        except TimeoutError:
            if not deadline.expired():
                raise
            raise DownloadTooSlow(
                f"The film did not come within {self._limits.total_seconds:g} s; nothing was kept."
            ) from None
        except UploadNotTaken as error:
            raise _failure(error.reason) from None
        finally:
            part.discard()
            self._running.discard(part)

    def abandon(self) -> None:
        """Remove what is not whole, of a process that ends at once."""
        for part in self._running:
            part.discard()

    async def _fetch(self, address: FilmAddress, part: FilmPart, on_bytes: OnBytes) -> SavedFilm:
        is_trusted = address.is_ours and (self._may_be_private or address.url.scheme == "http")
        limits = FetchLimits(
            connect_timeout_seconds=self._limits.connect_seconds,
            read_timeout_seconds=self._limits.idle_seconds,
            head_timeout_seconds=self._limits.head_seconds,
        )
        async with requested(
            address.url,
            network=self._plain if is_trusted else self._guarded,
            trust=self._trust,
            limits=limits,
        ) as response:
            size_bytes = self._announced_bytes(response)
            received_bytes = 0
            async with aclosing(_batches(response)) as batches:
                async for batch in batches:
                    if received_bytes == 0:
                        _check_head(batch)
                    received_bytes += len(batch)
                    self._refuse_excess(received_bytes)
                    await asyncio.to_thread(part.write, batch)
                    await on_bytes(received_bytes, size_bytes)
        if received_bytes == 0:
            raise NotAFilm("The address answered with nothing at all.")
        return await asyncio.to_thread(part.finish)

    def _announced_bytes(self, response: httpcore2.Response) -> int | None:
        """How much will come; None if it comes in chunks. Raises DownloadError."""
        _check_status(response.status)
        headers = {name.lower(): value for name, value in response.headers}
        if headers.get(b"content-encoding", b"identity").strip().lower() != b"identity":
            raise NotAFilm("What came is compressed although it was asked for as it is.")
        length = headers.get(b"content-length")
        if length is not None:
            self._refuse_excess(int(length))
            return int(length)
        if b"transfer-encoding" not in headers:
            # Where the end of the connection is the end of the film, a cut cannot be told from it.
            raise FilmUnavailable("The address does not say how long the film is.")
        return None

    def _refuse_excess(self, size_bytes: int) -> None:
        if size_bytes > self._limits.bytes_max:
            raise FilmTooLarge(f"It is larger than the {self._limits.bytes_max} bytes of a film.")


async def _batches(response: httpcore2.Response) -> AsyncGenerator[bytes, None]:
    """The body in pieces that are worth a thread; the first has the whole head of a file."""
    waiting = bytearray()
    async with aclosing(response.aiter_stream()) as pieces:
        async for piece in pieces:
            waiting += piece
            if len(waiting) >= BATCH_BYTES:
                yield bytes(waiting)
                waiting.clear()
    if waiting:
        yield bytes(waiting)


def _check_head(data: bytes) -> None:
    """ISO base media files begin with a `ftyp` box (ISO/IEC 14496-12, 4.3)."""
    if data[4:_HEAD_BYTES] != b"ftyp":
        raise NotAFilm("What the address answers with is no video; poll the status for its URL.")


def _check_status(status: int) -> None:
    if status in _EXPIRED:
        raise UrlExpired(
            "The address has expired or was changed. Poll the render's status and use the fresh "
            "final_video_url, unchanged."
        )
    if status == _GONE:
        raise FilmGone("There is no such film any more. Poll the render's status.")
    if status in _REDIRECTS:
        raise UrlNotAllowed("The address leads on to another, which is not followed.")
    if status in _PASSING:
        raise FilmUnavailable("The storage is busy or out of order; try again in a minute.")
    if status != _OK:
        raise FilmUnavailable(f"The storage answered HTTP {status} instead of a film.")


def _failure(reason: FetchReason) -> DownloadError:
    if reason is FetchReason.ADDRESS:
        return UrlNotAllowed("The address's host is not on the public internet.")
    if reason is FetchReason.CERTIFICATE:
        return UrlNotAllowed("The address's host has no valid certificate.")
    if reason is FetchReason.TOO_SLOW:
        return DownloadTooSlow("The storage took too long to answer; nothing was kept.")
    if reason is FetchReason.CUT_OFF:
        return FilmUnavailable("The storage broke off; nothing was kept. Try again.")
    return FilmUnavailable("The storage does not answer; nothing was kept. Try again in a minute.")
