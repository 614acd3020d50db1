"""Which words of a brief mean which place, move or sound. Everything here is a plain look-up."""

import re
from typing import Final

from studio.pricing.wishes import wishes

_WORD = re.compile(r"[a-z]+")
_PLURAL_LENGTH_MIN: Final = 4


def word_set(text: str) -> frozenset[str]:
    """The words of a table's row."""
    return frozenset(text.split())


DEFAULT_SCENE: Final = "spotlight"

SCENE_WORDS: Final[dict[str, frozenset[str]]] = {
    "tunnel": word_set("tunnel vortex portal wormhole swirl bend"),
    "chamber": word_set(
        "chamber room hall cathedral temple church palace kitchen office studio house home "
        "bedroom cafe workshop interior classroom theatre theater laboratory lab"
    ),
    "corridor": word_set(
        "corridor hallway archive library passage gallery museum aisle spaceship ship "
        "station subway train hospital"
    ),
    "city": word_set(
        "city street town skyline tower building rooftop urban metropolis downtown neon "
        "market bridge castle village"
    ),
    "space": word_set("space galaxy planet nebula cosmos universe asteroid astronaut"),
    "water": word_set(
        "sea ocean lake pond river water wave beach shore harbour harbor boat ripple island "
        "coast lagoon"
    ),
    "forest": word_set("forest wood jungle tree garden grove park orchard"),
    "landscape": word_set(
        "mountain valley landscape desert field hill meadow canyon plain cliff glacier dune "
        "sky horizon road farm volcano snow"
    ),
}

PERSON_WORDS: Final = word_set(
    "woman man girl boy she he her him person child figure traveller traveler hero "
    "heroine subject astronaut elf dancer walker soldier detective king queen lead "
    "character scientist artist photographer chef doctor stranger protagonist"
)
PICTURE_WORDS: Final = word_set(
    "photograph photo picture portrait frame gallery memory archive painting poster canvas"
)
AIRSHIP_WORDS: Final = word_set("airship zeppelin blimp dirigible balloon")

CAMERA_MOVES: Final = (
    "push_in",
    "pan_right",
    "pull_out",
    "orbit",
    "tilt_up",
    "pan_left",
    "drift",
    "tilt_down",
)
"""Every move that the local camera knows, in the order they take turns where no word decides."""

MOVE_PHRASES: Final[tuple[tuple[str, str], ...]] = (
    (r"\borbit(s|ing)?\b|\bcircl(es|ing)\b|\brevolv|\bspin", "orbit"),
    (
        (
            r"\bsteps? through\b|\barriv|\breveal|\bpulls? (back|out)\b|\bzooms? out\b|\bopens?\b"
            r"|\bwide\b"
        ),
        "pull_out",
    ),
    (
        r"\breach|\benter|\bapproach|\bpush(es)? in\b|\bzooms? in\b|\bclose[- ]?up\b|\btoward",
        "push_in",
    ),
    (
        r"\bris(es|ing)\b|\blooks? up\b|\bclimb|\bascend|\btowers?\b|\boverhead\b|\btilts? up\b",
        "tilt_up",
    ),
    (r"\bfall(s|ing)?\b|\bdrops?\b|\bdescend|\blooks? down\b|\btilts? down\b|\bsink", "tilt_down"),
    (r"\bpans? left\b|\bleftward", "pan_left"),
    (r"\bpans? right\b|\brightward|\bwalk|\brun(s|ning)\b|\bdriv(es|ing)\b|\btravel", "pan_right"),
    (r"\bdrift|\bfloat|\bglid|\bhover|\bsail|\bsway", "drift"),
)
"""First match wins: the stronger gesture stands above the weaker."""

AMBIENCE_OF_SCENE: Final = {
    "tunnel": "drone",
    "chamber": "room",
    "corridor": "room",
    "city": "city",
    "space": "drone",
    "water": "water",
    "forest": "forest",
    "landscape": "wind",
    "spotlight": "room",
}

LETTERING: Final = re.compile(
    r"\b(?:text|caption|title)[- ]?(?:overlays?|cards?)\b|\b(?:captions?|captioned|inter-?titles?"
    r"|titles|titled shots|lettering)\b|\b(?:on[- ]?screen|burned[- ]in) (?:text|titles?|words)\b"
    r"|\boverlays? (?:of|with) (?:text|titles?)\b",
    re.IGNORECASE,
)
"""Words over the picture. Subtitles are none: they come with what is said, beside the film."""


def words_of(text: str) -> frozenset[str]:
    """The lower-case words of a text, plurals beside their singular."""
    found = set(_WORD.findall(text.lower()))
    for word in tuple(found):
        if len(word) >= _PLURAL_LENGTH_MIN and word.endswith("s"):
            found.add(word[:-1])
            if word.endswith("ies"):
                found.add(word[:-3] + "y")
    return frozenset(found)


def scene_of(text: str) -> str:
    """The place that most of the words speak of; the last one named decides a tie.

    A shot's sentence usually ends where it arrives: "steps through the tunnel and arrives in a
    chamber" is a chamber.
    """
    ordered = [singular(w) for w in _WORD.findall(text.lower())]
    best, best_score = DEFAULT_SCENE, (0, -1)
    for scene, words in SCENE_WORDS.items():
        hits = [i for i, w in enumerate(ordered) if w in words or w.rstrip("s") in words]
        score = (len({ordered[i] for i in hits}), max(hits, default=-1))
        if hits and score > best_score:
            best, best_score = scene, score
    return best


def singular(word: str) -> str:
    return word[:-1] if len(word) >= _PLURAL_LENGTH_MIN and word.endswith("s") else word


def camera_move_of(text: str) -> str | None:
    """The camera move that a shot's words ask for; None where they ask for none."""
    lowered = text.lower()
    for pattern, move in MOVE_PHRASES:
        if re.search(pattern, lowered):
            return move
    return None


def asks_for_lettering(text: str) -> bool:
    """Whether a brief asks for captions over the picture; it gets none unless it does."""
    return any(wishes(text, LETTERING))
