"""Addresses that are refused before anything is looked up, and by the machine's own resolver."""

import ssl
from pathlib import Path

import pytest

from studio.contracts.quote_request import UploadUrl
from studio.ingest.fetch import UploadFetcher
from studio.ingest.fetch_errors import FetchReason, UploadRefused
from tests.fetch_scenes import Scene, unchecked
from tests.kit.tls_host import Internet, answer, fetcher_on

LITERALS = [
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f.1",
    "0x7f000001",
    "017700000001",
    "127.0.0.1.",
    "8.8.8.8",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[fe80::1%25eth0]",
    "127\u30020\u30020\u30021",
    "\uff11\uff12\uff17.0.0.1",
    "%31%32%37.0.0.1",
    "media.example.0x",
]


@pytest.mark.mcp_case("11.3")
@pytest.mark.parametrize(
    "url",
    [
        *(f"https://{host}/cat.png" for host in LITERALS),
        "http://media.example/cat.png",
        "ftp://media.example/cat.png",
        "file:///etc/passwd",
        "data:image/png;base64,iVBORw0KGgo=",
        "https://media.example:8443/cat.png",
        "https://media.example:80/cat.png",
        "https://user@media.example/cat.png",
        "https://user:word@media.example/cat.png",
        "https://good.example\\@media.example/cat.png",
        "https://media.example\\.evil.example/cat.png",
        "https://localhost/cat.png",
        "https://printer/cat.png",
        "https://printer.local/cat.png",
        "https://metadata.google.internal/computeMetadata/v1/",
        "https://api.LOCALHOST/cat.png",
        "https://media..example/",
        "https:///cat.png",
        "https:media.example",
        "//media.example/cat.png",
        "media.example/cat.png",
        " https://media.example/cat.png",
        "https://media.example/a\r\nHost: inside",
        "https://media.example/\x00",
        f"https://media.example/{'a' * 5000}",
        f"https://{'a.' * 130}example/",
        f"https://{'a' * 64}.example/",
        "",
    ],
)
async def test_what_is_no_plain_https_address_of_a_name_is_not_looked_up(
    internet: Internet, trust: ssl.SSLContext, tmp_path: Path, url: str
) -> None:
    scene = Scene(internet, trust, tmp_path)
    assert await scene.refusal(url) is FetchReason.ADDRESS
    assert (internet.looked_up, internet.connected) == ([], [])


@pytest.mark.parametrize("url", ["https://localhost/a", "https://127.1/a", "https://[::1]/a"])
async def test_the_fetcher_as_it_is_made_refuses_this_machine(
    trust: ssl.SSLContext, tmp_path: Path, url: str
) -> None:
    with pytest.raises(UploadRefused) as caught:
        await UploadFetcher(trust).fetch([unchecked(url)], tmp_path)
    assert (caught.value.number, caught.value.reason) == (1, FetchReason.ADDRESS)


async def test_a_file_is_called_what_its_entry_says_else_by_the_end_of_its_path(
    internet: Internet, trust: ssl.SSLContext, tmp_path: Path
) -> None:
    internet.answers |= {
        "media.example/a/my%20cat.png?sig=s3cret": answer(b"x"),
        "media.example/%2E%2E%2Fpasswd": answer(b"x"),
        "media.example/?sig=s3cret": answer(b"x"),
    }
    uploads = [
        UploadUrl(url="https://media.example/a/my%20cat.png?sig=s3cret#top"),
        UploadUrl(url="https://media.example/%2E%2E%2Fpasswd"),
        UploadUrl(url="https://media.example?sig=s3cret"),
        UploadUrl(url="https://media.example/?sig=s3cret", filename="Ana/portrait.png"),
    ]
    staged = await fetcher_on(internet, trust).fetch(uploads, tmp_path)
    names = [upload.filename for upload in staged]
    assert names == ["my cat.png", "passwd", "upload-3", "portrait.png"]


def test_what_is_kept_of_an_upload_does_not_show_its_address() -> None:
    assert "s3cret" not in repr(UploadUrl(url="https://media.example/?sig=s3cret"))
