"""A joined film keeps sound and picture together, whatever the clips were."""

from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path

import pytest

from studio.media.join import JoinRequest, join_film
from studio.media.normalise import normalise_clip
from studio.media.quality import QualityReport
from tests.media_fixtures import (
    FLASH_SECONDS,
    SET_A,
    SET_B,
    TIMEOUT_SECONDS,
    ClipSpec,
    beep_times,
    decoded_frames,
    file_names,
    flash_times,
    make_clips,
)

FPS = 24
FRAME_SECONDS = 1 / FPS
SIZE = (320, 180)


async def normalised(folder: Path, specs: Sequence[ClipSpec], frames: Sequence[int]) -> list[Path]:
    sources = await make_clips(folder, specs)
    clips = []
    for index, (source, count) in enumerate(zip(sources, frames, strict=True)):
        clip = folder / f"clip-{index}.mov"
        await normalise_clip(
            source,
            clip,
            frames=count,
            frames_per_second=FPS,
            width=SIZE[0],
            height=SIZE[1],
            timeout_seconds=TIMEOUT_SECONDS,
        )
        clips.append(clip)
    return clips


async def joined(folder: Path, clips: Sequence[Path], frames: Sequence[int]) -> QualityReport:
    return await join_film(
        JoinRequest(clips, frames, FPS, *SIZE),
        folder / "film.mp4",
        work_directory=folder,
        timeout_seconds=TIMEOUT_SECONDS,
    )


def starts(frames: Sequence[int]) -> list[float]:
    return [count / FPS for count in accumulate(frames[:-1], initial=0)]


def failures(report: QualityReport) -> list[str]:
    return [f"{check.name}: {check.value}" for check in report.checks if not check.passed]


async def test_clips_that_agree_join_without_drift_at_the_exact_length(tmp_path: Path) -> None:
    frames = [36] * len(SET_A)
    report = await joined(tmp_path, await normalised(tmp_path, SET_A, frames), frames)

    film = tmp_path / "film.mp4"
    expected = [start + FLASH_SECONDS for start in starts(frames)]
    assert failures(report) == []
    assert report.duration_seconds == pytest.approx(sum(frames) / FPS, abs=1e-3)
    assert decoded_frames(film) == sum(frames)
    assert flash_times(film) == pytest.approx(expected, abs=FRAME_SECONDS)
    assert beep_times(film) == pytest.approx(expected, abs=FRAME_SECONDS / 4)
    assert [clip.picture_drift_ms for clip in report.clips] == [0] * len(SET_A)
    assert [clip.sound_drift_ms for clip in report.clips] == pytest.approx([0] * 4, abs=1)


async def test_clips_that_differ_in_everything_join_without_drift(tmp_path: Path) -> None:
    frames = [36, 36, 36, 36, 33, 36, 36, 41]
    report = await joined(tmp_path, await normalised(tmp_path, SET_B, frames), frames)

    film = tmp_path / "film.mp4"
    positions = [start + FLASH_SECONDS for start in starts(frames)]
    with_sound = [
        position
        for position, spec in zip(positions, SET_B, strict=True)
        if spec.sound_seconds is not None
    ]
    assert failures(report) == []
    assert decoded_frames(film) == sum(frames)
    assert flash_times(film) == pytest.approx(positions, abs=FRAME_SECONDS)
    assert beep_times(film) == pytest.approx(with_sound, abs=FRAME_SECONDS)
    assert [clip.picture_drift_ms for clip in report.clips] == [0] * len(SET_B)
    assert [clip.sound_drift_ms is None for clip in report.clips] == [
        spec.sound_seconds is None for spec in SET_B
    ]


async def test_a_clip_that_was_never_normalised_is_brought_into_line(tmp_path: Path) -> None:
    sources = await make_clips(tmp_path, [SET_B[1], SET_A[0]])

    report = await joined(tmp_path, sources, [30, 36])

    assert failures(report) == []
    assert decoded_frames(tmp_path / "film.mp4") == 66


async def test_joining_the_same_clips_again_gives_the_same_bytes(tmp_path: Path) -> None:
    frames = [36, 36]
    clips = await normalised(tmp_path, SET_A[:2], frames)
    first = await joined(tmp_path, clips, frames)
    second = await joined(tmp_path, clips, frames)

    assert first.sha256 == second.sha256


async def test_nothing_but_the_film_is_left_behind(tmp_path: Path) -> None:
    frames = [36]
    clips = await normalised(tmp_path, SET_A[:1], frames)
    before = file_names(tmp_path)
    await joined(tmp_path, clips, frames)

    assert file_names(tmp_path) == before | {"film.mp4"}
