"""Fetching a finished clip. The address is the provider's word, so it is not trusted either."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, Final, Self

import httpx2

from studio.contracts.public_addresses import HTTPS_PORT, is_public_name
from studio.providers.errors import (
    OutputExpired,
    ProviderBusy,
    ProviderError,
    UnusableAnswer,
)
from studio.providers.public_hosts import TRUSTED, PublicHosts

CLIP_BYTES_MAX: Final = 512 * 1024 * 1024
"""The longest clip of a model is 15 s; at 4K and 100 Mbit/s that is 190 MB."""
REDIRECTS_MAX: Final = 3
"""A media host and its content network; more is a loop."""
CONNECT_TIMEOUT_SECONDS: Final = 10.0
READ_TIMEOUT_SECONDS: Final = 60.0
"""Between two pieces of a file."""

_PIECE_BYTES: Final = 1024 * 1024
_HTTP_OK: Final = 200
_HTTP_BUSY: Final = 429
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_GONE: Final = frozenset({403, 404, 410})
"""A signed address that has run out is 403 at every object store."""


class ClipDownloads:
    """Downloads without cookies, proxies of the environment, or headers nobody asked for.

    With a `transport` (a configured base URL) everything goes where that leads.
    """

    def __init__(
        self,
        provider: str,
        *,
        transport: httpx2.AsyncBaseTransport | None = None,
        clip_bytes_max: int = CLIP_BYTES_MAX,
    ) -> None:
        self._provider = provider
        self._clip_bytes_max = clip_bytes_max
        self._http = httpx2.AsyncClient(
            transport=transport or PublicHosts(),
            headers={"accept-encoding": "identity"},
            timeout=httpx2.Timeout(READ_TIMEOUT_SECONDS, connect=CONNECT_TIMEOUT_SECONDS),
            follow_redirects=False,
            trust_env=False,
        )

    async def fetch(
        self,
        url: str,
        destination: Path,
        *,
        headers: Mapping[str, str] | None = None,
        trusted: bool = False,
    ) -> None:
        """Write the MP4 at `url` to `destination`, which is whole or absent.

        `headers` go to the first host only. `trusted`: the address is our own, not an answer's, so
        it need not be public HTTPS. Raises OutputExpired where the provider has the clip no more,
        UnusableAnswer where it is no clip of ours, ProviderError for everything else; no text has
        the address, which may be signed.
        """
        try:
            async with self._opened(url, headers or {}, trusted=trusted) as response:
                await self._keep(response, destination)
        except httpx2.HTTPError as error:
            raise ProviderError(
                f"The clip could not be fetched from {self._provider} ({type(error).__name__})."
            ) from None

    async def aclose(self) -> None:
        await self._http.aclose()

    @asynccontextmanager
    async def _opened(
        self, url: str, headers: Mapping[str, str], *, trusted: bool
    ) -> AsyncIterator[httpx2.Response]:
        target = self._checked(url, trusted=trusted)
        for _ in range(REDIRECTS_MAX + 1):
            async with self._http.stream(
                "GET", target, headers=headers, extensions={TRUSTED: trusted}
            ) as response:
                if response.status_code not in _REDIRECTS:
                    yield response
                    return
                onward = self._joined(target, response.headers.get("location", ""))
            trusted = False
            target = self._checked(str(onward), trusted=trusted)
            headers = {}
        raise ProviderError(f"{self._provider} sent the clip's address around in circles.")

    def _joined(self, target: httpx2.URL, location: str) -> httpx2.URL:
        try:
            return target.join(location)
        except httpx2.InvalidURL:
            raise self._bad_address() from None

    def _checked(self, url: str, *, trusted: bool) -> httpx2.URL:
        try:
            target = httpx2.URL(url)
        except (httpx2.InvalidURL, TypeError):
            raise self._bad_address() from None
        if not trusted and not _is_public_https(target):
            raise self._bad_address()
        return target

    def _bad_address(self) -> ProviderError:
        return ProviderError(f"{self._provider} gave the clip an address that cannot be used.")

    async def _keep(self, response: httpx2.Response, destination: Path) -> None:
        status = response.status_code
        if status in _GONE:
            raise OutputExpired(f"{self._provider} no longer has the clip (HTTP {status}).")
        if status == _HTTP_BUSY:
            raise ProviderBusy(f"{self._provider} is busy.")
        if status != _HTTP_OK:
            raise ProviderError(f"{self._provider} answered HTTP {status} for the clip.")
        with _Part(destination, self._clip_bytes_max) as part:
            async for piece in response.aiter_raw(_PIECE_BYTES):
                await asyncio.to_thread(part.write, piece)
            await asyncio.to_thread(part.finish)


async def keep_clip_bytes(data: bytes, destination: Path) -> None:
    """Write a clip that came within an answer. Raises UnusableAnswer if it is no MP4."""

    def write() -> None:
        with _Part(destination) as part:
            part.write(data)
            part.finish()

    await asyncio.to_thread(write)


def keep_clip_file(source: Path, destination: Path) -> None:
    """Move a downloaded file into place. Raises UnusableAnswer if it is no MP4."""
    with source.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    _check_head(head)
    source.replace(destination)


_HEAD_BYTES: Final = 12


class _Part:
    """The file that grows beside its destination and takes its place when it is whole."""

    def __init__(self, destination: Path, bytes_max: int = CLIP_BYTES_MAX) -> None:
        self._destination = destination
        self._bytes_max = bytes_max
        self._written_bytes = 0
        self._head = b""
        self._path: Path | None = None

    def __enter__(self) -> Self:
        self._file: IO[bytes] = tempfile.NamedTemporaryFile(
            dir=self._destination.parent, prefix=".clip-", delete=False
        )
        self._path = Path(self._file.name)
        return self

    def write(self, piece: bytes) -> None:
        self._written_bytes += len(piece)
        if self._written_bytes > self._bytes_max:
            raise UnusableAnswer(f"The clip is larger than {self._bytes_max} bytes.")
        if len(self._head) < _HEAD_BYTES:
            self._head = (self._head + piece)[:_HEAD_BYTES]
        self._file.write(piece)

    def finish(self) -> None:
        _check_head(self._head)
        self._file.close()
        if self._path is not None:
            self._path.replace(self._destination)

    def __exit__(self, *_: object) -> None:
        self._file.close()
        if self._path is not None:
            self._path.unlink(missing_ok=True)


def _check_head(head: bytes) -> None:
    """ISO base media files begin with a `ftyp` box (ISO/IEC 14496-12, 4.3)."""
    if head[4:8] != b"ftyp":
        raise UnusableAnswer("What the provider delivered is no MP4.")


def _is_public_https(url: httpx2.URL) -> bool:
    if url.scheme != "https" or url.userinfo or url.port not in (None, HTTPS_PORT):
        return False
    return is_public_name(url.raw_host.decode("ascii"))
