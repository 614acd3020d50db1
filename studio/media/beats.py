"""Where a track's beats are: its tempo, and the beats that follow it and its onsets best.

After Ellis, 'Beat Tracking by Dynamic Programming', Journal of New Music Research 36(1), 2007:
tempo from the autocorrelation of the onset strength with a preference for walking pace, then the
sequence of beats with the most onset strength whose gaps keep that tempo. Own code, because the
libraries that do this bring compilers and model frameworks along (docs/decisions/0006).
"""

import asyncio
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from studio.contracts.documents import BeatGrid
from studio.media.onsets import ENVELOPE_RATE_HZ, Envelope, onset_envelope

TRACK_SECONDS_MAX: Final = 600.0
"""No film is longer, so no more of a track is heard."""

SLOWEST_BPM: Final = 50.0
FASTEST_BPM: Final = 200.0
"""What dance and film music uses; a faster pulse is counted by its every second beat."""

PREFERRED_BPM: Final = 120.0
PREFERENCE_OCTAVES: Final = 1.4
"""Ellis' prior: people tap near 120. His 0.9 octaves, wider, so that a plain 60 stays a 60."""

SUBDIVISION_SHARE: Final = 0.9
"""A pulse twice as fast is the beat only if its in-between onsets are about as strong."""

CLARITY_MIN: Final = 0.15
CLARITY_BY_CHANCE: Final = 0.5
"""Least mean autocorrelation at the first beats' distances: the second is divided by the square
root of the length in seconds, as what chance gives is. Drums have above 0.6; of speech, 6 s had up
to 0.32 and 30 s up to 0.1 where these were chosen."""

_CLARITY_BEATS: Final = 4
_TIGHTNESS: Final = 400.0
"""Ellis' alpha, which he found best between 400 and 1000: what a gap off the tempo costs."""

_SMOOTHING_SECONDS: Final = 0.02
_TREND_SECONDS: Final = 0.8
_EDGE_SHARE: Final = 0.1
"""A beat before the first or after the last clear onset is not heard, so it is left out."""

_ONSET_LAG_SECONDS: Final = 0.01
"""A window hears an attack before its middle gets there: about a quarter of it, as measured."""

_BEATS_MIN: Final = 4


async def beat_grid(wav: Path, *, start_seconds: float = 0.0) -> BeatGrid:
    """The tempo and beats of a track from `start_seconds` on, at most TRACK_SECONDS_MAX of it.

    `wav` is 16-bit PCM of our own making. Times are seconds of the file. Empty where nothing
    repeats: silence, noise, speech. Raises UndecodableMedia if it is no such file.
    """
    return await asyncio.to_thread(find_beats, wav, start_seconds)


def find_beats(wav: Path, start_seconds: float = 0.0) -> BeatGrid:
    """What `beat_grid` does, blocking: some 2 s for ten minutes."""
    envelope = _prepared(
        onset_envelope(wav, start_seconds=start_seconds, seconds_max=TRACK_SECONDS_MAX)
    )
    period = _beat_period(envelope)
    if period is None:
        return BeatGrid()
    beats = _trimmed(envelope, _track(envelope, period))
    if len(beats) < _BEATS_MIN:
        return BeatGrid()
    seconds = beats / ENVELOPE_RATE_HZ
    bpm = 60.0 / float(np.polyfit(np.arange(len(seconds)), seconds, 1)[0])
    times = start_seconds + seconds + _ONSET_LAG_SECONDS
    return BeatGrid(
        beats_per_minute=round(bpm, 1), beat_seconds=tuple(round(float(t), 3) for t in times)
    )


def _prepared(flux: Envelope) -> Envelope:
    """Without the slow trend, smoothed by about a frame, in units of its own deviation."""
    if len(flux) < ENVELOPE_RATE_HZ:
        return np.zeros(0)
    trend = _smoothed(flux, _TREND_SECONDS)
    sharp = _smoothed(np.maximum(flux - trend, 0.0), _SMOOTHING_SECONDS)
    deviation = float(sharp.std())
    return sharp / deviation if deviation > 0 else np.zeros(0)


def _smoothed(values: Envelope, seconds: float) -> Envelope:
    """Convolved with a Gaussian of this deviation."""
    deviation = seconds * ENVELOPE_RATE_HZ
    reach = int(np.ceil(3 * deviation))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / deviation) ** 2)
    padded = np.pad(values, reach, mode="edge")
    return np.convolve(padded, kernel / kernel.sum(), mode="valid")


