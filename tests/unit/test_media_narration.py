"""Where a narrator's lines are heard, and what is done with those that are too long."""

import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from studio.contracts.plan import ShotTiming
from studio.media.errors import MediaError
from studio.media.ffmpeg import file_url, run_ffmpeg
from studio.media.narration import (
    LEAD_SECONDS,
    MARGIN_SECONDS,
    TEMPO_MAX,
    Line,
    Narrated,
    narrate,
    place,
)
from studio.media.timeline import Timeline
from tests.media_fixtures import TIMEOUT_SECONDS, file_names

FPS = 24
TIMELINE = Timeline((96, 96, 108), (0, 12), FPS)
"""Shots from 0, 4 and 7.5 s on; the film is over at 12 s."""

ROOM_SECONDS = 4 - LEAD_SECONDS - MARGIN_SECONDS


def test_a_line_that_fits_is_heard_shortly_after_its_shot_begins() -> None:
    placements = place([0, 1, 2], [2.0, 3.0, 3.0], TIMELINE)

    assert [placement.start_seconds for placement in placements] == pytest.approx([0.3, 4.3, 7.8])
    assert [placement.seconds for placement in placements] == [2.0, 3.0, 3.0]
    assert not any(placement.cut or placement.tempo > 1 for placement in placements)


def test_a_line_that_is_a_little_long_is_spoken_faster() -> None:
    (placement, _) = place([0, 1], [ROOM_SECONDS * 1.2, 1.0], TIMELINE)

    assert placement.tempo == pytest.approx(1.2)
    assert placement.seconds == pytest.approx(ROOM_SECONDS)
    assert not placement.cut


def test_a_long_line_runs_on_into_a_shot_that_has_none() -> None:
    (first, second) = place([0, 2], [7.0, 1.0], TIMELINE)

    assert first.tempo == TEMPO_MAX
    assert first.seconds == pytest.approx(7.0 / TEMPO_MAX)
    assert not first.cut
    assert first.end_seconds < second.start_seconds


def test_a_line_that_would_meet_the_next_one_is_cut_before_it() -> None:
    (first, second) = place([0, 1], [7.0, 1.0], TIMELINE)

    assert first.cut
    assert first.end_seconds == pytest.approx(second.start_seconds - MARGIN_SECONDS)


def test_the_last_line_is_over_before_the_film_is() -> None:
    (placement,) = place([2], [20.0], TIMELINE)

    assert placement.cut
    assert placement.end_seconds == pytest.approx(TIMELINE.seconds - MARGIN_SECONDS)


def test_overlaps_that_have_no_room_where_a_neighbour_is_missing_get_shorter() -> None:
    shots = [
        ShotTiming(index=1, frames=108, filmed_seconds=5, overlap_frames=12),
        ShotTiming(index=3, frames=24, filmed_seconds=4, overlap_frames=12),
    ]

    assert Timeline.of(shots, FPS).overlap_frames == (8,)


async def spoken(
    folder: Path, lines: Sequence[tuple[int, float, str]], timeline: Timeline = TIMELINE
) -> Narrated:
    """Narrate with lines of tones: (position, seconds, text)."""
    recordings = []
    for position, seconds, text in lines:
        sound = folder / f"said-{position}.wav"
        tone = f"sine=f={500 + 100 * position}:r=24000:d={seconds}"
        await run_ffmpeg(
            ["-f", "lavfi", "-i", tone, file_url(sound)], timeout_seconds=TIMEOUT_SECONDS
        )
        recordings.append(Line(position, text, sound))
    return await narrate(recordings, timeline, folder / "narration.wav", folder=folder)


def heard(track: Path) -> list[tuple[float, float]]:
    """When there is sound, in seconds, to 10 ms."""
    with wave.open(str(track)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (48_000, 2, 2)
        sound = np.frombuffer(file.readframes(file.getnframes()), np.int16).reshape(-1, 2)
    levels = np.abs(sound[: len(sound) // 480 * 480, 0].reshape(-1, 480)).max(axis=1) > 300
    edges = np.flatnonzero(np.diff(np.concatenate([[0], levels.astype(int), [0]])))
    return [(float(a) / 100, float(b) / 100) for a, b in edges.reshape(-1, 2)]


async def test_the_track_is_as_long_as_the_film_and_says_each_line_at_its_time(
    tmp_path: Path,
) -> None:
    narrated = await spoken(tmp_path, [(0, 2.0, "One."), (2, 3.0, "Three.")])

    track = tmp_path / "narration.wav"
    with wave.open(str(track)) as file:
        assert file.getnframes() == TIMELINE.samples
    times = [(s.start_seconds, s.end_seconds) for s in narrated.transcript.segments]
    assert times == [(0.3, 2.3), (7.8, 10.8)]
    for (start, end), (planned_start, planned_end) in zip(heard(track), times, strict=True):
        assert (start, end) == pytest.approx((planned_start, planned_end), abs=0.03)
    assert [segment.text for segment in narrated.transcript.segments] == ["One.", "Three."]
    assert narrated.cut == ()


async def test_of_a_line_that_is_cut_only_what_is_heard_is_written(tmp_path: Path) -> None:
    text = "one two three four five six seven eight nine ten"
    narrated = await spoken(tmp_path, [(0, 9.0, text), (1, 1.0, "Two.")])

    first, second = narrated.transcript.segments
    assert narrated.cut == (0,)
    assert text.startswith(first.text.removesuffix(" …"))
    assert 3 <= len(first.text.split()) - 1 <= 7
    assert heard(tmp_path / "narration.wav")[0][1] <= second.start_seconds - MARGIN_SECONDS + 0.02


async def test_a_recording_without_sound_is_left_out(tmp_path: Path) -> None:
    narrated = await spoken(tmp_path, [(0, 0.01, "Nothing."), (1, 1.0, "Two.")])

    assert [segment.text for segment in narrated.transcript.segments] == ["Two."]


async def test_nothing_is_left_of_a_track_that_could_not_be_written(tmp_path: Path) -> None:
    (tmp_path / "line.wav").write_bytes(b"RIFF")
    with pytest.raises(MediaError):
        await narrate(
            [Line(0, "One.", tmp_path / "line.wav")],
            TIMELINE,
            tmp_path / "narration.wav",
            folder=tmp_path,
        )
    assert file_names(tmp_path) == {"line.wav"}
