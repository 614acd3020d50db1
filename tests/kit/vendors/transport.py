"""Transports that take a provider's real addresses to the local server, and nothing else.

`https://queue.fal.run/path` goes to `http://127.0.0.1:PORT/host/queue.fal.run/path`. fal's client
is X"""

import re
from typing import Final

import httpx
import httpx2

HOSTS: Final = re.compile(
    r"queue\.fal\.run|rest\.fal\.ai|v3\.fal\.media|api\.fal\.ai|fal\.run|"
    r"(api-singapore|v1-kling)\.klingai\.com|generativelanguage\.googleapis\.com|"
    r"([a-z0-9-]+-)?aiplatform\.googleapis\.com"
)


class UnknownVendorHost(RuntimeError):
    """A request would have left this machine."""


def _target(server_url: str, host: str, raw_path: bytes) -> str:
    if not HOSTS.fullmatch(host):
        raise UnknownVendorHost(f"{host} is not one of the providers.")
    return f"{server_url}/host/{host}{raw_path.decode()}"


def _rewritten(request: httpx.Request, server_url: str) -> httpx.Request:
    url = httpx.URL(_target(server_url, request.url.host, request.url.raw_path))
    headers = request.headers.copy()
    headers["Host"] = url.netloc.decode()
    return httpx.Request(
        request.method, url, headers=headers, stream=request.stream, extensions=request.extensions
    )


def _rewritten2(request: httpx2.Request, server_url: str) -> httpx2.Request:
    url = httpx2.URL(_target(server_url, request.url.host, request.url.raw_path))
    headers = request.headers.copy()
    headers["Host"] = url.netloc.decode()
    return httpx2.Request(
        request.method, url, headers=headers, stream=request.stream, extensions=request.extensions
    )


class HttpxRewrite(httpx.HTTPTransport):
    def __init__(self, server_url: str) -> None:
        super().__init__(verify=False)
        self._server_url = server_url

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return super().handle_request(_rewritten(request, self._server_url))


class AsyncHttpxRewrite(httpx.AsyncHTTPTransport):
    def __init__(self, server_url: str) -> None:
        super().__init__(verify=False)
        self._server_url = server_url

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await super().handle_async_request(_rewritten(request, self._server_url))


class Httpx2Rewrite(httpx2.HTTPTransport):
    def __init__(self, server_url: str) -> None:
        super().__init__(verify=False)
        self._server_url = server_url

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        return super().handle_request(_rewritten2(request, self._server_url))


class AsyncHttpx2Rewrite(httpx2.AsyncHTTPTransport):
    def __init__(self, server_url: str) -> None:
        super().__init__(verify=False)
        self._server_url = server_url

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        return await super().handle_async_request(_rewritten2(request, self._server_url))
