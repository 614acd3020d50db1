"""What a hostile host may answer: endless, false, packed, slow, or nothing at all."""

import asyncio
import gzip
import ssl
from pathlib import Path

import pytest

from studio.ingest.errors import StagingUnavailable
from studio.ingest.fetch_errors import FetchReason, UploadRefused
from studio.ingest.remote_file import FetchLimits
from tests.fetch_scenes import FOUND, URL, Scene, unchecked
from tests.kit.tls_host import Internet, answer, fetcher_on

SMALL = FetchLimits(file_bytes_max=1000, total_bytes_max=1500)
HASTY = FetchLimits(deadline_seconds=0.2)
NERVOUS = FetchLimits(read_timeout_seconds=0.05, connect_timeout_seconds=5.0)


@pytest.fixture
def scene(internet: Internet, trust: ssl.SSLContext, tmp_path: Path) -> Scene:
    return Scene(internet, trust, tmp_path)


@pytest.fixture
def small(internet: Internet, trust: ssl.SSLContext, tmp_path: Path) -> Scene:
    return Scene(internet, trust, tmp_path, SMALL)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("404 Not Found", FetchReason.GONE),
        ("410 Gone", FetchReason.GONE),
        ("401 Unauthorized", FetchReason.DENIED),
        ("403 Forbidden", FetchReason.DENIED),
        ("400 Bad Request", FetchReason.UNEXPECTED),
        ("204 No Content", FetchReason.UNEXPECTED),
        ("206 Partial Content", FetchReason.UNEXPECTED),
        ("300 Multiple Choices", FetchReason.UNEXPECTED),
        ("304 Not Modified", FetchReason.UNEXPECTED),
        ("999 What", FetchReason.UNEXPECTED),
    ],
)
async def test_an_answer_without_the_file_is_final(
    internet: Internet, scene: Scene, status: str, reason: FetchReason
) -> None:
    internet.answers[FOUND] = answer(b"", status)
    assert await scene.refusal() is reason


@pytest.mark.parametrize(
    "status", ["500 Oops", "502 Bad Gateway", "503 Busy", "429 Too Many", "408 Timeout"]
)
async def test_a_host_that_is_busy_or_out_of_order_may_be_asked_again(
    internet: Internet, scene: Scene, status: str
) -> None:
    internet.answers[FOUND] = answer(b"secret words of the host", status)
    assert await scene.absence() is FetchReason.BUSY


async def test_a_host_that_refuses_the_connection_may_be_asked_again(
    internet: Internet, scene: Scene
) -> None:
    internet.dead = {"93.184.215.14"}
    assert await scene.absence() is FetchReason.NO_ANSWER


async def test_a_file_that_says_that_it_is_too_large_is_not_read(
    internet: Internet, small: Scene
) -> None:
    internet.answers[FOUND] = answer(headers={"Content-Length": "1001"})
    assert await small.refusal() is FetchReason.TOO_LARGE


@pytest.mark.mcp_case("11.2")
async def test_an_endless_body_is_read_up_to_the_limit(internet: Internet, small: Scene) -> None:
    async def endless(writer: asyncio.StreamWriter) -> None:
        writer.write(answer(headers={"Transfer-Encoding": "chunked"}))
        while True:
            writer.write(b"80\r\n" + bytes(128) + b"\r\n")
            await writer.drain()

    internet.answers[FOUND] = endless
    assert await small.refusal() is FetchReason.TOO_LARGE


@pytest.mark.mcp_case("11.2")
async def test_the_uploads_together_have_a_limit_of_their_own(
    internet: Internet, small: Scene
) -> None:
    internet.answers[FOUND] = answer(bytes(800))
    with pytest.raises(UploadRefused) as caught:
        await small.fetched(URL, URL)
    assert (caught.value.number, caught.value.reason) == (2, FetchReason.TOO_LARGE_TOGETHER)


async def test_a_file_of_just_the_largest_size_is_taken(internet: Internet, small: Scene) -> None:
    internet.answers[FOUND] = answer(bytes(1000))
    (upload,) = await small.fetched()
    assert upload.size_bytes == 1000


async def test_what_follows_the_length_that_was_named_is_no_part_of_the_file(
    internet: Internet, scene: Scene
) -> None:
    internet.answers[FOUND] = answer(b"abc" + bytes(5000), headers={"Content-Length": "3"})
    (upload,) = await scene.fetched()
    assert upload.path.read_bytes() == b"abc"


async def test_a_file_that_ends_before_its_length_may_be_asked_for_again(
    internet: Internet, scene: Scene
) -> None:
    internet.answers[FOUND] = answer(b"abc", headers={"Content-Length": "300"})
    assert await scene.absence() is FetchReason.CUT_OFF


async def test_two_lengths_are_not_believed(internet: Internet, scene: Scene) -> None:
    lengths = {"Content-Length": "3", "content-length": "4"}
    internet.answers[FOUND] = answer(b"abcd", headers=lengths)
    assert await scene.absence() is FetchReason.CUT_OFF


