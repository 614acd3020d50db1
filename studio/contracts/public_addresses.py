"""Which hosts may be connected to where somebody else chose the address.

A name of the outside may point into this network (127.1, a record with 10.0.0.1, the metadata
server). So a name is resolved once, every answer has to be public, and who connects does so to an
address that was checked here, while host header, SNI and certificate stay those of the name.
"""

import asyncio
import ipaddress
import re
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str], Awaitable[Sequence[str]]]
"""The addresses of a host's name. Raises OSError where there are none."""

HTTPS_PORT: Final = 443

ADDRESSES_MAX: Final = 4
"""So many addresses of one name are tried: a host that lists hundreds would be waited for long."""

LOOKUP_THREADS_MAX: Final = 8
"""More wait their turn, within the time-outs of who asks."""

_TRANSLATED: Final = ipaddress.ip_network("64:ff9b::/96")
"""NAT64 (RFC 6052): the last four bytes are the IPv4 address that is meant."""
_UNICAST: Final = ipaddress.ip_network("2000::/3")
"""All that IANA has given to the internet of IPv6. Outside are `::127.0.0.1`, the local half of
NAT64 and the old site-local addresses, which Python calls global."""
_REFUSED: Final = tuple(
    map(
        ipaddress.ip_network,
        (
            "2001::/23",  # IETF protocol assignments; Teredo, which carries any IPv4 address
            "2002::/16",  # 6to4, which does so too
            "3fff::/20",  # documentation (RFC 9637)
            "192.0.0.0/24",  # IETF protocol assignments; a cloud's metadata server is among them
            "192.88.99.0/24",  # relays of 6to4
            "168.63.129.16/32",  # Azure's channel to its hosts
        ),
    )
)

_NAME: Final = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9_-]{1,63}\.)+[a-z0-9-]{1,63}\Z")
_NUMBER: Final = re.compile(r"[0-9]+\Z|0x[0-9a-f]*\Z")
"""A name that ends so is an IPv4 address in some spelling (URL Standard, "ends in a number")."""
_INNER_NAMES: Final = (".local", ".internal", ".localhost")


class NotPublic(Exception):
    """A host that must not be connected to. Says nothing of its addresses."""


class NotResolved(Exception):
    """The resolver had no answer just now."""


def is_public_name(host: str) -> bool:
    """Whether a host, in its ASCII form, can be a name of the internet: no address, no inner name.

    Names within a network have no dot, or end in what no public name does.
    """
    name = host.lower()
    is_number = _NUMBER.match(name.rpartition(".")[2]) is not None
    return _NAME.match(name) is not None and not is_number and not name.endswith(_INNER_NAMES)


def is_public(address: Address) -> bool:
    """Whether an address is one of the internet, and no other network's in its clothes."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address in _TRANSLATED:
            return is_public(ipaddress.IPv4Address(address.packed[-4:]))
        if address not in _UNICAST:
            return False
    refused = any(address in network for network in _REFUSED)
    return address.is_global and not address.is_multicast and not refused


async def public_addresses(host: str, resolve: Resolve) -> tuple[str, ...]:
    """The addresses of a host, at least one and at most ADDRESSES_MAX, IPv4 first.

    Raises NotPublic if it has none or any that is not public, NotResolved if that is unknown.
    """
    try:
        found = [ipaddress.ip_address(address) for address in await resolve(host)]
    except socket.gaierror as error:
        if error.errno == socket.EAI_AGAIN:
            raise NotResolved("The host's name could not be looked up.") from None
        found = []
    except (OSError, ValueError):
        found = []
    if not found or not all(map(is_public, found)):
        raise NotPublic("The host has no public address.")
    ordered = sorted(found, key=lambda each: each.version)
    return tuple(str(address) for address in ordered[:ADDRESSES_MAX])


class NameLookups:
    """This machine's resolver, in threads of its own.

    A look-up cannot be stopped, and whoever owns a name can make it last: that must not take the
    threads that everything else of a process shares.
    """

    def __init__(self, threads_max: int = LOOKUP_THREADS_MAX) -> None:
        self._threads = ThreadPoolExecutor(threads_max, "fvs-lookup")

    async def __call__(self, host: str) -> Sequence[str]:
        """The addresses of a name. Raises OSError where there are none."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, _looked_up, host)


def _looked_up(host: str) -> Sequence[str]:
    found = socket.getaddrinfo(host, HTTPS_PORT, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))
