"""Looks at a film and listens to it, knowing nothing of how it was made."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import av
import numpy as np
import numpy.typing as npt

from bench.errors import MeasurementFailed
from bench.join_clips import BEEP_HERTZ, CLIP_SECONDS, SIGNAL_AT_SECONDS, ClipSpec
from studio.media.ffmpeg import file_url
from studio.media.loudness import measure_loudness

WHITE: Final = 220
"""Mean luma of the flash; the picture without it stays far below."""
CENTRE: Final = (slice(200, 520), slice(500, 780))
"""Rows and columns that also an upright clip fills."""
BLOCK_SECONDS: Final = 0.002
"""Two periods of the beep."""
SEARCH_SECONDS: Final = 1.5
"""How far from its place a signal is looked for: less than to the next clip's."""
TIMEOUT_SECONDS: Final = 300.0


@dataclass(frozen=True)
class Judgement:
    """Drifts are in milliseconds against the plan, one a clip; None for a clip without sound."""

    picture_drift_ms: tuple[float, ...]
    sound_drift_ms: tuple[float | None, ...]
    video_seconds: float
    audio_seconds: float
    loudness_lufs: float | None
    true_peak_dbtp: float | None

    @property
    def last_drift_ms(self) -> float:
        """The worse of picture and sound at the last clip."""
        return max(abs(self.picture_drift_ms[-1]), abs(self.sound_drift_ms[-1] or 0.0))

    @property
    def worst_drift_ms(self) -> float:
        return max(abs(drift or 0.0) for drift in (*self.picture_drift_ms, *self.sound_drift_ms))


def judge(film: Path, specs: Sequence[ClipSpec]) -> Judgement:
    places = [index * CLIP_SECONDS + SIGNAL_AT_SECONDS for index in range(len(specs))]
    flashes, video_seconds = _flashes(film)
    levels, audio_seconds = _beep_levels(film)
    loudness = asyncio.run(
        measure_loudness(["-i", file_url(film)], timeout_seconds=TIMEOUT_SECONDS)
    )
    return Judgement(
        tuple(_nearest(flashes, place) for place in places),
        tuple(
            None if spec.sound_seconds is None else _nearest(_onset(levels, place), place)
            for spec, place in zip(specs, places, strict=True)
        ),
        video_seconds,
        audio_seconds,
        loudness.integrated_lufs,
        loudness.true_peak_dbtp,
    )


def _nearest(times: Sequence[float], place: float) -> float:
    found = min(times, key=lambda time: abs(time - place), default=None)
    if found is None or abs(found - place) > SEARCH_SECONDS:
        raise MeasurementFailed(f"The signal at {place:g} s is not in the film.")
    return round((found - place) * 1000, 2)


def _flashes(film: Path) -> tuple[list[float], float]:
    """When the picture turns white, and how long it is there."""
    with av.open(str(film)) as container:
        stream = container.streams.video[0]
        white = [
            (frame.time or 0.0, bool(frame.to_ndarray(format="gray")[CENTRE].mean() > WHITE))
            for frame in container.decode(stream)
        ]
        rate = float(stream.average_rate or 0)
    before = [False, *(is_white for _, is_white in white[:-1])]
    flashes = [
        time for (time, is_white), was in zip(white, before, strict=True) if is_white and not was
    ]
    return flashes, len(white) / rate


def _beep_levels(film: Path) -> tuple[npt.NDArray[np.float64], float]:
    """How loud the beep is in each block of BLOCK_SECONDS, and how long there is sound."""
    with av.open(str(film)) as container:
        stream = container.streams.audio[0]
        frames = [(frame.time or 0.0, frame.to_ndarray()[0]) for frame in container.decode(stream)]
        rate = stream.codec_context.sample_rate
    start = round(frames[0][0] * rate)
    sound = np.concatenate([np.zeros(max(0, start)), *(samples for _, samples in frames)])
    block = round(BLOCK_SECONDS * rate)
    tone = np.exp(-2j * np.pi * BEEP_HERTZ * np.arange(block) / rate)
    blocks = sound[: len(sound) // block * block].reshape(-1, block)
    return np.abs(blocks @ tone), len(sound) / rate


def _onset(levels: npt.NDArray[np.float64], place: float) -> list[float]:
    """Where the beep reaches half of its level, around its place."""
    first = max(0, round((place - SEARCH_SECONDS) / BLOCK_SECONDS))
    around = levels[first : round((place + SEARCH_SECONDS) / BLOCK_SECONDS)]
    loud = np.flatnonzero(around > np.percentile(around, 99) / 2)
    return [(first + int(loud[0])) * BLOCK_SECONDS] if len(loud) else []
