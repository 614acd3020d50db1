"""Small tools of the local synthesisers: coloured noise, and WAV files written in parts."""

import math
import wave
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE: Final = 48_000
CHANNELS: Final = 2
_SAMPLE_MAX: Final = 32_000
"""A little under the 16-bit full scale of 32,767: a later encoder overshoots."""

Sound = NDArray[np.float32]
"""Samples from -1 to 1; shape (samples,) or (samples, 2)."""


def samples_in(seconds: float) -> int:
    return round(seconds * SAMPLE_RATE)


def write_wav(destination: Path, parts: Iterable[Sound]) -> None:
    """Write 48 kHz 16-bit stereo from parts of shape (n, 2), one at a time in memory."""
    with wave.open(str(destination), "wb") as file:
        file.setnchannels(CHANNELS)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        for part in parts:
            clipped = np.clip(part, -1.0, 1.0) * _SAMPLE_MAX
            file.writeframes(np.round(clipped).astype("<i2").tobytes())


def shaped_noise(rng: np.random.Generator, length: int, shape: Callable[[Sound], Sound]) -> Sound:
    """Noise with the spectrum `shape(frequency_hz)`, of unit power. It loops without a seam:
    a sum of whole periods is periodic.
    """
    frequencies = np.fft.rfftfreq(length, 1 / SAMPLE_RATE).astype(np.float32)
    strength = shape(np.maximum(frequencies, 1.0))
    phases = rng.uniform(0, 2 * math.pi, len(frequencies))
    spectrum = strength * np.exp(1j * phases)
    spectrum[0] = 0
    noise = np.fft.irfft(spectrum, length)
    loop: Sound = (noise / max(float(noise.std()), 1e-9)).astype(np.float32)
    return loop


def faded(part: Sound, start: int, total: int, fade_in: int, fade_out: int) -> Sound:
    """A part that begins at sample `start` of `total`, under the whole's fade in and out."""
    place = np.arange(start, start + len(part), dtype=np.float32)
    gain = np.minimum(place / max(fade_in, 1), (total - 1 - place) / max(fade_out, 1))
    level: Sound = part * np.clip(gain, 0, 1).astype(np.float32)[:, None]
    return level
