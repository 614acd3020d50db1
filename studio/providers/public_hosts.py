"""Connections to public addresses only, whatever a host's name resolves to.

A name of the outside may point into this network (127.1, a record with 10.0.0.1, the metadata
server). So the name is resolved once, every answer has to be public, and the connection is made to
an address that was checked; host header, SNI and certificate stay those of the name.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import httpx2

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str], Awaitable[Sequence[str]]]
"""The addresses of a host's name. Raises OSError where there are none."""

TRUSTED: Final = "fvs_trusted"
"""The request extension that says that an address is our own setting, not an answer's."""

_TRANSLATED: Final = ipaddress.ip_network("64:ff9b::/96")
"""NAT64 (RFC 6052): the last four bytes are the IPv4 address that is meant."""
_REFUSED: Final = (
    ipaddress.ip_network("2002::/16"),  # 6to4, whose addresses carry any IPv4 address
    ipaddress.ip_network("168.63.129.16/32"),  # Azure's channel to its hosts
)


class PublicHosts(httpx2.AsyncBaseTransport):
    """HTTPS to names whose addresses are all public. Raises ConnectError for every other."""

    def __init__(
        self, *, inner: httpx2.AsyncBaseTransport | None = None, resolve: Resolve | None = None
    ) -> None:
        # Connections are kept by address, and two names may share one: none is used again.
        limits = httpx2.Limits(max_keepalive_connections=0)
        self._inner = inner or httpx2.AsyncHTTPTransport(trust_env=False, limits=limits)
        self._resolve = resolve or _addresses

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if request.extensions.get(TRUSTED):
            return await self._inner.handle_async_request(request)
        host = request.url.host
        *others, last = await self._public_addresses(host)
        for address in others:
            try:
                return await self._inner.handle_async_request(_to(request, host, address))
            except (httpx2.ConnectError, httpx2.ConnectTimeout):
                continue
        return await self._inner.handle_async_request(_to(request, host, last))

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def _public_addresses(self, host: str) -> Sequence[str]:
        try:
            found = [ipaddress.ip_address(address) for address in await self._resolve(host)]
        except (OSError, ValueError):
            found = []
        if not found or not all(map(is_public, found)):
            raise httpx2.ConnectError("The host has no public address.")
        return [str(address) for address in sorted(found, key=lambda each: each.version)]


def is_public(address: Address) -> bool:
    """Whether an address is one of the internet, and no other network's in its clothes."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address in _TRANSLATED:
            return is_public(ipaddress.IPv4Address(address.packed[-4:]))
    refused = any(address in network for network in _REFUSED)
    return address.is_global and not address.is_multicast and not refused


def _to(request: httpx2.Request, host: str, address: str) -> httpx2.Request:
    """The same request to one address: its headers have the name already."""
    return httpx2.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": host},
    )


async def _addresses(host: str) -> Sequence[str]:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, 443, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))
