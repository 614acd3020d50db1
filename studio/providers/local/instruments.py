"""What the local composer plays on. Each adds one bar of one chord to a stem, releases included."""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from studio.providers.local.score import BEATS_PER_BAR, Score
from studio.providers.local.sound import SAMPLE_RATE, Sound, samples_in, shaped_noise

_STEPS_PER_BAR: Final = 8
_HALL_SECONDS: Final = 3.2
_HALL_DECAY: Final = 1.9
_HALL_SEED: Final = 23
"""The hall is always the same one."""
_NINTH: Final = 2 ** (2 / 12)

Wave = NDArray[np.float64]


def pad(notes: list[float], bar: int, length: int, seed: int) -> Sound:
    """Slow strings: detuned partials that swell in over half a bar and die away after it.

    The chord's ninth sounds softly above it.
    """
    rng = np.random.default_rng([seed, 4])
    seconds = np.arange(length, dtype=np.float64) / SAMPLE_RATE
    place = np.arange(length)
    rise = np.clip(place / (0.45 * bar), 0, 1)
    fall = np.clip(1 - (place - bar) / (0.7 * (length - bar)), 0, 1)
    swell = rise * rise * (3 - 2 * rise) * fall * fall * (3 - 2 * fall)
    sound = np.zeros((length, 2), np.float64)
    voices = [(note, 1.0) for note in notes] + [(notes[0] / 2, 0.5), (notes[0] * 2 * _NINTH, 0.16)]
    for note, loudness in voices:
        for side in (0, 1):
            for partial, weight in enumerate((1.0, 0.46, 0.26, 0.15, 0.09), start=1):
                detune = 1 + float(rng.uniform(-0.0019, 0.0019))
                phase = float(rng.uniform(0, 2 * math.pi))
                turn = 2 * math.pi * note * partial * detune * seconds + phase
                sound[:, side] += loudness * weight * np.sin(turn)
    level: Sound = (sound * (swell * 0.26)[:, None]).astype(np.float32)
    return level


def play_bass(stem: Sound, note: float, score: Score) -> None:
    """One long soft note a bar, and its echo in the middle."""
    for start, loudness in ((0, 1.0), (samples_in(score.bar_seconds / 2), 0.5)):
        length = min(samples_in(score.bar_seconds / 2 + 0.9), len(stem) - start)
        seconds = np.arange(length) / SAMPLE_RATE
        shape = np.minimum(seconds / 0.06, 1) * np.exp(-seconds * 0.9) * _closing(length, 0.3)
        tone = np.sin(2 * math.pi * note * seconds) + 0.18 * np.sin(4 * math.pi * note * seconds)
        stem[start : start + length] += (0.52 * loudness * tone * shape)[:, None].astype(np.float32)


def play_keys(stem: Sound, notes: list[float], score: Score) -> None:
    """A felt piano, broken chords: upper partials die first, every other note is softer."""
    step = samples_in(score.bar_seconds / _STEPS_PER_BAR)
    ladder = [*notes, notes[0] * 2]
    for place, degree in enumerate(score.pattern):
        start = place * step
        length = min(samples_in(2.6), len(stem) - start)
        seconds = np.arange(length) / SAMPLE_RATE
        note = ladder[degree % len(ladder)] * 2
        tone = np.zeros(length)
        for partial, weight in ((1, 1.0), (2, 0.42), (3, 0.20), (4, 0.11), (6, 0.05)):
            stretched = note * partial * (1 + 0.0004 * partial**2)
            fall = np.exp(-seconds * (1.5 + 1.2 * partial) * (note / 330) ** 0.4)
            tone += weight * np.sin(2 * math.pi * stretched * seconds) * fall
        touch = 0.46 if place % 2 == 0 else 0.28
        tone *= np.minimum(seconds / 0.009, 1) * _closing(length, 0.2) * touch
        _add_panned(stem, tone, start, 0.5 + 0.25 * math.sin(place * 2.4))


def play_lead(stem: Sound, notes: list[float], score: Score) -> None:
    """Two long breaths of a soft high voice over the chord."""
    half = samples_in(score.bar_seconds / 2)
    for number, degree in enumerate(score.pattern[:2]):
        start = number * half
        length = min(half + samples_in(0.8), len(stem) - start)
        seconds = np.arange(length) / SAMPLE_RATE
        note = notes[degree % len(notes)] * 4
        vibrato = 0.0035 * np.sin(2 * math.pi * 4.7 * seconds) * np.clip(seconds / 0.8, 0, 1)
        turn = 2 * math.pi * np.cumsum(note * (1 + vibrato)) / SAMPLE_RATE
        shape = np.clip(seconds / 0.45, 0, 1) ** 1.5 * _closing(length, 0.9)
        _add_panned(
            stem,
            0.22 * shape * (np.sin(turn) + 0.2 * np.sin(2 * turn) + 0.06 * np.sin(3 * turn)),
            start,
            0.55,
        )


def play_pulse(stem: Sound, score: Score, seed: int) -> None:
    """A low thump on one and three, a breath of noise between."""
    beat = samples_in(score.bar_seconds / BEATS_PER_BAR)
    seconds = np.arange(samples_in(0.45)) / SAMPLE_RATE
    glide = 2 * math.pi * np.cumsum(48 + 60 * np.exp(-seconds * 28)) / SAMPLE_RATE
    thump = (np.sin(glide) * np.exp(-seconds * 9) * 0.75).astype(np.float32)
    rng = np.random.default_rng([seed, 5])
    hiss = shaped_noise(rng, len(seconds), lambda f: np.minimum(f / 6000, 1))
    breath = (hiss * np.exp(-seconds * 38) * 0.035).astype(np.float32)
    for number in range(BEATS_PER_BAR):
        sound = thump if number % 2 == 0 else breath
        stem[number * beat : number * beat + len(sound)] += sound[:, None]


def in_hall(stem: Sound, share: float) -> Sound:
    """The stem with `share` of a long dark reverberation; what outlasts the stem is faded out."""
    rng = np.random.default_rng(_HALL_SEED)
    seconds = np.arange(samples_in(_HALL_SECONDS)) / SAMPLE_RATE
    length = 1 << (len(stem) + len(seconds)).bit_length()
    mixed = stem.copy()
    closing = _closing(len(stem), 0.5)
    for side in (0, 1):
        tail = rng.normal(0, 1, len(seconds)) * np.exp(-_HALL_DECAY * seconds)
        tail *= np.clip(seconds / 0.035, 0, 1)
        spectrum = np.fft.rfft(tail, length)
        hertz = np.fft.rfftfreq(length, 1 / SAMPLE_RATE)
        spectrum *= 1 / (1 + (hertz / 4_200) ** 2) * (1 - np.exp(-hertz / 150))
        spectrum /= math.sqrt(float((np.abs(spectrum) ** 2).mean()))
        wet = np.fft.irfft(np.fft.rfft(stem[:, side], length) * spectrum, length)
        mixed[:, side] += (share * wet[: len(stem)] * closing).astype(np.float32)
    return mixed


def _closing(length: int, seconds: float) -> Wave:
    """1, falling to 0 over the last `seconds`: a note that is cut off would click."""
    left = np.arange(length, 0, -1) / (seconds * SAMPLE_RATE)
    return np.clip(left, 0, 1)


def _add_panned(stem: Sound, tone: Wave, start: int, pan: float) -> None:
    stem[start : start + len(tone), 0] += (tone * (1 - pan)).astype(np.float32)
    stem[start : start + len(tone), 1] += (tone * pan).astype(np.float32)
