"""Connections to public addresses only, whatever a host's name resolves to.

The rules are those of `studio/contracts/public_addresses.py`. httpx2's transport takes no network
backend, so the request is readdressed instead of the connection.
"""

from typing import Final

import httpx2

from studio.contracts.public_addresses import (
    NameLookups,
    NotPublic,
    NotResolved,
    Resolve,
    public_addresses,
)

TRUSTED: Final = "fvs_trusted"
"""The request extension that says that an address is our own setting, not an answer's."""


class PublicHosts(httpx2.AsyncBaseTransport):
    """HTTPS to names whose addresses are all public. Raises ConnectError for every other."""

    def __init__(
        self, *, inner: httpx2.AsyncBaseTransport | None = None, resolve: Resolve | None = None
    ) -> None:
        # Connections are kept by address, and two names may share one: none is used again.
        limits = httpx2.Limits(max_keepalive_connections=0)
        self._inner = inner or httpx2.AsyncHTTPTransport(trust_env=False, limits=limits)
        self._resolve = resolve or NameLookups()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if request.extensions.get(TRUSTED):
            return await self._inner.handle_async_request(request)
        host = request.url.host
        try:
            *others, last = await public_addresses(host, self._resolve)
        except (NotPublic, NotResolved) as error:
            raise httpx2.ConnectError(str(error)) from None
        for address in others:
            try:
                return await self._inner.handle_async_request(_to(request, host, address))
            except (httpx2.ConnectError, httpx2.ConnectTimeout):
                continue
        return await self._inner.handle_async_request(_to(request, host, last))

    async def aclose(self) -> None:
        await self._inner.aclose()


def _to(request: httpx2.Request, host: str, address: str) -> httpx2.Request:
    """The same request to one address: its headers have the name already."""
    return httpx2.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": host},
    )
