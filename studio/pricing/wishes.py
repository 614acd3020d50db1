"""Whether a text asks for something that it speaks of, or asks for a film without it."""

import re
from collections.abc import Iterator
from typing import Final

_SENTENCE_END: Final = re.compile(r"[.!?\u2026](?=\s|$)|[\u3002\uff01\uff1f\n]|;")
_REACH: Final = 90
"""How many characters before and after a word a negation may stand: a long list, no more."""

_NEGATION: Final = re.compile(
    r"\b(?:no|not|non|never|nor|neither|none|without|avoid(?:ing)?|skip(?:ping)?|omit(?:ting)?"
    r"|exclud(?:e|es|ing)|remov(?:e|es|ing)|drop|forbid|leave out|leaving out|cut out|free of"
    r"|instead of|rather than|replac(?:e|es|ing)|mute|disabl(?:e|es|ing)|cannot"
    r"|(?:do|does|did|is|are|was|were|ca|wo|must|should|need)n['\u2019]?t)\b",
    re.IGNORECASE,
)
_NO_NEGATION: Final = re.compile(
    r"\bnot (?:only|just|merely)\b|\bno (?:more|fewer|less|later) than\b|\bno doubt\b"
    r"|\b(?:no|not|never|n['\u2019]t)\b[^,.;]{0,40}\b(?:without|forget|omit|skip|drop|leave out"
    r"|remove|mute|avoid)\b",
    re.IGNORECASE,
)
"""What only looks like one: `not only a narrator`, and two that undo each other."""

_TURN: Final = re.compile(
    r"\b(?:but|only|just|except|however|though|although|instead(?! of)|yet)\b"
    r"|[,:\u2013\u2014-]\s*(?:and\s+|then\s+)?(?:with|use|using|add|include|have|let|give|keep|put"
    r"|make)\b",
    re.IGNORECASE,
)
"""Where a negation ends: `no dialogue, but a narrator`, `no captions, use a voice-over`."""

_SUBJECT: Final = re.compile(
    r"[,:\u2013\u2014-]\s*(?:an?|the|one|some)\s+(?:\w+\s+){0,2}$", re.IGNORECASE
)
_VERB: Final = re.compile(
    r"^\s+(?:who\s+|will\s+|should\s+|must\s+|then\s+|slowly\s+|softly\s+|calmly\s+)?"
    r"(?:tells?|speaks?|says?|reads?|describes?|explains?|guides?|leads?|introduces?|recounts?"
    r"|carries|comments?|talks?|accompanies|appears?|shows?|names?)\b",
    re.IGNORECASE,
)
"""Together `no dialogue, a narrator tells it`: the word opens a sentence of its own."""

_REFUSED: Final = re.compile(
    r"^[\s-]*(?:free\b|less\b|(?:is|are|=|:|set to|must be|should be|can be|to be)?\s*"
    r"(?:none\b|no\b|off\b|false\b|disabled\b|omitted\b|skipped\b|removed\b|excluded\b|left out\b"
    r"|unwanted\b|unnecessary\b|forbidden\b|n/a\b"
    r"|(?:(?:is|are|was|were|must|should|do|does|may|can)(?:\s+not|n['\u2019]t)|not|never)\s+"
    r"(?:be\s+)?(?:needed|required|wanted|used|necessary|allowed|desired|included|welcome|added"
    r"|heard|shown|present|permitted|appear)\b|(?:isn|aren)['\u2019]?t\s+\w+))",
    re.IGNORECASE,
)
"""After the word: `narration: none`, `captions are not wanted`, `voice-over-free`."""


def wishes(text: str, subject: re.Pattern[str]) -> Iterator[bool]:
    """For each place where a text speaks of `subject`: True where it wants it, False where not."""
    for sentence in _SENTENCE_END.split(text):
        for mention in subject.finditer(sentence):
            before = sentence[max(mention.start() - _REACH, 0) : mention.start()]
            after = sentence[mention.end() : mention.end() + _REACH]
            yield not (_REFUSED.match(after) or _denied(before, after))


def _denied(before: str, after: str) -> bool:
    reach = before
    for turn in _TURN.finditer(_NO_NEGATION.sub(_blanked, before)):
        reach = before[turn.end() :]
    if _SUBJECT.search(before) and _VERB.match(after):
        return False
    return _NEGATION.search(_NO_NEGATION.sub(_blanked, reach)) is not None


def _blanked(match: re.Match[str]) -> str:
    return " " * len(match.group())
