"""The shots that a brief spells out ("Shot 2: a red door"), and whether a plan keeps them."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from studio.contracts.documents import ShotScript
from studio.pricing.markers import SHOT_MARKER
from studio.providers.quoting import plain

WORDS_MIN: Final = 3
"""Fewer words with a meaning prove nothing."""
OWN_SHARE_MAX: Final = 0.2
FOREIGN_SHARE_LEAD: Final = 0.4
"""A shot counts as swapped only if hardly any of its words are in it and clearly more of them in
another one: a plan in another language, or one that retells freely, is left alone."""

_MEANING: Final = re.compile(r"[^\W\d_]{4,}")
_STOP_WORDS: Final = frozenset(
    _MEANING.findall("""
    about across after again also another around away back been before camera close down each from
    have into just more only onto other over scene shot slow some that their them then there they
    this through toward towards under very were when where which while wide will with
    """)
)


def marked_shots(text: str) -> Mapping[int, str]:
    """What a text says of each shot that it marks, by the marker's number; "" is left out."""
    matches = list(SHOT_MARKER.finditer(text))
    said: dict[int, str] = {}
    ends = [*(match.start() for match in matches[1:]), len(text)]
    for match, end in zip(matches, ends, strict=False):
        number = int(match["inline"] or match["heading"])
        words = plain(text[match.end() : end])
        said[number] = f"{said.get(number, '')} {words}".strip()
    return {number: words for number, words in said.items() if words}


def swapped_shots(shots: Sequence[ShotScript], screenplay: str) -> Mapping[int, str]:
    """The marked shots that another one shows instead, with what the brief says of them."""
    shown = {shot.index: _meaningful(f"{shot.title} {shot.description}") for shot in shots}
    swapped = {}
    for number, text in marked_shots(screenplay).items():
        words = _meaningful(text)
        if number not in shown or len(words) < WORDS_MIN:
            continue
        shares = {index: len(words & found) / len(words) for index, found in shown.items()}
        own = shares.pop(number)
        best = max(shares.values(), default=0.0)
        if own <= OWN_SHARE_MAX and best - own >= FOREIGN_SHARE_LEAD:
            swapped[number] = text
    return swapped


def _meaningful(text: str) -> frozenset[str]:
    """The words that tell what is seen, cut to their stems' first letters."""
    found = (word for word in _MEANING.findall(text.casefold()) if word not in _STOP_WORDS)
    return frozenset(word[:6] for word in found)
