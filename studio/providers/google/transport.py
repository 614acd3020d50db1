"""The HTTP transport under google-genai: bounded answers, a short wait for the connection."""

from collections.abc import AsyncIterator
from typing import Final

import httpx2

CONNECT_TIMEOUT_SECONDS: Final = 10.0
"""google-genai has one time for everything; a model's minutes are too long for a handshake."""
RESPONSE_BYTES_MAX: Final = 96 * 1024 * 1024
"""A 4K PNG is some 25 MiB, 34 MiB in base64; anything near this is no answer of a model."""


class BoundedTransport(httpx2.AsyncBaseTransport):
    """An HTTP/1.1 transport that reads no proxy from the environment and no endless answer."""

    def __init__(self, response_bytes_max: int = RESPONSE_BYTES_MAX) -> None:
        self._inner = httpx2.AsyncHTTPTransport(trust_env=False)
        self._response_bytes_max = response_bytes_max

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        timeouts = request.extensions.get("timeout", {})
        request.extensions["timeout"] = {**timeouts, "connect": CONNECT_TIMEOUT_SECONDS}
        response = await self._inner.handle_async_request(request)
        if isinstance(response.stream, httpx2.AsyncByteStream):
            response.stream = _BoundedStream(response.stream, self._response_bytes_max)
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


class _BoundedStream(httpx2.AsyncByteStream):
    def __init__(self, inner: httpx2.AsyncByteStream, bytes_max: int) -> None:
        self._inner = inner
        self._bytes_max = bytes_max

    async def __aiter__(self) -> AsyncIterator[bytes]:
        read = 0
        async for chunk in self._inner:
            read += len(chunk)
            if read > self._bytes_max:
                msg = f"the answer is longer than {self._bytes_max} bytes"
                raise httpx2.RemoteProtocolError(msg)
            yield chunk

    async def aclose(self) -> None:
        await self._inner.aclose()
