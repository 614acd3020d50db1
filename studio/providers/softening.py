"""Tones an order's text down after a content filter refused it. Pure functions of the text.

Level 0 is the whole text. Level 1 is its beginning without the words that filters weigh most, for
dense and violent storyboard text is what is refused. Level 2 says next to nothing: a neutral frame
that the keyframe and the style carry. Levels above are level 2.
"""

import re
from typing import Final

from studio.contracts.documents import ShotScript
from studio.providers.quoting import plain, shortened

SOFTENED_MAX: Final = 2

_SHORTENED_LENGTHS: Final = {"description": 280, "motion": 120}
_NEUTRAL: Final = "A calm, tasteful cinematic moment"

_MILDER: Final = (
    (r"kill(?:s|ed|ing|ers?)?|murder(?:s|ed|ing|ers?|ous)?", "confront"),
    (r"slaughter\w*|execut(?:ed?|es|ing|ion)", "confront"),
    (r"blood(?:y|ied|stained|bath)?|gore|gory|guts|entrails", ""),
    (r"corpses?|dead bod(?:y|ies)|cadavers?|carcass(?:es)?", "figure"),
    (r"guns?|pistols?|rifles?|shotguns?|revolvers?|firearms?|weapons?", "object"),
    (r"kni(?:fe|ves)|daggers?|machetes?|swords?|bombs?|grenades?", "object"),
    (r"shoots? (?:at|him|her|them|dead)|stab(?:s|bed|bing)?|strangl(?:es?|ed|ing)", "face"),
    (r"behead(?:s|ed|ing)?|tortur(?:es?|ed|ing)|mutilat(?:es?|ed|ing)", "face"),
    (r"explosions?|explod(?:es?|ed|ing)|blasts?|detonat(?:es?|ed|ing)", "flash of light"),
    (r"naked|nude|nudity|topless|undress(?:ed|ing)?|sexy|sexual(?:ly)?|erotic", ""),
    (r"seductive(?:ly)?|lingerie|bikini", ""),
    (r"suicid(?:e|al)|self-harm|overdos(?:es?|ed)", "sorrow"),
    (r"drugs?|cocaine|heroin|meth|syringes?", "object"),
    (r"terrorists?|nazis?|swastikas?|hitler", "figure"),
    (r"child(?:ren)?|kids?|toddlers?|bab(?:y|ies)|infants?|minors?", "person"),
    (r"teen(?:s|agers?|aged?)?|(?:little|young|school) ?(?:girls?|boys?)", "person"),
    (r"wound(?:s|ed)?|injur(?:y|ies|ed)|scream(?:s|ed|ing)?|terrified|horrif(?:ic|ied)", "tense"),
    (r"war|warfare|battles?|massacres?|attack(?:s|ed|ing)?", "turmoil"),
)
"""Violence, nudity, minors, drugs and hate: the categories that Google's and Kling's content
policies name, each word with what may stand in its place."""

_LOADED: Final = tuple(
    (re.compile(rf"\b(?:{words})\b", re.IGNORECASE), milder) for words, milder in _MILDER
)
_LOOSE_SPACE: Final = re.compile(r"\s+([,.;:!?])")


def softened_description(shot: ShotScript, level: int) -> str:
    """What is seen, toned down to `level`."""
    if level <= 0:
        return plain(shot.description)
    if level == 1:
        return shortened(without_loaded_words(shot.description), _SHORTENED_LENGTHS["description"])
    return _neutral(shot)


def softened_prompt(motion: str, level: int) -> str:
    """A video order's motion prompt, toned down to `level`."""
    if level <= 0:
        return plain(motion)
    if level == 1:
        return shortened(without_loaded_words(motion), _SHORTENED_LENGTHS["motion"])
    return "Gentle, natural movement; the camera moves slowly."


def without_loaded_words(text: str) -> str:
    """The text with the words that filters weigh most replaced by milder ones."""
    milder = plain(text)
    for pattern, replacement in _LOADED:
        milder = pattern.sub(replacement, milder)
    return _LOOSE_SPACE.sub(r"\1", plain(milder))


def _neutral(shot: ShotScript) -> str:
    """The shot's place is kept where its name is harmless; nobody's name is."""
    place = plain(shot.place)
    if not place or without_loaded_words(place) != place:
        return f"{_NEUTRAL}."
    return f"{_NEUTRAL} in {shortened(place, 60)}."