@pytest.mark.parametrize("length", ["-1", "1e3", "", "9" * 5000])
async def test_a_length_that_is_no_number_is_not_believed(
    internet: Internet, scene: Scene, length: str
) -> None:
    internet.answers[FOUND] = answer(b"abc", headers={"Content-Length": length})
    assert await scene.absence() is FetchReason.CUT_OFF


@pytest.mark.parametrize("encoding", ["gzip", "br", "identity, gzip", "x"])
async def test_a_body_that_is_packed_is_not_unpacked(
    internet: Internet, scene: Scene, encoding: str
) -> None:
    bomb = gzip.compress(bytes(10_000_000))
    internet.answers[FOUND] = answer(bomb, headers={"Content-Encoding": encoding})
    assert await scene.refusal() is FetchReason.ENCODED


async def test_a_packed_transfer_is_not_unpacked(internet: Internet, scene: Scene) -> None:
    internet.answers[FOUND] = answer(b"", headers={"Transfer-Encoding": "gzip, chunked"})
    assert await scene.absence() is FetchReason.CUT_OFF


async def test_an_empty_body_is_no_upload(internet: Internet, scene: Scene) -> None:
    internet.answers[FOUND] = answer(b"")
    assert await scene.refusal() is FetchReason.EMPTY


async def test_headers_without_an_end_are_not_gathered(internet: Internet, scene: Scene) -> None:
    async def bomb(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            writer.write(b"X-More: " + b"x" * 8000 + b"\r\n")
            await writer.drain()

    internet.answers[FOUND] = bomb
    assert await scene.absence() is FetchReason.CUT_OFF


async def test_what_is_no_http_is_no_file(internet: Internet, scene: Scene) -> None:
    internet.answers[FOUND] = b"SSH-2.0-OpenSSH_9.6\r\n\r\n"
    assert await scene.absence() is FetchReason.CUT_OFF


async def test_a_host_that_hangs_up_may_be_asked_again(internet: Internet, scene: Scene) -> None:
    internet.answers[FOUND] = b""
    assert await scene.absence() is FetchReason.CUT_OFF


async def test_a_switch_to_another_protocol_is_not_taken(internet: Internet, scene: Scene) -> None:
    switch = {"Upgrade": "websocket", "Connection": "Upgrade"}
    internet.answers[FOUND] = answer(b"", "101 Switching Protocols", switch)
    assert await scene.absence() is FetchReason.CUT_OFF


@pytest.mark.mcp_case("11.2")
async def test_a_slow_drip_ends_at_the_deadline_of_all_uploads(
    internet: Internet, trust: ssl.SSLContext, tmp_path: Path
) -> None:
    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(answer(headers={"Content-Length": "1000000"}))
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.01)

    internet.answers[FOUND] = drip
    assert await Scene(internet, trust, tmp_path, HASTY).refusal() is FetchReason.TOO_SLOW


async def test_interim_answers_without_end_end_at_the_deadline(
    internet: Internet, trust: ssl.SSLContext, tmp_path: Path
) -> None:
    async def interim(writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"HTTP/1.1 102 Processing\r\n\r\n")
            await writer.drain()
            await asyncio.sleep(0.01)

    internet.answers[FOUND] = interim
    assert await Scene(internet, trust, tmp_path, HASTY).refusal() is FetchReason.TOO_SLOW


async def test_headers_that_drip_end_before_all_the_time_is_up(
    internet: Internet, trust: ssl.SSLContext, tmp_path: Path
) -> None:
    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nX-More: ")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.01)

    internet.answers[FOUND] = drip
    impatient = FetchLimits(head_timeout_seconds=0.2)
    assert await Scene(internet, trust, tmp_path, impatient).refusal() is FetchReason.TOO_SLOW


async def test_a_body_in_crumbs_is_not_put_together(internet: Internet, scene: Scene) -> None:
    async def crumbs(writer: asyncio.StreamWriter) -> None:
        writer.write(answer(headers={"Transfer-Encoding": "chunked"}))
        while True:
            writer.write(b"1\r\nx\r\n" * 1000)
            await writer.drain()

    internet.answers[FOUND] = crumbs
    assert await scene.refusal() is FetchReason.UNEXPECTED


async def test_a_host_that_falls_silent_may_be_asked_again(
    internet: Internet, trust: ssl.SSLContext, tmp_path: Path
) -> None:
    async def silence(writer: asyncio.StreamWriter) -> None:
        writer.write(answer(headers={"Content-Length": "10"}))
        await writer.drain()
        await asyncio.Event().wait()

    internet.answers[FOUND] = silence
    assert await Scene(internet, trust, tmp_path, NERVOUS).absence() is FetchReason.NO_ANSWER


async def test_a_disk_that_takes_no_file_is_no_fault_of_the_upload(
    internet: Internet, trust: ssl.SSLContext, tmp_path: Path
) -> None:
    internet.answers[FOUND] = answer(b"x")
    fetcher = fetcher_on(internet, trust)
    with pytest.raises(StagingUnavailable, match="try again later") as caught:
        await fetcher.fetch([unchecked(URL)], tmp_path / "no such folder")
    assert "media.example" not in caught.value.detail
