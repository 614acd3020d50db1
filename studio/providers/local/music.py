"""The offline composer. Model id `local-synth`: chords, a pad, a bass, plucks and a soft pulse."""

import asyncio
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np

from studio.contracts.limits import MUSIC_DURATION_SECONDS_MAX
from studio.providers.errors import ProviderRejected
from studio.providers.local.score import BEATS_PER_BAR, Score, score_of
from studio.providers.local.sound import (
    SAMPLE_RATE,
    Sound,
    faded,
    samples_in,
    shaped_noise,
    write_wav,
)
from studio.providers.ports import Composition, MusicRequest

FADE_IN_SECONDS: Final = 1.2
FADE_OUT_SECONDS: Final = 3.0
_FADE_SHARE_MAX: Final = 0.25
_TAIL_SECONDS: Final = 2.4
"""How long a bar rings into the next: releases and the echo."""
_LEVEL: Final = 0.16
_STEPS_PER_BAR: Final = 8

_PAD, _BASS, _PLUCKS, _PULSE = range(4)
_STEMS: Final = 4
_FORM: Final = (
    (1.0, 0.0, 0.0, 0.0),
    (1.0, 0.6, 0.5, 0.0),
    (0.9, 1.0, 0.9, 0.8),
    (1.0, 0.9, 0.6, 1.0),
)
"""How loud each stem is in each section of four bars: the piece grows, then goes around."""


class LocalMusicModel:
    """MusicModel port. The same request gives the same bytes. Raises ProviderRejected for lengths
    out of range.
    """

    async def compose(self, request: MusicRequest, destination: Path) -> Composition:
        if not 0 < request.duration_seconds <= MUSIC_DURATION_SECONDS_MAX:
            raise ProviderRejected(
                f"music of {request.duration_seconds:g} seconds cannot be made; the longest is "
                f"{MUSIC_DURATION_SECONDS_MAX} seconds"
            )
        await asyncio.to_thread(write_music, request, destination)
        return Composition()


def write_music(request: MusicRequest, destination: Path) -> None:
    """Write the piece bar by bar: memory stays a few bars of sound, whatever the length."""
    score = score_of(request.style_prompt, request.lyrics_prompt, request.seed)
    total = samples_in(request.duration_seconds)
    write_wav(destination, _piece(score, request.seed, total))


