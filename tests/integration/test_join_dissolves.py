"""Shots that dissolve share frames; everything else of them is copied and stays in its place."""

from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
import pytest

from studio.contracts.plan import overlap_frames_max
from studio.media.errors import MediaError
from studio.media.ffmpeg import file_url, run_ffmpeg
from studio.media.join import JoinRequest, join_film
from studio.media.normalise import normalise_clip
from studio.media.quality import QualityReport
from studio.media.timeline import Timeline
from tests.media_fixtures import (
    FLASH_SECONDS,
    SET_B,
    TIMEOUT_SECONDS,
    beep_times,
    decoded_frames,
    flash_times,
    make_clips,
)

FPS = 24
SIZE = (160, 90)
FRAMES = (48, 36, 48)
OVERLAPS = (12, 8)
STARTS = (0, 36, 64)
HERTZ = (700, 1100, 1700)
COLOURS = ("red", "lime", "blue")
CHANNELS = {"red": 0, "lime": 1, "blue": 2}


async def coloured_clips(folder: Path, *, prepared: bool = True) -> list[Path]:
    """Three clips of one colour and one tone each, ready to dissolve where `prepared`."""
    timeline = Timeline(FRAMES, OVERLAPS, FPS)
    clips = []
    for index, (colour, hertz, frames) in enumerate(zip(COLOURS, HERTZ, FRAMES, strict=True)):
        source, clip = folder / f"source-{index}.mp4", folder / f"clip-{index}.mov"
        picture = f"color={colour}:s={SIZE[0]}x{SIZE[1]}:r={FPS}:d=2,noise=alls=4:allf=t"
        sound = f"sine=f={hertz}:r=48000:d=2"
        await run_ffmpeg(
            [*("-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound), file_url(source)],
            timeout_seconds=TIMEOUT_SECONDS,
        )
        await normalise_clip(
            source,
            clip,
            frames=frames,
            frames_per_second=FPS,
            width=SIZE[0],
            height=SIZE[1],
            keyframes=timeline.split_frames(index) if prepared else (),
            timeout_seconds=TIMEOUT_SECONDS,
        )
        clips.append(clip)
    return clips


async def dissolved(
    folder: Path, clips: Sequence[Path], frames: Sequence[int], overlaps: Sequence[int]
) -> QualityReport:
    return await join_film(
        JoinRequest(clips, frames, FPS, *SIZE, overlap_frames=overlaps),
        folder / "film.mp4",
        work_directory=folder,
        timeout_seconds=TIMEOUT_SECONDS,
    )


def mean_colours(film: Path) -> list[tuple[float, float, float]]:
    """The mean red, green and blue of every frame, 0 to 1."""
    with av.open(str(film)) as container:
        pictures = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    return [tuple(picture.mean(axis=(0, 1)) / 255) for picture in pictures]


def video_packets(path: Path) -> set[bytes]:
    with av.open(str(path)) as container:
        return {bytes(packet) for packet in container.demux(video=0) if packet.size}


def energies(film: Path, at_seconds: float, seconds: float = 0.05) -> tuple[float, ...]:
    """How strong each clip's tone is around a moment, against its strength alone."""
    with av.open(str(film)) as container:
        sound = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])

    def level(hertz: int, middle: float) -> float:
        first = int((middle - seconds / 2) * 48_000)
        piece = sound[first : first + int(seconds * 48_000)]
        wave = np.exp(-2j * np.pi * hertz * np.arange(len(piece)) / 48_000)
        return float(np.abs((piece * np.hanning(len(piece)) * wave).sum()))

    alone = [(start + 20) / FPS for start in STARTS]
    return tuple(
        (level(hertz, at_seconds) / level(hertz, middle)) ** 2
        for hertz, middle in zip(HERTZ, alone, strict=True)
    )


async def test_a_film_with_dissolves_is_as_long_as_its_shots_less_what_they_share(
    tmp_path: Path,
) -> None:
    report = await dissolved(tmp_path, await coloured_clips(tmp_path), FRAMES, OVERLAPS)

    assert [check.name for check in report.checks if not check.passed] == []
    assert decoded_frames(tmp_path / "film.mp4") == sum(FRAMES) - sum(OVERLAPS) == report.frames
    assert [clip.start_seconds for clip in report.clips] == [start / FPS for start in STARTS]


