"""The beat grid of a track: where its beats are, to a frame, or none where it has no pulse."""

from pathlib import Path

import numpy as np
import pytest

from studio.contracts.documents import BeatGrid
from studio.media.beats import beat_grid
from studio.media.errors import UndecodableMedia
from tests.sound_scenes import (
    RATE_HZ,
    Sound,
    babble,
    beats_of,
    chords,
    clicks,
    drums,
    hiss,
    tone,
    write_wav,
)

NEAR_SECONDS = 0.03
"""Less than one frame of film."""


def distances(these: list[float], those: list[float]) -> list[float]:
    """How far each of these is from the nearest of those."""
    return [float(np.abs(np.array(those) - each).min()) for each in these]


def assert_beats(grid: BeatGrid, bpm: float, truth: list[float]) -> None:
    assert grid.beats_per_minute == pytest.approx(bpm, rel=0.01)
    found = list(grid.beat_seconds)
    assert max(distances(truth[1:-1], found)) < NEAR_SECONDS
    assert max(distances(found[1:-1], truth)) < NEAR_SECONDS


@pytest.mark.parametrize("bpm", [60, 66, 75, 90, 97, 110, 120, 128, 140, 150, 163, 174, 180])
async def test_a_metronome_is_followed(tmp_path: Path, bpm: float) -> None:
    grid = await beat_grid(write_wav(tmp_path / "a.wav", clicks(bpm, 15)))

    assert_beats(grid, bpm, beats_of(bpm, 15))


@pytest.mark.parametrize("bpm", [66, 83, 97, 110, 120, 132])
@pytest.mark.parametrize("noise", [0.0, 0.05])
async def test_drums_are_followed_through_noise(tmp_path: Path, bpm: float, noise: float) -> None:
    grid = await beat_grid(write_wav(tmp_path / "a.wav", drums(bpm, 15, noise=noise)))

    assert_beats(grid, bpm, beats_of(bpm, 15))


async def test_chords_without_drums_have_beats_too(tmp_path: Path) -> None:
    grid = await beat_grid(write_wav(tmp_path / "a.wav", chords(96, 20)))

    assert_beats(grid, 96, beats_of(96, 20))


async def test_beats_begin_with_the_music_after_silence(tmp_path: Path) -> None:
    grid = await beat_grid(write_wav(tmp_path / "a.wav", drums(104, 20, lead_seconds=5)))

    assert grid.beat_seconds[0] == pytest.approx(5, abs=NEAR_SECONDS)
    assert_beats(grid, 104, beats_of(104, 20, 5))


async def test_beats_end_with_the_music(tmp_path: Path) -> None:
    music = np.concatenate([drums(104, 12), np.zeros(5 * RATE_HZ)])
    grid = await beat_grid(write_wav(tmp_path / "a.wav", music))

    assert grid.beat_seconds[-1] == pytest.approx(beats_of(104, 12)[-1], abs=NEAR_SECONDS)


async def test_a_tempo_that_drifts_is_followed(tmp_path: Path) -> None:
    slow, fast = drums(116, 12), drums(119, 12, lead_seconds=0.0)
    truth = beats_of(116, 12)
    start = truth[-1] + 60 / 116
    music = np.concatenate([slow[: round(start * RATE_HZ)], fast])
    truth += [start + beat for beat in beats_of(119, 12, 0.0)]

    grid = await beat_grid(write_wav(tmp_path / "a.wav", music))

    assert max(distances(truth[1:-1], list(grid.beat_seconds))) < NEAR_SECONDS


async def test_only_what_the_film_hears_is_looked_at(tmp_path: Path) -> None:
    music = np.concatenate([drums(90, 8.1, lead_seconds=0.1), drums(125, 12)])
    grid = await beat_grid(write_wav(tmp_path / "a.wav", music), start_seconds=8.1)

    assert grid.beat_seconds[0] >= 8.1
    assert_beats(grid, 125, [8.1 + beat for beat in beats_of(125, 12)])


@pytest.mark.parametrize(
    "sound",
    [
        pytest.param(np.zeros(10 * RATE_HZ), id="silence"),
        pytest.param(tone(10), id="a steady tone"),
        pytest.param(clicks(120, 1.2), id="too short"),
        pytest.param(np.zeros(0), id="nothing"),
        *(pytest.param(hiss(15, seed), id=f"noise {seed}") for seed in range(3)),
        *(pytest.param(babble(20, seed), id=f"speech {seed}") for seed in range(6)),
    ],
)
async def test_what_has_no_pulse_has_no_beats(tmp_path: Path, sound: Sound) -> None:
    assert await beat_grid(write_wav(tmp_path / "a.wav", sound)) == BeatGrid()


@pytest.mark.parametrize("content", [b"", b"RIFF", b"no sound at all" * 100])
async def test_what_is_no_wav_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.wav").write_bytes(content)

    with pytest.raises(UndecodableMedia):
        await beat_grid(tmp_path / "a.wav")
