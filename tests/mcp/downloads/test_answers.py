"""A film is saved whole or not at all, whatever its host answers."""

import asyncio
import hashlib
import ssl
from pathlib import Path

import pytest

from gateway.services.downloads import DownloadLimits
from tests.kit.tls_host import Answer, Internet, answer
from tests.mcp.downloads.film_scenes import FILM, FOUND, URL, Scene

PAGE = b"<!doctype html><title>Sign in</title>" * 30


def chunked(*chunks: bytes) -> bytes:
    body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    return answer(headers={"Transfer-Encoding": "chunked"}) + body + b"0\r\n\r\n"


def then_silent(start: bytes, reached: asyncio.Event | None = None) -> Answer:
    """An answer that begins and never ends."""

    async def serve(writer: asyncio.StreamWriter) -> None:
        writer.write(start)
        await writer.drain()
        if reached is not None:
            reached.set()
        await asyncio.Event().wait()

    return serve


@pytest.mark.requirement("DOWN-2")
@pytest.mark.mcp_case("14.5")
async def test_a_saved_film_is_the_film_with_its_size_and_hash(scene: Scene) -> None:
    saved = await scene.saved(path="mine/today/film.mp4")

    path = scene.root / "mine" / "today" / "film.mp4"
    assert path.read_bytes() == FILM
    assert saved.path == str(path)
    assert saved.size_bytes == len(FILM)
    assert saved.sha256 == hashlib.sha256(FILM).hexdigest()
    assert path.stat().st_mode & 0o777 == 0o600
    assert scene.files() == ["mine", "mine/today", "mine/today/film.mp4"]


async def test_progress_is_told_as_the_film_comes(scene: Scene) -> None:
    told: list[tuple[int, int | None]] = []

    async def note(received_bytes: int, size_bytes: int | None) -> None:
        told.append((received_bytes, size_bytes))

    await scene.films.save(URL, "film.mp4", on_bytes=note)

    assert told[-1] == (len(FILM), len(FILM))


async def test_a_film_of_many_pieces_is_saved_whole(scene: Scene, internet: Internet) -> None:
    film = FILM * 700
    pieces = [film[start : start + 100_000] for start in range(0, len(film), 100_000)]
    internet.answers[FOUND] = chunked(film[:3], film[3:100_000], *pieces[1:])

    saved = await scene.saved()

    assert saved.sha256 == hashlib.sha256(film).hexdigest()
    assert saved.size_bytes > 3 * 1024 * 1024


@pytest.mark.mcp_case("10.1", "14.2", "14.3", "13.2")
@pytest.mark.parametrize(
    ("told", "code", "word"),
    [
        (answer(status="403 Forbidden"), "expired", "Poll"),
        (answer(b"<Error>ExpiredToken</Error>", "400 Bad Request"), "expired", "Poll"),
        (answer(status="410 Gone"), "expired", "Poll"),
        (answer(status="404 Not Found"), "not_found", "no such film"),
        (answer(status="429 Too Many Requests"), "unavailable", "again"),
        (answer(status="503 Service Unavailable"), "unavailable", "again"),
        (answer(FILM, status="206 Partial Content"), "unavailable", "206"),
        (answer(status="204 No Content"), "unavailable", "204"),
        (answer(PAGE, headers={"Content-Type": "video/mp4"}), "not_a_video", "no video"),
        (answer(b"ftyp"), "not_a_video", "no video"),
        (answer(b""), "not_a_video", "nothing"),
        (chunked(), "not_a_video", "nothing"),
        (answer(FILM, headers={"Content-Encoding": "gzip"}), "not_a_video", "compressed"),
        (answer(FILM, headers={"Content-Length": str(len(FILM) + 1)}), "unavailable", "broke off"),
        (answer(FILM, headers={"Content-Length": "-1"}), "unavailable", "broke off"),
        (answer(FILM, headers={"Content-Length": "many"}), "unavailable", "broke off"),
        (answer(FILM, headers={"Content-Length": str(2**62)}), "too_large", "larger"),
        (chunked(FILM)[:-5], "unavailable", "broke off"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + FILM, "unavailable", "how long"),
        (b"SSH-2.0-OpenSSH\r\n", "unavailable", "broke off"),
        (b"", "unavailable", "broke off"),
    ],
)
async def test_what_is_not_the_whole_film_leaves_nothing_behind(
    scene: Scene, internet: Internet, told: bytes, code: str, word: str
) -> None:
    internet.answers[FOUND] = told

    refused, sentence = await scene.refusal(path="new/film.mp4")

    assert refused == code
    assert word in sentence
    assert [name for name in scene.files() if name != "new"] == []


