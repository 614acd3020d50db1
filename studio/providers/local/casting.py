"""Decide which uploads a shot shows."""

import re
from collections.abc import Sequence
from typing import Final

from studio.contracts.assets import AssetKind
from studio.contracts.documents import AssetClass, AssetNote
from studio.providers.local.words import word_set, words_of

_NAME_WORD_LENGTH_MIN: Final = 4
"""Shorter words ("red", "cat") would match half of any screenplay by chance."""
_GENERIC: Final = word_set(
    "image images picture reference references photo upload uploaded file asset style "
    "mood board character environment prop scene shot shots this that with from the and "
    "for use used main final copy version jpeg jpg png webp video clip screenshot"
)
_SUBJECT_WORDS: Final = word_set(
    "character characters subject hero heroine lead protagonist person portrait face "
    "actor actress product cast"
)


def cast_references(texts: Sequence[str], notes: Sequence[AssetNote]) -> list[tuple[int, ...]]:
    """For each shot's text the indices of the uploads that it shows, most important first.

    A shot shows the uploads that it mentions and, before them, every subject (a character, a
    product). What no shot mentions takes turns, so that each picture is used at least once, and a
    shot left without one gets one.
    """
    pictures = [n for n in notes if n.kind is AssetKind.IMAGE or n.still_key is not None]
    cast: list[list[int]] = [[] for _ in texts]
    for note in sorted(pictures, key=lambda n: not _is_subject(n)):
        shots = [i for i, text in enumerate(texts) if _is_subject(note) or _mentions(text, note)]
        for shot in shots:
            cast[shot].append(note.index)
    shown = {index for shot in cast for index in shot}
    _deal([n.index for n in pictures if n.index not in shown], cast)
    without = [shown_in for shown_in in cast if not shown_in]
    for turn, shown_in in enumerate(without if pictures else []):
        shown_in.append(pictures[turn % len(pictures)].index)
    return [tuple(shot) for shot in cast]


def _deal(waiting: list[int], cast: list[list[int]]) -> None:
    """Give every waiting upload to the shot that has the fewest, in story order."""
    for index in waiting:
        min(cast, key=len).append(index)


def _is_subject(note: AssetNote) -> bool:
    is_character = note.asset_class is AssetClass.CHARACTER
    return is_character or bool(words_of(f"{note.label} {note.purpose}") & _SUBJECT_WORDS)


def _mentions(text: str, note: AssetNote) -> bool:
    lowered = text.lower()
    label = note.label.strip().lower()
    if label and re.search(rf"(?<!\w){re.escape(label)}(?!\w)", lowered):
        return True
    stem = note.filename.rsplit(".", 1)[0].replace("_", " ")
    names = {
        word
        for word in words_of(f"{note.label} {stem} {note.purpose}")
        if len(word) >= _NAME_WORD_LENGTH_MIN and word not in _GENERIC
    }
    return bool(names & words_of(text))
