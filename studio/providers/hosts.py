"""All hosts of a provider behind one address: for tests, and for gateways that stand before it.

`https://host/path` is asked for as `{base}/host/{host}/path`, with the real host in the path
because a provider has several (queue, storage, media) and each has its own paths.
"""

from typing import Final
from urllib.parse import urlsplit, urlunsplit

import httpx2

_FOLDER: Final = "host"


def moved_url(url: str, base_url: str) -> str:
    """Where a request for `url` goes if everything goes to `base_url`."""
    parts = urlsplit(url)
    path = urlunsplit(("", "", parts.path, parts.query, ""))
    return f"{base_url.rstrip('/')}/{_FOLDER}/{parts.hostname}{path}"


class MovedHosts(httpx2.AsyncBaseTransport):
    """Sends every request to `base_url`; the caller sees and checks the real addresses."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self._inner = httpx2.AsyncHTTPTransport(trust_env=False)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        url = httpx2.URL(moved_url(str(request.url), self._base_url))
        headers = request.headers.copy()
        headers["host"] = url.netloc.decode()
        return await self._inner.handle_async_request(
            httpx2.Request(
                request.method,
                url,
                headers=headers,
                stream=request.stream,
                extensions=request.extensions,
            )
        )

    async def aclose(self) -> None:
        await self._inner.aclose()


def transport_to(base_url: str | None) -> httpx2.AsyncBaseTransport | None:
    """What an HTTP client needs for a configured `base_url`; None: the real hosts."""
    return MovedHosts(base_url) if base_url else None
