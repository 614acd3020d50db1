"""Downloading a clip from an address that a provider gave, which may be anything."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx2
import pytest

from studio.providers.downloads import CLIP_BYTES_MAX, ClipDownloads, keep_clip_bytes
from studio.providers.errors import OutputExpired, ProviderError

MP4 = b"\x00\x00\x00\x18ftypisom" + bytes(200)
SIGNED = "https://media.example/clip.mp4?X-Signature=very-secret"

Handler = Callable[[httpx2.Request], httpx2.Response]


async def fetch(
    handler: Handler,
    destination: Path,
    url: str = SIGNED,
    headers: dict[str, str] | None = None,
    clip_bytes_max: int = CLIP_BYTES_MAX,
) -> None:
    loader = ClipDownloads(
        "Vendor", transport=httpx2.MockTransport(handler), clip_bytes_max=clip_bytes_max
    )
    try:
        await loader.fetch(url, destination, headers=headers)
    finally:
        await loader.aclose()


async def streamed(body: bytes) -> AsyncIterator[bytes]:
    yield body


def answering(status: int = 200, body: bytes = MP4) -> Handler:
    return lambda _: httpx2.Response(status, content=streamed(body))


async def test_a_clip_is_written_whole(tmp_path: Path) -> None:
    await fetch(answering(), tmp_path / "clip.mp4")
    assert (tmp_path / "clip.mp4").read_bytes() == MP4


@pytest.mark.parametrize("status", [403, 404, 410])
async def test_an_address_that_has_run_out_is_an_expired_output(
    tmp_path: Path, status: int
) -> None:
    with pytest.raises(OutputExpired) as raised:
        await fetch(answering(status), tmp_path / "clip.mp4")
    assert "very-secret" not in raised.value.detail


@pytest.mark.parametrize("body", [b"<html>an error page</html>", b"", b"\x1aE\xdf\xa3webm"])
async def test_what_is_no_mp4_is_not_kept(tmp_path: Path, body: bytes) -> None:
    with pytest.raises(ProviderError):
        await fetch(answering(body=body), tmp_path / "clip.mp4")
    with pytest.raises(ProviderError):
        await keep_clip_bytes(body, tmp_path / "clip.mp4")
    assert left_in(tmp_path) == []


def left_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


@pytest.mark.parametrize(
    "url",
    [
        "http://media.example/clip.mp4",
        "https://127.0.0.1/clip.mp4",
        "https://[::1]/clip.mp4",
        "https://169.254.169.254/computeMetadata/v1/",
        "https://metadata.google.internal/clip.mp4",
        "https://localhost/clip.mp4",
        "https://user:password@media.example/clip.mp4",
        "https://media.example:8443/clip.mp4",
        "file:///etc/passwd",
        "gs://bucket/clip.mp4",
        "https://",
        "",
    ],
)
async def test_only_public_https_addresses_are_asked(tmp_path: Path, url: str) -> None:
    asked: list[str] = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        asked.append(str(request.url))
        return answering()(request)

    with pytest.raises(ProviderError):
        await fetch(handler, tmp_path / "clip.mp4", url)
    assert asked == []


async def test_a_redirect_is_followed_without_the_first_host_s_headers(tmp_path: Path) -> None:
    seen: list[tuple[str, str | None]] = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        seen.append((request.url.host, request.headers.get("x-goog-api-key")))
        if request.url.host == "media.example":
            return httpx2.Response(302, headers={"location": "https://cdn.example/clip"})
        return answering()(request)

    await fetch(handler, tmp_path / "clip.mp4", headers={"x-goog-api-key": "key"})
    assert seen == [("media.example", "key"), ("cdn.example", None)]


@pytest.mark.parametrize("location", ["http://cdn.example/clip", "https://10.0.0.1/", SIGNED])
async def test_redirects_lead_nowhere_else(tmp_path: Path, location: str) -> None:
    with pytest.raises(ProviderError) as raised:
        await fetch(
            lambda _: httpx2.Response(302, headers={"location": location}), tmp_path / "clip.mp4"
        )
    assert "very-secret" not in raised.value.detail


async def test_a_clip_without_an_end_is_cut_off(tmp_path: Path) -> None:
    with pytest.raises(ProviderError, match="larger"):
        await fetch(answering(), tmp_path / "clip.mp4", clip_bytes_max=len(MP4) - 1)
    assert left_in(tmp_path) == []


async def test_a_broken_connection_tells_no_address(tmp_path: Path) -> None:
    def handler(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ReadError(f"broken: {request.url}")

    with pytest.raises(ProviderError) as raised:
        await fetch(handler, tmp_path / "clip.mp4")
    assert "very-secret" not in raised.value.detail
    assert left_in(tmp_path) == []
