"""Which host a caller used and where it calls from; which proxies may say so in its place."""

import re
from collections.abc import Iterable, Iterator
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import Scope

_HOST = re.compile(
    r"(?:[A-Za-z0-9][A-Za-z0-9._-]{0,252}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?\Z"
)
"""A name, an IPv4 address or a bracketed IPv6 address, with a port: nothing that could end a URL's
authority early."""
_SCHEMES: Final = frozenset({"http", "https"})
_FALLBACK_HOST: Final = "localhost"
UNKNOWN_ADDRESS: Final = "unknown"
"""Of callers on a Unix socket, and of those whose server tells none: they share it."""
CALLER_PREFIX_BITS: Final = 64
"""What one customer of a network has at least of IPv6 (RFC 6177): each may use all of it."""
_ADDRESS_AND_PORT = re.compile(r"\[(?P<six>[^\]]+)\](?::\d+)?|(?P<four>[\d.]+):\d+")
"""As some proxies write what they forward for."""

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address


def parse_networks(addresses: Iterable[str]) -> tuple[Network, ...]:
    """Addresses and CIDR ranges. ValueError for anything else."""
    return tuple(ip_network(address.strip(), strict=False) for address in addresses)


class CallerHost:
    """Builds the base URL of answers. `public_base_url` wins where it is configured.

    `X-Forwarded-Proto`, `-Host` and `-For` count only when the connection comes from a trusted
    proxy: anybody else could have links made to a host of their choice, or be a new caller with
    every request.
    """

    def __init__(
        self, *, public_base_url: str | None, trusted_proxies: Iterable[Network] = ()
    ) -> None:
        self._public_base_url = public_base_url.rstrip("/") if public_base_url else None
        self._trusted = tuple(trusted_proxies)

    def base_url(self, scope: Scope) -> str:
        """Scheme and host without a trailing slash, e.g. `https://studio.example`."""
        if self._public_base_url is not None:
            return self._public_base_url
        headers = Headers(scope=scope)
        scheme, host = scope["scheme"], headers.get("host", "")
        if self._is_trusted(scope):
            scheme = _first(headers.get("x-forwarded-proto")) or scheme
            host = _first(headers.get("x-forwarded-host")) or host
        if scheme not in _SCHEMES:
            scheme = "http"
        return f"{scheme}://{host if _HOST.match(host) else _server_host(scope)}"

    def own_url(self, scope: Scope) -> str:
        """As `base_url`, without a word of the caller's: for links that somebody else follows.

        Where it is not configured, it is where the connection came in.
        """
        return self._public_base_url or f"{scope['scheme']}://{_server_host(scope)}"

    def host(self, scope: Scope) -> str:
        """The host that a URL signed for this caller carries."""
        return urlsplit(self.base_url(scope)).netloc

    def client_address(self, scope: Scope) -> str:
        """Whom limits count for: an IPv4 address, or the /64 network of an IPv6 address.

        Read from the right, `X-Forwarded-For` is what each trusted proxy saw of the one before
        it: the first address that is not a proxy of ours is the caller's, whatever the caller
        wrote further left. Personal data: for limits and hashes only, never for a log.
        """
        address = _peer(scope)
        if address is None:
            return UNKNOWN_ADDRESS
        for text in _forwarded_for(scope):
            if not self._trusts(address):
                break
            forwarded = _parse_address(text)
            if forwarded is None:
                break
            address = forwarded
        return _grouped(address)

    def _is_trusted(self, scope: Scope) -> bool:
        address = _peer(scope)
        return address is not None and self._trusts(address)

    def _trusts(self, address: Address) -> bool:
        return any(address in network for network in self._trusted)


def _peer(scope: Scope) -> Address | None:
    """The other end of the connection."""
    client = scope.get("client")
    return _parse_address(client[0]) if client else None


def _forwarded_for(scope: Scope) -> Iterator[str]:
    """What proxies wrote of whom they forward for, the nearest one's word first."""
    for line in reversed(Headers(scope=scope).getlist("x-forwarded-for")):
        yield from (text.strip() for text in reversed(line.split(",")))


def _parse_address(text: str) -> Address | None:
    found = _ADDRESS_AND_PORT.fullmatch(text)
    try:
        address = ip_address((found["six"] or found["four"]) if found else text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _grouped(address: Address) -> str:
    if isinstance(address, IPv4Address):
        return str(address)
    return str(IPv6Network((int(address), CALLER_PREFIX_BITS), strict=False))


def _first(value: str | None) -> str:
    """The first of a comma-separated list: what the outermost proxy saw."""
    return value.split(",", 1)[0].strip() if value else ""


def _server_host(scope: Scope) -> str:
    server = scope.get("server")
    if server is None:
        return _FALLBACK_HOST
    host, port = server
    host = f"[{host}]" if ":" in host else host
    return f"{host}:{port}" if port else host
