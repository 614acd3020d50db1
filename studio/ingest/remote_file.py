"""One request for one remote file, and its answer onto the disk."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Final

import httpcore2
import httpx2

from studio.contracts.limits import UPLOAD_FILE_BYTES_MAX, UPLOAD_TOTAL_BYTES_MAX
from studio.contracts.public_addresses import NotPublic, NotResolved
from studio.ingest.fetch_errors import FetchReason, not_taken
from studio.ingest.multipart import BATCH_BYTES
from studio.ingest.parts import FilePart

REDIRECTS_MAX: Final = 3
"""A short link, its media host and a content network; more is a loop."""
CONNECT_TIMEOUT_SECONDS: Final = 10.0
"""For each address, and for the look-up of the name before."""
READ_TIMEOUT_SECONDS: Final = 30.0
"""Between two pieces of a file."""
HEAD_TIMEOUT_SECONDS: Final = 60.0
"""From the look-up of a name to the end of the answer's head: who sends interim answers or headers
without end keeps a processor busy, not only us waiting."""
FETCH_DEADLINE_SECONDS: Final = 600.0
"""For all uploads together: 500 MiB in it are 7 Mbit/s."""

PIECE_BYTES_MIN: Final = 64
"""On the average: a file in chunks of one byte would keep a processor busy until the deadline."""
_PIECES_FREE: Final = 1000

_HEADERS: Final = (
    (b"Accept", b"*/*"),
    (b"Accept-Encoding", b"identity"),
    (b"Connection", b"close"),
    (b"User-Agent", b"future-video-studio"),  # some hosts answer nobody without one
)
_OK: Final = 200
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_REASONS: Final = {
    **dict.fromkeys((404, 410), FetchReason.GONE),
    **dict.fromkeys((401, 402, 403, 407, 451), FetchReason.DENIED),
    **dict.fromkeys((408, 425, 429), FetchReason.BUSY),
}
_SERVER_ERRORS: Final = range(500, 600)

_CAUSES_MAX: Final = 8
"""A chain of errors that is longer says nothing more."""


@dataclass(frozen=True)
class FetchLimits:
    """What all uploads of a render may take together, and one of them."""

    file_bytes_max: int = UPLOAD_FILE_BYTES_MAX
    total_bytes_max: int = UPLOAD_TOTAL_BYTES_MAX
    redirects_max: int = REDIRECTS_MAX
    connect_timeout_seconds: float = CONNECT_TIMEOUT_SECONDS
    read_timeout_seconds: float = READ_TIMEOUT_SECONDS
    head_timeout_seconds: float = HEAD_TIMEOUT_SECONDS
    deadline_seconds: float = FETCH_DEADLINE_SECONDS


@asynccontextmanager
async def requested(
    address: httpx2.URL,
    *,
    network: httpcore2.AsyncNetworkBackend,
    trust: ssl.SSLContext,
    limits: FetchLimits,
) -> AsyncIterator[httpcore2.Response]:
    """The answer of an address that was checked, on a connection of its own.

    Raises UploadRefused or UploadUnavailable, also for what goes wrong inside the block.
    """
    url = httpcore2.URL(
        scheme=address.raw_scheme,
        host=address.raw_host,
        port=address.port,
        target=address.raw_path,
    )
    timeout = {
        "connect": limits.connect_timeout_seconds,
        "read": limits.read_timeout_seconds,
        "write": limits.read_timeout_seconds,
    }
    head = asyncio.timeout(limits.head_timeout_seconds)
    try:
        async with (
            httpcore2.AsyncConnectionPool(
                trust, max_connections=1, max_keepalive_connections=0, network_backend=network
            ) as pool,
            AsyncExitStack() as stack,
        ):
            answer = pool.stream("GET", url, headers=_HEADERS, extensions={"timeout": timeout})
            async with head:
                response = await stack.enter_async_context(answer)
            yield response
    except TimeoutError:
        if head.expired():
            raise not_taken(FetchReason.TOO_SLOW) from None
        raise
    except NotPublic:
        raise not_taken(FetchReason.ADDRESS) from None
    except httpcore2.ConnectError as error:
        is_untrusted = _was_untrusted(error)
        raise not_taken(
            FetchReason.CERTIFICATE if is_untrusted else FetchReason.NO_ANSWER
        ) from None
    except (NotResolved, httpcore2.TimeoutException):
        raise not_taken(FetchReason.NO_ANSWER) from None
    except (httpcore2.NetworkError, httpcore2.ProtocolError):
        raise not_taken(FetchReason.CUT_OFF) from None


def locations_of(response: httpcore2.Response) -> list[bytes] | None:
    """Where an answer leads on to, as sent; None if it is no redirect."""
    return _values(response, b"location") if response.status in _REDIRECTS else None


async def save(
    response: httpcore2.Response, part: FilePart, *, bytes_left: int, limits: FetchLimits
) -> None:
    """Write what was answered as it comes. Raises UploadRefused, UploadUnavailable, OSError."""
    if response.status != _OK:
        is_broken = response.status in _SERVER_ERRORS
        otherwise = FetchReason.BUSY if is_broken else FetchReason.UNEXPECTED
        raise not_taken(_REASONS.get(response.status, otherwise))
    if any(
        value.strip().lower() != b"identity" for value in _values(response, b"content-encoding")
    ):
        raise not_taken(FetchReason.ENCODED)
    for length in _values(response, b"content-length"):
        _refuse_excess(int(length), bytes_left, limits)
    received_bytes = pieces_count = 0
    batch: list[bytes] = []
    batch_bytes = 0
    async with aclosing(response.aiter_stream()) as pieces:
        async for piece in pieces:
            received_bytes += len(piece)
            pieces_count += 1
            _refuse_excess(received_bytes, bytes_left, limits)
            if pieces_count > _PIECES_FREE + received_bytes // PIECE_BYTES_MIN:
                raise not_taken(FetchReason.UNEXPECTED)
            batch.append(piece)
            batch_bytes += len(piece)
            if batch_bytes >= BATCH_BYTES:
                await asyncio.to_thread(_write, part, batch)
                batch, batch_bytes = [], 0
    await asyncio.to_thread(_write, part, batch)


def _write(part: FilePart, batch: Sequence[bytes]) -> None:
    for piece in batch:
        part.write(memoryview(piece))


def _refuse_excess(size_bytes: int, bytes_left: int, limits: FetchLimits) -> None:
    if size_bytes > limits.file_bytes_max:
        raise not_taken(FetchReason.TOO_LARGE)
    if size_bytes > bytes_left:
        raise not_taken(FetchReason.TOO_LARGE_TOGETHER)


def _values(response: httpcore2.Response, name: bytes) -> list[bytes]:
    return [value for key, value in response.headers if key.lower() == name]


def _was_untrusted(error: BaseException) -> bool:
    """Whether a connection failed at the certificate; the pool has cut the cause off."""
    found: BaseException | None = error
    for _ in range(_CAUSES_MAX):
        if isinstance(found, ssl.SSLCertVerificationError):
            return True
        found = found and (found.__cause__ or found.__context__)
    return False
