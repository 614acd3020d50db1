"""The sound of a place, synthesised: clips carry sound, as video models' clips do."""

import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

import numpy as np

from studio.providers.local.sound import (
    SAMPLE_RATE,
    Sound,
    faded,
    samples_in,
    shaped_noise,
    write_wav,
)

_LOOP_SAMPLES: Final = 2**18
"""5.5 s: long enough not to be heard as a loop under its slow swell, small enough for one FFT."""
_CHUNK_SAMPLES: Final = SAMPLE_RATE
_FADE_SECONDS: Final = 0.03
_LEVEL: Final = 0.075
"""About -26 dBFS: an ambience, under music and speech."""


def _band(frequency: Sound, middle_hz: float, octaves: float) -> Sound:
    band: Sound = np.exp(-((np.log2(frequency / middle_hz) / octaves) ** 2)).astype(np.float32)
    return band


def _falling(frequency: Sound, power: float) -> Sound:
    return ((frequency / 100) ** -power).astype(np.float32)


_SPECTRA: Final[Mapping[str, Callable[[Sound], Sound]]] = {
    "wind": lambda f: _band(f, 320, 1.3) + 0.25 * _band(f, 1400, 1.0) + 0.3 * _band(f, 90, 0.8),
    "room": lambda f: np.minimum(_falling(f, 1.1), 1.5) * _band(f, 120, 2.6) + 0.004,
    "water": lambda f: _band(f, 700, 1.4) + 0.5 * _band(f, 2600, 1.1) + 0.3 * _band(f, 140, 1.0),
    "city": lambda f: np.minimum(_falling(f, 1.0), 2.0) * _band(f, 160, 2.2),
    "forest": lambda f: _band(f, 2400, 1.4) + 0.5 * _band(f, 300, 1.2),
    "drone": lambda f: _band(f, 70, 1.2) + 0.06 * _band(f, 900, 1.0),
}
_DRONE_SHARE: Final[Mapping[str, float]] = {
    "wind": 0.18, "room": 0.45, "water": 0.15, "city": 0.30, "forest": 0.15, "drone": 0.9,
}  # fmt: skip
_SWELL_SECONDS: Final[Mapping[str, float]] = {
    "wind": 4.3, "room": 9.0, "water": 3.1, "city": 7.0, "forest": 5.3, "drone": 8.0,
}  # fmt: skip


def write_ambience(destination: Path, kind: str, seed: int, duration_seconds: float) -> None:
    """Write a WAV (48 kHz stereo) of exactly the duration. Unknown kinds sound like a room."""
    kind = kind if kind in _SPECTRA else "room"
    write_wav(destination, _parts(kind, seed, samples_in(duration_seconds)))


def _parts(kind: str, seed: int, total: int) -> Iterator[Sound]:
    rng = np.random.default_rng([seed, 2])
    loop = np.stack([shaped_noise(rng, _LOOP_SAMPLES, _SPECTRA[kind]) for _ in range(2)], axis=1)
    root_hz = 55.0 * 2 ** (int(rng.integers(0, 12)) / 12)
    phases = rng.uniform(0, 2 * math.pi, 4)
    fade = samples_in(_FADE_SECONDS)
    for start in range(0, total, _CHUNK_SAMPLES):
        length = min(_CHUNK_SAMPLES, total - start)
        place = np.arange(start, start + length)
        seconds = place / SAMPLE_RATE
        period = _SWELL_SECONDS[kind]
        swell = 0.72 + 0.28 * np.sin(2 * math.pi * seconds / period + phases[0])
        noise = loop[place % _LOOP_SAMPLES] * swell[:, None]
        drone = _drone(seconds, root_hz, phases)
        part = _LEVEL * (0.6 * noise + _DRONE_SHARE[kind] * drone)
        yield faded(part.astype(np.float32), start, total, fade, fade)


def _drone(
    seconds: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    root_hz: float,
    phases: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
) -> Sound:
    """Root, fifth and octave; each ear a fraction of a hertz apart, so that it slowly beats."""
    ears = []
    for detune in (-0.11, 0.11):
        tone = sum(
            weight * np.sin(2 * math.pi * (root_hz * ratio + detune) * seconds + phase)
            for ratio, weight, phase in zip(
                (1, 1.5, 2, 3), (1.0, 0.5, 0.35, 0.12), phases, strict=True
            )
        )
        ears.append(np.asarray(tone))
    both: Sound = np.stack(ears, axis=1).astype(np.float32)
    return both
