"""What a narrator says over a shot: the brief's own words, as many as the shot has time for."""

import re
from typing import Final

from studio.pricing.narration import NARRATION
from studio.providers.local.screenplay import sentences_of

WORDS_PER_SECOND: Final = 2.2
"""A calm reader's 132 words a minute: the local voice at its rate, with a breath at the end."""

_SPOKEN: Final = re.compile(
    r"(?:\bnarrator|\bnarration|\bvoice[- ]?over|\(?\bv\.\s?o\.\)?)\s*(?:\([^)]{0,40}\))?\s*:\s*"
    r"(?:[\"\u201c](?P<quoted>[^\"\u201d]+)[\"\u201d]|(?P<plain>.+))",
    re.IGNORECASE,
)
"""Words that the brief itself gives the narrator: `NARRATOR: It began at sea.`"""

_SLUGLINE: Final = re.compile(r"^(?:INT|EXT|INT\./EXT|I/E)[./ ][^a-z]*(?=[A-Z][a-z])")
_ASIDE: Final = re.compile(r"\s*[(\[][^)\]]*[)\]]")
_FRAMING: Final = re.compile(
    r"^(?:(?:an?|the|extreme|very|slow|long)\s+)*"
    r"(?:(?:wide|medium|close|full|long|tracking|aerial|drone|establishing|handheld|opening|final"
    r"|crane|dolly|static|overhead|pov|low[- ]angle|high[- ]angle)[- ]*)*"
    r"(?:shot|close[- ]?up|view|pov|angle)(?:\s+(?:of|on)\s+|\s*[:\u2013\u2014-]\s*)",
    re.IGNORECASE,
)
"""`Wide shot of a harbour` is read as `A harbour`."""
_DIRECTION: Final = re.compile(
    r"\bcamera\b|^(?:(?:slow|slowly|smash|hard|match|then|we)\s+)*(?:pan|tilt|zoom|dolly|push|pull|"
    r"crane|track|cut|fade|dissolve|wipe|rack|montage|title|caption|super|sfx|music)s?\b"
    r"(?=\s*(?:in|out|left|right|up|down|to|from|through|over|across|back|focus|card|into|:|\.|$))",
    re.IGNORECASE,
)
_CLAUSE: Final = re.compile(
    r"[;:,\u2013\u2014]\s+|\s+(?=(?:and|as|while|but|where|which|who|that|lined|with|before|until"
    r"|when|beneath|above|among|towards?|into|across|through|over)\s)",
    re.IGNORECASE,
)
_CLAUSE_WORDS_MIN: Final = 3
_TRAILING: Final = " ,;:-\u2013\u2014"


def narration_of(text: str, seconds: float) -> str:
    """The sentences of a shot's text that fit into `seconds`, the last one cut at a clause.

    Camera directions are left out. Empty where nothing that makes sense alone is short enough.
    """
    if spoken := _SPOKEN.search(text):
        told = sentences_of(spoken["quoted"] or spoken["plain"])
    else:
        told = [s for raw in sentences_of(_SLUGLINE.sub("", text)) if (s := _told(raw))]
    room, said = int(seconds * WORDS_PER_SECOND), []
    for sentence in told:
        fitting = _fitting(sentence, room)
        if fitting:
            said.append(fitting)
        if fitting != sentence:
            break
        room -= len(sentence.split())
    return " ".join(said)


def is_about_narration(sentence: str) -> bool:
    """Whether a sentence only orders a narrator, and is no part of the story."""
    return NARRATION.search(sentence) is not None and _SPOKEN.search(sentence) is None


def _told(sentence: str) -> str:
    """A sentence as a narrator reads it; empty where it is a direction to the camera."""
    plain = _ASIDE.sub("", sentence).strip()
    plain = _FRAMING.sub("", plain)
    if _DIRECTION.search(plain) or is_about_narration(plain) or not re.search(r"\w", plain):
        return ""
    return plain[:1].upper() + plain[1:]


def _fitting(sentence: str, room: int) -> str:
    """All of a sentence, or its longest run of whole clauses of at most `room` words."""
    if len(sentence.split()) <= room:
        return sentence
    fitting = ""
    for seam in _CLAUSE.finditer(sentence):
        count = len(sentence[: seam.start()].split())
        if count > room:
            break
        if count >= _CLAUSE_WORDS_MIN:
            fitting = sentence[: seam.start()].rstrip(_TRAILING) + "."
    return fitting