def _beat_period(envelope: Envelope) -> float | None:
    """The distance of two beats in values of the envelope; None where nothing repeats."""
    shortest = 60.0 * ENVELOPE_RATE_HZ / FASTEST_BPM
    longest = 60.0 * ENVELOPE_RATE_HZ / SLOWEST_BPM
    similarity = _autocorrelation(envelope, int(longest * _CLARITY_BEATS) + 2)
    if len(similarity) <= longest * 2:
        return None
    lags = np.arange(int(shortest), int(longest) + 1)
    octaves = np.log2(60.0 * ENVELOPE_RATE_HZ / lags / PREFERRED_BPM) / PREFERENCE_OCTAVES
    weighted = similarity[lags] * np.exp(-0.5 * octaves**2)
    lag = float(lags[int(np.argmax(weighted))])
    while lag / 2 >= shortest and (
        _peak(similarity, lag / 2) >= SUBDIVISION_SHARE * _peak(similarity, lag)
    ):
        lag /= 2
    clarity = np.mean([_peak(similarity, lag * n) for n in _multiples(lag, len(similarity))])
    seconds = len(envelope) / ENVELOPE_RATE_HZ
    needed = CLARITY_MIN + CLARITY_BY_CHANCE / seconds**0.5
    return _refined(similarity, lag) if clarity >= needed else None


def _autocorrelation(envelope: Envelope, lags: int) -> NDArray[np.float64]:
    """How similar the envelope is to itself `n` values later: 1 at 0, unbiased, few at the end."""
    count = len(envelope)
    if count == 0:
        return np.zeros(0)
    centred = envelope - envelope.mean()
    size = 1 << (2 * count - 1).bit_length()
    spectrum = np.fft.rfft(centred, size)
    raw = np.fft.irfft(spectrum * spectrum.conj(), size)[: min(lags, count // 2)]
    unbiased = raw / (count - np.arange(len(raw)))
    return np.asarray(unbiased / unbiased[0], dtype=np.float64)


def _multiples(lag: float, count: int) -> range:
    return range(1, max(2, min(_CLARITY_BEATS, int((count - 2) / lag)) + 1))


def _peak(similarity: NDArray[np.float64], lag: float) -> float:
    """The highest value within a hair of a lag: beats are not whole values apart."""
    centre = round(lag)
    around = similarity[max(1, centre - 2) : centre + 3]
    return float(around.max()) if around.size else 0.0


def _refined(similarity: NDArray[np.float64], lag: float) -> float:
    """The period from the farthest multiple that is still a clear peak: errors divide by it."""
    period = lag
    for multiple in _multiples(lag, len(similarity)):
        centre = round(period * multiple)
        low = max(1, centre - 2)
        around = similarity[low : centre + 3]
        if around.size:
            period = (low + int(np.argmax(around))) / multiple
    return period


def _track(envelope: Envelope, period: float) -> NDArray[np.int64]:
    """The best sequence of beats: Ellis' equations 3 to 5."""
    count = len(envelope)
    near, far = round(period / 2), round(2 * period)
    gaps = np.arange(far, near - 1, -1)
    costs = -_TIGHTNESS * np.log(gaps / period) ** 2
    score = envelope.copy()
    before = np.full(count, -1, dtype=np.int64)
    for moment in range(near, count):
        reachable = min(len(gaps), moment - near + 1)
        candidates = score[max(0, moment - far) : moment - near + 1] + costs[-reachable:]
        best = int(np.argmax(candidates))
        if candidates[best] > 0:
            score[moment] += candidates[best]
            before[moment] = max(0, moment - far) + best
    beats = []
    last_period = score[-far:]
    moment = count - len(last_period) + int(np.argmax(last_period))
    while moment >= 0:
        beats.append(moment)
        moment = int(before[moment])
    return np.array(beats[::-1], dtype=np.int64)


def _trimmed(envelope: Envelope, beats: NDArray[np.int64]) -> NDArray[np.int64]:
    """Without the beats that were only counted on, before the music begins and after it ends."""
    strength = np.array([envelope[max(0, beat - 2) : beat + 3].max() for beat in beats])
    heard = np.flatnonzero(strength >= _EDGE_SHARE * np.median(strength))
    return beats[heard[0] : heard[-1] + 1] if heard.size else beats[:0]