@pytest.mark.mcp_case("14.2")
@pytest.mark.parametrize("told", [answer(FILM), chunked(FILM)])
async def test_more_than_a_film_may_have_is_not_kept(
    internet: Internet, trust: ssl.SSLContext, tmp_path: Path, told: bytes
) -> None:
    internet.answers[FOUND] = told
    scene = Scene(internet, trust, tmp_path, limits=DownloadLimits(bytes_max=len(FILM) - 1))

    assert (await scene.refusal())[0] == "too_large"
    assert scene.files() == []


@pytest.mark.requirement("DOWN-3")
@pytest.mark.mcp_case("14.1", "13.2")
@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (DownloadLimits(idle_seconds=0.05), "unavailable"),
        (DownloadLimits(total_seconds=0.2), "timed_out"),
    ],
)
async def test_a_host_that_falls_silent_is_given_up_and_its_part_removed(
    internet: Internet, trust: ssl.SSLContext, tmp_path: Path, limits: DownloadLimits, code: str
) -> None:
    big = answer(FILM * 700)
    internet.answers[FOUND] = then_silent(big[: len(big) // 2])
    scene = Scene(internet, trust, tmp_path, limits=limits)

    assert (await scene.refusal())[0] == code
    assert scene.files() == []


async def test_a_host_that_never_answers_is_given_up(
    internet: Internet, trust: ssl.SSLContext, tmp_path: Path
) -> None:
    internet.answers[FOUND] = then_silent(b"HTTP/1.1 200 OK\r\n")
    scene = Scene(internet, trust, tmp_path, limits=DownloadLimits(head_seconds=0.05))

    assert (await scene.refusal())[0] == "timed_out"


async def test_a_host_that_is_away_is_said_to_be(scene: Scene, internet: Internet) -> None:
    internet.dead.add("93.184.215.14")

    assert (await scene.refusal())[0] == "unavailable"


async def begun(scene: Scene) -> "asyncio.Task[object]":
    """A download with a part on the disk that will not end by itself."""
    has_part = asyncio.Event()

    async def note(_received_bytes: int, _size_bytes: int | None) -> None:
        has_part.set()

    task: asyncio.Task[object] = asyncio.ensure_future(
        scene.films.save(URL, "film.mp4", on_bytes=note)
    )
    await has_part.wait()
    return task


@pytest.mark.mcp_case("13.2")
async def test_cancelling_leaves_nothing_behind(scene: Scene, internet: Internet) -> None:
    big = answer(FILM * 700)
    internet.answers[FOUND] = then_silent(big[: len(big) // 2])
    task = await begun(scene)
    assert len(scene.files()) == 1

    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert scene.files() == []


@pytest.mark.mcp_case("15.2")
async def test_no_more_than_a_few_are_saved_at_once(
    internet: Internet, trust: ssl.SSLContext, tmp_path: Path
) -> None:
    big = answer(FILM * 700)
    internet.answers[FOUND] = then_silent(big[: len(big) // 2])
    scene = Scene(internet, trust, tmp_path, limits=DownloadLimits(at_once_max=1))
    task = await begun(scene)

    assert (await scene.refusal(path="other.mp4"))[0] == "rate_limited"

    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    internet.answers[FOUND] = answer(FILM)
    await scene.saved()


async def test_a_failure_of_who_is_told_of_progress_leaves_nothing_behind(scene: Scene) -> None:
    async def fail(_received_bytes: int, _size_bytes: int | None) -> None:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await scene.films.save(URL, "film.mp4", on_bytes=fail)

    assert scene.files() == []
