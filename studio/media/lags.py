"""How much later one sound is heard in another: cross-correlation at a low sample rate."""

from typing import Final

import numpy as np
import numpy.typing as npt

from studio.media.encoding import SAMPLE_RATE_HZ

Mono = npt.NDArray[np.float32]

LISTENING_HZ: Final = 8_000
"""An eighth of a millisecond is 300 times finer than a frame."""

LISTENING_FILTER: Final = f"aresample={LISTENING_HZ}:async=1:first_pts=0"
"""Places the sound on the file's clock: what starts late is preceded by silence."""

LISTENING_ARGUMENTS: Final = ("-ac", "1", "-f", "s16le", "-c:a", "pcm_s16le")
LISTENING_BYTES: Final = 2

LIKENESS_MIN: Final = 0.15
"""Of 1 for the very same sound. Unlike ones of a second or more stay below 0.1."""

NEARLY_BEST: Final = 0.99
"""A tone fits again after each of its periods; of shifts that fit as well, the smallest counts."""

NEAR_SECONDS: Final = 0.1
REPETITION: Final = 0.85
"""Music fits again after a beat, almost as well: where a shift of at most NEAR_SECONDS fits by this
share of the best, the rest is taken for repetition.
"""

TINY: Final = 1e-9


def listened(sound: npt.NDArray[np.float32]) -> Mono:
    """Samples by channels at 48 kHz, as one channel at `LISTENING_HZ`."""
    step = SAMPLE_RATE_HZ // LISTENING_HZ
    whole = len(sound) // step * step
    channels = sound[:whole].reshape(-1, step * sound.shape[1])
    return np.asarray(channels.mean(axis=1), dtype=np.float32)


def find_lag(sound: Mono, within: Mono) -> int | None:
    """Where in `within` the sound begins, in samples from the middle of what is possible.

    `within` is longer than `sound`; in the middle means that there is as much more on both sides.
    None where nothing in it is like the sound.
    """
    shifts = len(within) - len(sound) + 1
    if shifts < 1 or not len(sound):
        return None
    likeness = _likeness(sound - sound.mean(), within)
    best = float(likeness.max())
    if best < LIKENESS_MIN:
        return None
    middle = shifts // 2
    reach = round(NEAR_SECONDS * LISTENING_HZ)
    near = likeness[max(0, middle - reach) : middle + reach + 1]
    if near.max() >= best * REPETITION:
        return _smallest_lag(near, min(middle, reach))
    return _smallest_lag(likeness, middle)


def _smallest_lag(likeness: npt.NDArray[np.float64], middle: int) -> int:
    lags = np.flatnonzero(likeness >= likeness.max() * NEARLY_BEST) - middle
    return int(lags[np.abs(lags).argmin()])


def _likeness(sound: Mono, within: Mono) -> npt.NDArray[np.float64]:
    """The correlation coefficient at every shift."""
    size = 1 << (len(within) + len(sound) - 1).bit_length()
    spectrum = np.fft.rfft(within, size) * np.conj(np.fft.rfft(sound, size))
    shifts = len(within) - len(sound) + 1
    products = np.fft.irfft(spectrum, size)[:shifts]
    energy = np.concatenate([[0.0], np.cumsum(within.astype(np.float64) ** 2)])
    there = np.maximum(energy[len(sound) :] - energy[: len(energy) - len(sound)], 0.0)
    own = float(np.sum(sound.astype(np.float64) ** 2))
    coefficients: npt.NDArray[np.float64] = products / (np.sqrt(there * own) + TINY)
    return coefficients