async def test_both_pictures_are_seen_while_one_dissolves_into_the_next(tmp_path: Path) -> None:
    await dissolved(tmp_path, await coloured_clips(tmp_path), FRAMES, OVERLAPS)

    colours = mean_colours(tmp_path / "film.mp4")
    for index, overlap in enumerate(OVERLAPS):
        before, after = index, index + 1
        first = STARTS[after]
        middle = colours[first + overlap // 2]
        assert 0.25 < middle[before] < 0.75
        assert 0.25 < middle[after] < 0.75
        assert colours[first - 1][before] > 0.8
        assert colours[first - 1][after] < 0.2
        assert colours[first + overlap][after] > 0.8
        assert colours[first + overlap][before] < 0.2


async def test_the_sound_keeps_its_energy_through_a_dissolve(tmp_path: Path) -> None:
    await dissolved(tmp_path, await coloured_clips(tmp_path), FRAMES, OVERLAPS)

    for index, overlap in enumerate(OVERLAPS):
        for share in (0.25, 0.5, 0.75):
            at = (STARTS[index + 1] + share * overlap) / FPS
            heard = energies(tmp_path / "film.mp4", at)
            assert heard[index] + heard[index + 1] == pytest.approx(1.0, abs=0.15)
            assert heard[index + 1] == pytest.approx(np.sin(share * np.pi / 2) ** 2, abs=0.12)


async def test_only_what_is_shared_is_encoded_again(tmp_path: Path) -> None:
    clips = await coloured_clips(tmp_path)
    await dissolved(tmp_path, clips, FRAMES, OVERLAPS)

    packets = video_packets(tmp_path / "film.mp4")
    copied = [len(packets & video_packets(clip)) for clip in clips]
    alone = [FRAMES[0] - 12, FRAMES[1] - 12 - 8, FRAMES[2] - 8]
    assert copied == alone
    assert len(packets) == sum(alone) + sum(OVERLAPS)


async def test_clips_that_cannot_be_cut_apart_are_normalised_again(tmp_path: Path) -> None:
    clips = await coloured_clips(tmp_path, prepared=False)
    report = await dissolved(tmp_path, clips, FRAMES, OVERLAPS)

    assert report.passed
    assert decoded_frames(tmp_path / "film.mp4") == sum(FRAMES) - sum(OVERLAPS)


async def test_clips_of_all_kinds_stay_in_place_between_cuts_and_dissolves(tmp_path: Path) -> None:
    frames = [36, 36, 36, 36, 33, 36, 30, 41]
    overlaps = [8, 0, 8, 4, 0, 10, 6]
    sources = await make_clips(tmp_path, SET_B)
    report = await dissolved(tmp_path, sources, frames, overlaps)

    starts = [clip.start_seconds for clip in report.clips]
    expected = [start + FLASH_SECONDS for start in starts]
    with_sound = [
        time for time, spec in zip(expected, SET_B, strict=True) if spec.sound_seconds is not None
    ]
    film = tmp_path / "film.mp4"
    assert report.passed
    assert decoded_frames(film) == sum(frames) - sum(overlaps)
    assert flash_times(film) == pytest.approx(expected, abs=1 / FPS)
    assert beep_times(film) == pytest.approx(with_sound, abs=1 / FPS)


def test_a_dissolve_takes_half_a_second_or_a_third_of_the_shorter_clip() -> None:
    assert overlap_frames_max(240, 120, 24) == 12
    assert overlap_frames_max(240, 24, 24) == 8


@pytest.mark.parametrize("overlaps", [(13, 8), (12, 13), (12,), (-1, 8)])
async def test_a_longer_dissolve_is_refused(tmp_path: Path, overlaps: tuple[int, ...]) -> None:
    clips = [tmp_path / "clip.mov"] * 3

    with pytest.raises(MediaError):
        await dissolved(tmp_path, clips, FRAMES, overlaps)
