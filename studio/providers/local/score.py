"""What the local synthesiser plays: tempo, mode, chords and form, read from words and a seed."""

import re
from dataclasses import dataclass
from typing import Final

import numpy as np

from studio.providers.local.words import word_set, words_of

BEATS_PER_BAR: Final = 4
TEMPO_MIN: Final = 50
TEMPO_MAX: Final = 160
_TEMPO_DEFAULT: Final = 80
_BPM = re.compile(r"\b(\d{2,3})\s*bpm\b", re.IGNORECASE)

_TEMPOS: Final[tuple[tuple[frozenset[str], int], ...]] = (
    (word_set("ambient drone meditative still sleepy"), 60),
    (
        word_set("slow majestic solemn sad melancholic melancholy tender lullaby ballad"),
        66,
    ),
    (
        word_set("fast driving energetic techno dance action chase urgent frantic edm"),
        126,
    ),
    (word_set("upbeat happy pop funk playful bright cheerful march"), 112),
    (word_set("epic heroic orchestral trailer adventure"), 92),
)
_MAJOR: Final = word_set(
    "major happy bright uplifting hopeful joyful cheerful warm sunny playful heroic "
    "triumphant love tender wonder"
)
_MINOR: Final = word_set(
    "minor dark sad melancholic melancholy tense horror noir ominous mysterious lonely "
    "storm dramatic epic thriller"
)
_NO_PULSE: Final = word_set("ambient drone meditative still sleepy minimal solemn")

# Degrees of the scale, as semitones above the root, of each chord of four bars.
_MINOR_PROGRESSIONS: Final = (
    ((0, 3, 7), (-4, 0, 3), (3, 7, 10), (-2, 2, 5)),  # i VI III VII
    ((0, 3, 7), (5, 8, 12), (-4, 0, 3), (-2, 2, 5)),  # i iv VI VII
    ((0, 3, 7), (-2, 2, 5), (-4, 0, 3), (-5, -2, 2)),  # i VII VI v
)
_MAJOR_PROGRESSIONS: Final = (
    ((0, 4, 7), (7, 11, 14), (-3, 0, 4), (5, 9, 12)),  # I V vi IV
    ((0, 4, 7), (-3, 0, 4), (5, 9, 12), (7, 11, 14)),  # I vi IV V
    ((0, 4, 7), (5, 9, 12), (-3, 0, 4), (7, 11, 14)),  # I IV vi V
)


@dataclass(frozen=True)
class Score:
    """`chords` are semitones above `root_hz`, one chord a bar; `pulse` adds a soft beat."""

    tempo: float
    root_hz: float
    chords: tuple[tuple[int, ...], ...]
    pattern: tuple[int, ...]
    pulse: bool

    @property
    def bar_seconds(self) -> float:
        return BEATS_PER_BAR * 60 / self.tempo


def score_of(style: str, lyrics: str, seed: int) -> Score:
    """The lyrics set the mood only: nothing here sings."""
    words = words_of(f"{style} {lyrics}")
    rng = np.random.default_rng([seed, 3])
    minor = len(words & _MINOR) >= len(words & _MAJOR)
    progressions = _MINOR_PROGRESSIONS if minor else _MAJOR_PROGRESSIONS
    return Score(
        tempo=_tempo(style, words),
        root_hz=110.0 * 2 ** (int(rng.integers(-5, 6)) / 12),
        chords=progressions[int(rng.integers(len(progressions)))],
        pattern=tuple(int(v) for v in rng.permutation([0, 1, 2, 3, 2, 1, 3, 1])),
        pulse=not words & _NO_PULSE,
    )


def _tempo(style: str, words: frozenset[str]) -> float:
    if stated := _BPM.search(style):
        return float(min(max(int(stated.group(1)), TEMPO_MIN), TEMPO_MAX))
    return next((float(tempo) for named, tempo in _TEMPOS if named & words), _TEMPO_DEFAULT)
