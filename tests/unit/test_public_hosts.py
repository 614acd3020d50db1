"""Names of the outside that resolve to addresses of the inside."""

from collections.abc import Sequence

import httpx2
import pytest

from studio.providers.public_hosts import TRUSTED, PublicHosts


async def asked_of(
    *addresses: str, url: str = "https://media.example/clip.mp4", trusted: bool = False
) -> list[httpx2.Request]:
    """What is sent where the host's name has these addresses; the first one does not answer."""
    sent: list[httpx2.Request] = []

    async def resolve(host: str) -> Sequence[str]:
        if not addresses:
            raise OSError(host)
        return addresses

    def answer(request: httpx2.Request) -> httpx2.Response:
        sent.append(request)
        if len(addresses) > len(sent):
            raise httpx2.ConnectError("no answer")
        return httpx2.Response(200)

    transport = PublicHosts(inner=httpx2.MockTransport(answer), resolve=resolve)
    async with httpx2.AsyncClient(transport=transport) as client:
        await client.get(url, extensions={TRUSTED: trusted})
    return sent


async def test_a_request_goes_to_an_address_that_was_checked_under_its_own_name() -> None:
    sent = await asked_of("2606:4700::1111", "93.184.215.14")
    assert [request.url.host for request in sent] == ["93.184.215.14", "2606:4700::1111"]
    for request in sent:
        assert request.headers["host"] == "media.example"
        assert request.extensions["sni_hostname"] == "media.example"


@pytest.mark.parametrize(
    "addresses",
    [
        (),
        ("127.0.0.1",),
        ("93.184.215.14", "10.0.0.1"),
        ("169.254.169.254",),
        ("168.63.129.16",),
        ("100.64.0.1",),
        ("0.0.0.0",),  # noqa: S104 -- an address to be refused
        ("224.0.0.1",),
        ("::1",),
        ("fe80::1%eth0",),
        ("fd00::1",),
        ("::ffff:10.0.0.1",),
        ("64:ff9b::a9fe:a9fe",),
        ("2002:7f00:1::",),
        ("not an address",),
    ],
)
async def test_a_name_with_an_address_of_the_inside_is_not_connected_to(
    addresses: tuple[str, ...],
) -> None:
    with pytest.raises(httpx2.ConnectError, match="no public address"):
        await asked_of(*addresses)


@pytest.mark.parametrize("host", ["127.1", "0x7f.1", "017700000001.", "127.0.0.1"])
async def test_other_spellings_of_an_address_are_seen_through(host: str) -> None:
    transport = PublicHosts(inner=httpx2.MockTransport(lambda _: httpx2.Response(200)))
    async with httpx2.AsyncClient(transport=transport) as client:
        with pytest.raises(httpx2.ConnectError, match="no public address"):
            await client.get(f"https://{host}/clip.mp4")


async def test_our_own_setting_may_be_anywhere() -> None:
    sent = await asked_of("127.0.0.1", url="http://localhost:8000/clip.mp4", trusted=True)
    assert [request.url.host for request in sent] == ["localhost"]
