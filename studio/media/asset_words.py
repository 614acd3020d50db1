"""What an upload is for in a film, by the caller's own words about it."""

import re
from collections.abc import Sequence
from typing import Final

from studio.contracts.documents import AssetClass

_WORD: Final = re.compile(r"[^\W\d_]+(?:'s)?")
_INNER_CAPITAL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_POSSESSIVE: Final = "'s"

_VOCABULARY: Final = {
    AssetClass.CHARACTER: (
        "character characters protagonist antagonist hero heroine villain person people man men "
        "woman women girl girls boy boys child children kid kids lady gentleman actor actress cast "
        "face faces portrait headshot selfie model mascot avatar creature monster animal pet dog "
        "cat horse robot android narrator presenter host king queen prince princess knight wizard "
        "witch soldier detective doctor captain scientist artist dancer astronaut traveller "
        "costume outfit wardrobe"
    ),
    AssetClass.ENVIRONMENT: (
        "environment environments location locations place places setting background backdrop "
        "scenery landscape cityscape skyline set interior exterior room kitchen bedroom office "
        "apartment house home building castle palace temple church tower bridge street alley road "
        "city town village forest jungle desert mountain mountains beach coast sea ocean lake "
        "river island cave garden park field farm factory warehouse lab laboratory station "
        "spaceship space planet corridor hallway hall tunnel library archive museum gallery "
        "theatre stage shop store market bar cafe restaurant school hospital world "
        "lighthouse harbour harbor"
    ),
    AssetClass.PROP: (
        "prop props object objects item items product products package packaging logo brand bottle "
        "car truck bike bicycle motorcycle vehicle weapon sword gun knife shield ring necklace "
        "crown amulet book letter map key keys phone laptop computer camera watch bag suitcase hat "
        "shoe shoes mask helmet guitar piano instrument tool furniture chair table lamp artifact "
        "artefact toy"
    ),
    AssetClass.STYLE: (
        "style styles stylistic mood moodboard look aesthetic aesthetics palette colours colors "
        "colour color grading grade lighting texture tone vibe inspiration art artwork"
    ),
    AssetClass.MUSIC: (
        "music song songs track tracks soundtrack score tune melody anthem instrumental beat theme"
    ),
}
CLASS_OF_WORD: Final = {
    word: asset_class for asset_class, words in _VOCABULARY.items() for word in words.split()
}
"""Plain words of the trade and what callers name. Longer lists would only guess more."""

_LINKS: Final = ("of", "in", "on", "at", "for", "with", "from", "by", "to", "as", "inside", "near")
"""What follows one of these says more about what is named before it."""


def class_from_words(label: str, purpose: str, filename: str) -> AssetClass | None:
    """The class that the manifest's words name; None where they say nothing.

    The purpose counts before the label and the label before the file's name. In each the thing
    itself counts before what it belongs to: 'the hero's sword' and 'sword of the hero' are props.
    """
    stem = _INNER_CAPITAL.sub(" ", filename.rpartition(".")[0] or filename)
    for text in (purpose, label, stem):
        if (named := _class_in(text)) is not None:
            return named
    return None


def _class_in(text: str) -> AssetClass | None:
    words = _WORD.findall(text.casefold().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'"))
    link = next((place for place, word in enumerate(words) if word in _LINKS), len(words))
    head, rest = words[:link], words[link:]
    return _last_class(head) or _class_in_rest(rest)


def _class_in_rest(words: Sequence[str]) -> AssetClass | None:
    """What comes after 'for' or 'in', read in the same way."""
    if not words:
        return None
    after = words[1:]
    link = next((place for place, word in enumerate(after) if word in _LINKS), len(after))
    return _last_class(after[:link]) or _class_in_rest(after[link:])


def _last_class(words: Sequence[str]) -> AssetClass | None:
    """English names the thing last; 'the hero's' belongs to what follows, if that says anything."""
    owners = [word.removesuffix(_POSSESSIVE) for word in words if word.endswith(_POSSESSIVE)]
    things = [word for word in words if not word.endswith(_POSSESSIVE)]
    for word in (*reversed(things), *reversed(owners)):
        if word in CLASS_OF_WORD:
            return CLASS_OF_WORD[word]
    return None
