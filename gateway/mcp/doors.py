"""Which hosts the server answers under, and which pages may call it.

A page of a foreign site can make a browser call a server on its visitor's machine, or one whose
name it points there. Both are told by their `Host` and `Origin` (Streamable HTTP, Security).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from mcp.server.transport_security import TransportSecuritySettings

LOCAL_NAMES: Final = ("localhost", "127.0.0.1", "[::1]")
_ANY_PORT: Final = ":*"
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Doors:
    """Values of `Host` and `Origin`; one that ends with `:*` takes every port."""

    hosts: tuple[str, ...]
    origins: tuple[str, ...]

    def lets_host(self, host: str) -> bool:
        return _is_among(host.lower(), self.hosts)

    def lets_origin(self, origin: str | None) -> bool:
        """Programs send none; only browsers do, and cannot be made to leave it out."""
        return origin is None or _is_among(origin.lower(), self.origins)

    def settings(self) -> TransportSecuritySettings:
        """The same for the SDK, which checks once more."""
        return TransportSecuritySettings(
            enable_dns_rebinding_protection=True,
            allowed_hosts=list(self.hosts),
            allowed_origins=list(self.origins),
        )


def open_doors(
    *,
    public_base_url: str | None,
    hosts: Iterable[str] = (),
    origins: Iterable[str] = (),
) -> Doors:
    """The public address, what is configured beside it, and this machine where it is all there is.

    `hosts` may carry a port, `origins` are as browsers send them.
    """
    named = [host.lower() for host in hosts]
    own_hosts = [each for host in named for each in (host, f"{host}:{_DEFAULT_PORTS['https']}")]
    own_origins = [*map(str.lower, origins), *(f"https://{host}" for host in named)]
    base = urlsplit(public_base_url.lower()) if public_base_url else None
    if base is not None and base.hostname is not None:
        own_hosts += _with_default_port(base.scheme, base.netloc, base.port)
        own_origins.append(f"{base.scheme}://{base.netloc}")
    if base is None or base.netloc.removesuffix(f":{base.port}") in LOCAL_NAMES:
        own_hosts += [each for name in LOCAL_NAMES for each in (name, name + _ANY_PORT)]
        own_origins += [
            f"{scheme}://{name}{port}"
            for scheme in _DEFAULT_PORTS
            for name in LOCAL_NAMES
            for port in ("", _ANY_PORT)
        ]
    return Doors(tuple(dict.fromkeys(own_hosts)), tuple(dict.fromkeys(own_origins)))


def _with_default_port(scheme: str, netloc: str, port: int | None) -> list[str]:
    if port is not None:
        return [netloc]
    return [netloc, f"{netloc}:{_DEFAULT_PORTS[scheme]}"]


def _is_among(value: str, allowed: Iterable[str]) -> bool:
    return any(
        value.startswith(each[:-1]) and value[len(each) - 1 :].isdecimal()
        if each.endswith(_ANY_PORT)
        else value == each
        for each in allowed
    )
