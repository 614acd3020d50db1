"""The offline composer. Model id `local-synth`: slow chords in a hall, and a form that grows."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np

from studio.contracts.limits import MUSIC_DURATION_SECONDS_MAX
from studio.providers.errors import ProviderRejected
from studio.providers.local.instruments import (
    in_hall,
    pad,
    play_bass,
    play_keys,
    play_lead,
    play_pulse,
)
from studio.providers.local.score import Score, score_of
from studio.providers.local.sound import (
    Sound,
    faded,
    samples_in,
    write_wav,
)
from studio.providers.ports import Composition, MusicRequest

FADE_IN_SECONDS: Final = 1.2
FADE_OUT_SECONDS: Final = 3.0
_FADE_SHARE_MAX: Final = 0.25
_TAIL_SECONDS: Final = 4.0
"""How long a bar rings into the next: releases and the hall."""
_LEVEL: Final = 0.15

_PAD, _BASS, _KEYS, _LEAD, _PULSE = range(5)
_STEMS: Final = 5
_FORM: Final = (
    (1.0, 0.35, 0.55, 0.0, 0.0),
    (1.0, 0.70, 0.80, 0.45, 0.25),
    (0.9, 1.00, 0.90, 0.60, 0.70),
    (1.0, 0.90, 0.65, 0.80, 0.60),
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
    bar_samples = samples_in(score.bar_seconds)
    heard = -(-total // bar_samples)
    bars = [_bar_stems(score, chord, seed) for chord in score.chords[:heard]]
    fade_in = min(samples_in(FADE_IN_SECONDS), int(total * _FADE_SHARE_MAX))
    fade_out = min(samples_in(FADE_OUT_SECONDS), int(total * _FADE_SHARE_MAX))
    ringing = np.zeros((bars[0].shape[1], 2), np.float32)
    for number, start in enumerate(range(0, total, bar_samples)):
        stems = bars[number % len(bars)]
        levels = np.asarray(_levels(number // len(score.chords)), np.float32)
        ringing += np.tensordot(levels, stems, axes=1)
        length = min(bar_samples, total - start)
        yield faded(_LEVEL * ringing[:length], start, total, fade_in, fade_out)
        ringing = np.concatenate([ringing[bar_samples:], np.zeros((bar_samples, 2), np.float32)])


def _levels(section: int) -> tuple[float, ...]:
    """The first section opens quietly; later ones go around the rest of the form."""
    return _FORM[section] if section < len(_FORM) else _FORM[1 + (section - 1) % (len(_FORM) - 1)]


def _bar_stems(score: Score, chord: tuple[int, ...], seed: int) -> Sound:
    """The stems of one bar and its tail, shape (5, samples, 2)."""
    bar, tail = samples_in(score.bar_seconds), samples_in(_TAIL_SECONDS)
    stems = np.zeros((_STEMS, bar + tail, 2), np.float32)
    notes = [score.root_hz * 2 ** (step / 12) for step in chord]
    stems[_PAD] = in_hall(pad(notes, bar, bar + tail, seed), 0.30)
    play_bass(stems[_BASS], notes[0] / 2, score)
    play_keys(stems[_KEYS], notes, score)
    stems[_KEYS] = in_hall(stems[_KEYS], 0.55)
    play_lead(stems[_LEAD], notes, score)
    stems[_LEAD] = in_hall(stems[_LEAD], 0.70)
    if score.pulse:
        play_pulse(stems[_PULSE], score, seed)
    return stems
