"""What goes wrong while joining ends clearly: no child, no half file, no growing memory."""

import asyncio
import os
import select
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from studio.media.errors import DiskFull, MediaError, MediaTimeout
from studio.media.ffmpeg import file_url, run_ffmpeg
from studio.media.join import JoinRequest, join_film
from studio.media.normalise import normalise_clip
from tests.media_driver import CLIP_FRAMES, ENDLESS, FPS, NEVER_SECONDS, SIZE, child_pids
from tests.media_fixtures import TIMEOUT_SECONDS, ClipSpec, file_names, make_clip

SHORT = ClipSpec(*SIZE, seconds=1.0, sound_seconds=1.0)
GONE_SECONDS_MAX = 20.0

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


async def make_normalised(folder: Path) -> Path:
    clip = folder / "clip.mov"
    await normalise_clip(
        await make_clip(folder / "source.mp4", SHORT),
        clip,
        frames=CLIP_FRAMES,
        frames_per_second=FPS,
        width=SIZE[0],
        height=SIZE[1],
        timeout_seconds=TIMEOUT_SECONDS,
    )
    return clip


@linux_only
async def test_cancelling_kills_ffmpeg_before_it_returns() -> None:
    running = asyncio.Event()
    before = child_pids()
    work = asyncio.create_task(
        run_ffmpeg(ENDLESS, timeout_seconds=NEVER_SECONDS, on_seconds=lambda _: running.set())
    )
    await running.wait()
    assert child_pids() > before

    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert child_pids() == before


@linux_only
@pytest.mark.parametrize("until", [0.05, 0.15, 0.35, 0.75])
@pytest.mark.parametrize("overlaps", [(), (8,) * 7])
async def test_cancelling_a_join_leaves_neither_children_nor_files(
    tmp_path: Path, until: float, overlaps: tuple[int, ...]
) -> None:
    clip = await make_normalised(tmp_path)
    before = file_names(tmp_path)
    children = child_pids()
    started = asyncio.Event()
    work = asyncio.create_task(
        join_film(
            JoinRequest([clip] * 8, [CLIP_FRAMES] * 8, FPS, *SIZE, overlap_frames=overlaps),
            tmp_path / "film.mp4",
            work_directory=tmp_path,
            timeout_seconds=NEVER_SECONDS,
            on_progress=lambda fraction: started.set() if fraction > until else None,
        )
    )
    await started.wait()
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work

    assert child_pids() == children
    assert file_names(tmp_path) == before


@linux_only
def test_ffmpeg_dies_with_a_worker_that_is_killed() -> None:
    command = [sys.executable, "-m", "tests.media_driver", "encode"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        ffmpeg = os.pidfd_open(int(worker.stdout.readline()))
        worker.kill()
        ended, _, _ = select.select([ffmpeg], [], [], GONE_SECONDS_MAX)
        os.close(ffmpeg)
    assert ended


async def test_a_time_limit_ends_ffmpeg() -> None:
    with pytest.raises(MediaTimeout):
        await run_ffmpeg(ENDLESS, timeout_seconds=0.2)


async def test_a_time_limit_ends_a_join(tmp_path: Path) -> None:
    clip = await make_normalised(tmp_path)

    with pytest.raises(MediaTimeout):
        await join_film(
            JoinRequest([clip], [CLIP_FRAMES], FPS, *SIZE),
            tmp_path / "film.mp4",
            work_directory=tmp_path,
            timeout_seconds=0.01,
        )
    assert file_names(tmp_path) == {"clip.mov", "source.mp4"}


async def test_ffmpegs_own_words_are_in_the_error(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="No such file"):
        await run_ffmpeg(
            ["-i", file_url(tmp_path / "none.mp4"), "-f", "null", "-"],
            timeout_seconds=TIMEOUT_SECONDS,
        )


async def test_an_error_of_whoever_feeds_ffmpeg_is_passed_on() -> None:
    async def frames() -> AsyncIterator[bytes]:
        yield bytes(160 * 90)
        raise LookupError

    raw = ("-f", "rawvideo", "-pix_fmt", "gray", "-s", "160x90", "-i", "pipe:0", "-f", "null", "-")
    with pytest.raises(LookupError):
        await run_ffmpeg(raw, timeout_seconds=TIMEOUT_SECONDS, stdin=frames())


async def test_ffmpeg_may_stop_reading_before_everything_was_fed(tmp_path: Path) -> None:
    async def frames() -> AsyncIterator[bytes]:
        for _ in range(500):
            yield bytes(160 * 90)

    raw = ["-f", "rawvideo", "-pix_fmt", "gray", "-s", "160x90", "-i", "pipe:0"]
    picture = tmp_path / "first.png"
    await run_ffmpeg(
        [*raw, "-frames:v", "1", "-update", "1", file_url(picture)],
        timeout_seconds=TIMEOUT_SECONDS,
        stdin=frames(),
    )
    assert picture.stat().st_size > 0


@linux_only
async def test_a_full_disk_is_recognised() -> None:
    tone = ["-f", "lavfi", "-i", "sine=d=5"]
    with pytest.raises(DiskFull):
        await run_ffmpeg(
            [*tone, "-f", "wav", file_url(Path("/dev/full"))], timeout_seconds=TIMEOUT_SECONDS
        )


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 256 KiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)],
        check=False,
        capture_output=True,
    )
    if mounted.returncode != 0:
        pytest.skip("mounting a small disk needs privileges")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.parametrize("overlaps", [(), (8,) * 3])
async def test_a_disk_that_fills_while_joining_leaves_it_as_it_was(
    tmp_path: Path, small_disk: Path, overlaps: tuple[int, ...]
) -> None:
    clip = await make_normalised(tmp_path)

    with pytest.raises(DiskFull):
        await join_film(
            JoinRequest([clip] * 4, [CLIP_FRAMES] * 4, FPS, *SIZE, overlap_frames=overlaps),
            small_disk / "film.mp4",
            work_directory=small_disk,
            timeout_seconds=TIMEOUT_SECONDS,
        )
    assert file_names(small_disk) == set()


async def test_memory_stays_flat_from_3_to_64_shots(tmp_path: Path) -> None:
    """With dissolves and a narrator: everything that a film can have for each of its shots."""
    await make_normalised(tmp_path)
    clip, voice = tmp_path / "clip.mov", tmp_path / "voice.wav"
    await run_ffmpeg(["-i", file_url(clip), file_url(voice)], timeout_seconds=TIMEOUT_SECONDS)

    few = await peak_memory_kib(tmp_path, clip, voice, 3)
    many = await peak_memory_kib(tmp_path, clip, voice, 64)

    growth_kib_max = 16 * 1024
    assert many[0] - few[0] < growth_kib_max
    assert many[1] - few[1] < growth_kib_max


async def peak_memory_kib(folder: Path, clip: Path, voice: Path, count: int) -> tuple[int, int]:
    paths = map(str, (folder, clip, voice))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.media_driver", "join", *paths, str(count)),
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    own, largest_child = output.split()
    return int(own), int(largest_child)