def _piece(score: Score, seed: int, total: int) -> Iterator[Sound]:
    bars = [_bar_stems(score, chord, seed) for chord in score.chords]
    bar_samples = samples_in(score.bar_seconds)
    fade_in = min(samples_in(FADE_IN_SECONDS), int(total * _FADE_SHARE_MAX))
    fade_out = min(samples_in(FADE_OUT_SECONDS), int(total * _FADE_SHARE_MAX))
    ringing = np.zeros((bars[0].shape[1], 2), np.float32)
    for number, start in enumerate(range(0, total, bar_samples)):
        stems = bars[number % len(bars)]
        levels = np.asarray(_levels(number // len(bars)), np.float32)
        ringing += np.tensordot(levels, stems, axes=1)
        length = min(bar_samples, total - start)
        yield faded(_LEVEL * ringing[:length], start, total, fade_in, fade_out)
        ringing = np.concatenate([ringing[bar_samples:], np.zeros((bar_samples, 2), np.float32)])


def _levels(section: int) -> tuple[float, ...]:
    """The first section opens quietly; later ones go around the rest of the form."""
    return _FORM[section] if section < len(_FORM) else _FORM[1 + (section - 1) % (len(_FORM) - 1)]


def _bar_stems(score: Score, chord: tuple[int, ...], seed: int) -> Sound:
    """The four stems of one bar and its tail, shape (4, samples, 2)."""
    bar, tail = samples_in(score.bar_seconds), samples_in(_TAIL_SECONDS)
    stems = np.zeros((_STEMS, bar + tail, 2), np.float32)
    notes = [score.root_hz * 2 ** (step / 12) for step in chord]
    stems[_PAD] = _pad(notes, bar, len(stems[_PAD]), seed)
    _play_bass(stems[_BASS], notes[0] / 2, score)
    _play_plucks(stems[_PLUCKS], notes, score)
    if score.pulse:
        _play_pulse(stems[_PULSE], score, seed)
    return stems


def _pad(notes: list[float], bar: int, length: int, seed: int) -> Sound:
    """Slow chords: each note as four detuned partials a side, swelling and overlapping."""
    rng = np.random.default_rng([seed, 4])
    seconds = np.arange(length, dtype=np.float64) / SAMPLE_RATE
    release = length - bar
    swell = np.minimum(seconds / 0.9, 1) * np.clip(
        1 - (np.arange(length) - bar) / (0.8 * release), 0, 1
    )
    pad = np.zeros((length, 2), np.float64)
    for note in notes:
        for side in (0, 1):
            for partial, weight in enumerate((1.0, 0.42, 0.2, 0.1), start=1):
                detune = 1 + float(rng.uniform(-0.0016, 0.0016))
                phase = float(rng.uniform(0, 2 * math.pi))
                pad[:, side] += weight * np.sin(
                    2 * math.pi * note * partial * detune * seconds + phase
                )
    level: Sound = (pad * (swell * 0.30)[:, None]).astype(np.float32)
    return level


def _play_bass(stem: Sound, note: float, score: Score) -> None:
    step = samples_in(score.bar_seconds / 2)
    for start in (0, step):
        length = min(samples_in(score.bar_seconds / 2 + 0.3), len(stem) - start)
        seconds = np.arange(length) / SAMPLE_RATE
        shape = np.minimum(seconds / 0.02, 1) * np.exp(-seconds * 1.3)
        shape *= np.clip((length - np.arange(length)) / 4800, 0, 1)
        tone = np.sin(2 * math.pi * note * seconds) + 0.25 * np.sin(4 * math.pi * note * seconds)
        stem[start : start + length] += (0.9 * tone * shape)[:, None].astype(np.float32)


def _play_plucks(stem: Sound, notes: list[float], score: Score) -> None:
    """Eighth notes over the chord, panned in turn, with one echo."""
    step = samples_in(score.bar_seconds / _STEPS_PER_BAR)
    ladder = [*notes, notes[0] * 2]
    seconds = np.arange(samples_in(1.1)) / SAMPLE_RATE
    shape = np.minimum(seconds / 0.004, 1) * np.exp(-seconds * 5.5)
    shape *= np.clip((len(seconds) - np.arange(len(seconds))) / 2400, 0, 1)
    for place, degree in enumerate(score.pattern):
        note = ladder[degree % len(ladder)] * 2
        tone = sum(
            weight * np.sin(2 * math.pi * note * partial * seconds) * np.exp(-seconds * partial * 2)
            for partial, weight in ((1, 1.0), (2, 0.35), (3, 0.12))
        )
        pan = 0.5 + 0.32 * math.sin(place * 2.4)
        for delay, loudness in ((0, 0.42), (3 * step, 0.14)):
            start = place * step + delay
            length = max(min(len(seconds), len(stem) - start), 0)
            sound = (np.asarray(tone) * shape * loudness)[:length].astype(np.float32)
            stem[start : start + length, 0] += sound * np.float32(1 - pan)
            stem[start : start + length, 1] += sound * np.float32(pan)


def _play_pulse(stem: Sound, score: Score, seed: int) -> None:
    """A low thump on one and three, a breath of noise between."""
    beat = samples_in(score.bar_seconds / BEATS_PER_BAR)
    seconds = np.arange(samples_in(0.45)) / SAMPLE_RATE
    glide = 2 * math.pi * np.cumsum(48 + 60 * np.exp(-seconds * 28)) / SAMPLE_RATE
    thump = (np.sin(glide) * np.exp(-seconds * 9) * 0.9).astype(np.float32)
    rng = np.random.default_rng([seed, 5])
    hiss = shaped_noise(rng, len(seconds), lambda f: np.minimum(f / 6000, 1))
    breath = (hiss * np.exp(-seconds * 38) * 0.05).astype(np.float32)
    for number in range(BEATS_PER_BAR):
        sound = thump if number % 2 == 0 else breath
        stem[number * beat : number * beat + len(sound)] += sound[:, None]
