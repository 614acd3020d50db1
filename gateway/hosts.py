"""Which host a caller used, and which proxies may say so in its place."""

import re
from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
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

Network = IPv4Network | IPv6Network


def parse_networks(addresses: Iterable[str]) -> tuple[Network, ...]:
    """Addresses and CIDR ranges. ValueError for anything else."""
    return tuple(ip_network(address.strip(), strict=False) for address in addresses)


class CallerHost:
    """Builds the base URL of answers. `public_base_url` wins where it is configured.

    `X-Forwarded-Proto` and `-Host` count only when the connection comes from a trusted proxy:
    anybody else could have links made to a host of their choice.
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

    def host(self, scope: Scope) -> str:
        """The host that a URL signed for this caller carries."""
        return urlsplit(self.base_url(scope)).netloc

    def _is_trusted(self, scope: Scope) -> bool:
        client = scope.get("client")
        if client is None or not self._trusted:
            return False
        try:
            address = ip_address(client[0])
        except ValueError:
            return False
        return any(address in network for network in self._trusted)


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
