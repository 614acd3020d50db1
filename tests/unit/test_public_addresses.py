"""Which addresses and names are of the internet, in all their clothes."""

import ipaddress
import socket
from collections.abc import Sequence

import pytest

from studio.contracts.public_addresses import (
    NameLookups,
    NotPublic,
    NotResolved,
    is_public,
    public_addresses,
)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",  # noqa: S104 -- an address to be refused
        "10.0.0.1",
        "100.64.0.1",
        "100.100.100.200",
        "127.0.0.1",
        "168.63.129.16",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.0.192",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.1",
        "198.18.0.1",
        "203.0.113.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:127.0.0.1",
        "::ffff:0:7f00:1",
        "::ffff:100.64.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::168.63.129.16",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2001:db8::1",
        "2002:7f00:1::",
        "3fff::1",
        "4000::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
    ],
)
def test_an_address_of_another_network_is_not_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8",
        "93.184.215.14",
        "172.32.0.1",
        "::ffff:8.8.8.8",
        "64:ff9b::8.8.8.8",
        "2606:4700::1111",
        "2a00:1450:4001::1",
    ],
)
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


async def test_a_resolver_that_is_away_says_nothing_about_the_host() -> None:
    async def away(host: str) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_AGAIN, host)

    with pytest.raises(NotResolved) as caught:
        await public_addresses("media.example", away)
    assert "media.example" not in str(caught.value)


async def test_a_name_that_nobody_has_is_not_public() -> None:
    async def nobody(host: str) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, host)

    with pytest.raises(NotPublic):
        await public_addresses("media.example", nobody)


@pytest.mark.parametrize("host", ["localhost", "127.1", "0x7f.1", "2130706433", "::1"])
async def test_this_machine_by_any_name_is_not_public(host: str) -> None:
    with pytest.raises(NotPublic):
        await public_addresses(host, NameLookups())
