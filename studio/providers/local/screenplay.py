"""Cut a brief's text into as many beats as the film has shots. Deterministic, no model."""

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from studio.providers.local.words import word_set, words_of

_COUNT_WORDS: Final = "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
_NUMBERED_MARKER = re.compile(
    r"(?:^|(?<=[\s.!?;:\"”')\]*]))(?:#+[ \t]*)?[*\[(_]*(?:shot|scene|beat)\s*#?\s*"
    rf"(?:\d{{1,3}}|{_COUNT_WORDS})\b(?:\s*\([^)\n]{{0,40}}\))?\s*"
    r"(?:[:.)\]–—-][*_\]:]*|[*_]+:?|(?=\n))\s*",  # noqa: RUF001 - people type either dash
    re.IGNORECASE | re.MULTILINE,
)
_SLUGLINE = re.compile(r"^[ \t]*(?:INT|EXT|INT\./EXT|I/E)[./ ][^\n]*$", re.MULTILINE)
_LIST_ITEM = re.compile(r"^[ \t]*(?:\d{1,3}[.)]|[-*•])[ \t]+", re.MULTILINE)
_LIST_ITEMS_MIN: Final = 2

_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"”')\]]*\s+|(?<=[。！？])\s*|\n+")  # noqa: RUF001 - CJK
_ABBREVIATION = re.compile(r"\b(?:mr|mrs|ms|dr|st|vs|etc|no|e\.g|i\.e)\.$", re.IGNORECASE)
_CLAUSE_END = re.compile(
    r"(?:[;:,]\s+(?:and|then|but|while|as)\s+|;\s+"
    r"|\s+(?:and then|then|while|as|and)\s+(?=\w+\s+\w+))",
    re.IGNORECASE,
)
_CLAUSE_WORDS_MIN: Final = 3

_DIRECTIVE_START: Final = word_set(
    "create make keep favor favour use avoid ensure please no don do never produce "
    "generate render total include add limit maintain cut match edit"
)
_DIRECTIVE_WORDS: Final = word_set(
    "shot second subtitle caption overlay runtime aspect resolution fps duration consistent"
)
_VARIATIONS: Final = ("closer", "in detail", "from afar", "from above", "in silence", "at the end")


@dataclass(frozen=True)
class Beat:
    """One moment of the story. `variation` marks the n-th view of a moment shown before."""

    text: str
    variation: str = ""


def sentences_of(text: str) -> list[str]:
    """The sentences of a text, trimmed; an abbreviation's full stop ends none."""
    sentences: list[str] = []
    for piece in _SENTENCE_END.split(text):
        cleaned = " ".join(piece.split())
        if not cleaned:
            continue
        if sentences and _ABBREVIATION.search(sentences[-1]):
            sentences[-1] += " " + cleaned
        else:
            sentences.append(cleaned)
    return sentences


def story_sentences_of(text: str) -> list[str]:
    """The sentences that tell a story: "Create exactly three shots" is a directive, not story."""
    return [s for s in sentences_of(text) if not _is_directive(s)]


def _is_directive(sentence: str) -> bool:
    first = re.match(r"[a-zA-Z]+", sentence)
    opens_as_one = first is not None and first.group().lower() in _DIRECTIVE_START
    return opens_as_one or len(words_of(sentence) & _DIRECTIVE_WORDS) > 1


def beats_of(text: str, wanted: int) -> list[Beat]:
    """The moments of a screenplay, by the first of these that it has: numbered markers ("Shot 1:",
    "SCENE 2 -"), sluglines ("INT. HALL"), list items, paragraphs (where there are enough of them),
    sentences.

    `wanted` decides only whether text before the first marker is a moment of its own.
    """
    for marker, count_min in ((_NUMBERED_MARKER, 1), (_SLUGLINE, 1), (_LIST_ITEM, _LIST_ITEMS_MIN)):
        if len(marker.findall(text)) >= count_min:
            return _cut_at(marker, text, wanted, keep_marker=marker is _SLUGLINE)
    paragraphs = [" ".join(p.split()) for p in re.split(r"\n\s*\n", text) if p.strip()]
    if len(paragraphs) >= max(wanted, _LIST_ITEMS_MIN):
        return [Beat(p) for p in paragraphs]
    return [Beat(s) for s in sentences_of(text)]


def _cut_at(marker: re.Pattern[str], text: str, wanted: int, *, keep_marker: bool) -> list[Beat]:
    matches = list(marker.finditer(text))
    bodies: list[str] = []
    for match, following in zip(matches, [*matches[1:], None], strict=True):
        start = match.start() if keep_marker else match.end()
        end = following.start() if following is not None else len(text)
        body = " ".join(text[start:end].split()).strip(" *_")
        if body:
            bodies.append(body)
    preamble = " ".join(text[: matches[0].start()].split())
    if preamble and len(bodies) < wanted:
        bodies.insert(0, preamble)
    return [Beat(b) for b in bodies]


def distribute(beats: Sequence[Beat], count: int) -> list[Beat]:
    """Exactly `count` beats in story order: neighbours merged, or the longest ones cut.

    What cannot be cut any further is seen again from elsewhere. Needs at least one beat.
    """
    if len(beats) >= count:
        bounds = [round(i * len(beats) / count) for i in range(count + 1)]
        return [
            Beat(" ".join(b.text for b in beats[low:high]))
            for low, high in itertools.pairwise(bounds)
        ]
    spread = list(beats)
    while len(spread) < count:
        cut = _cut_longest(spread, count - len(spread))
        if cut is None:
            return _look_again(spread, count)
        spread = cut
    return spread


def _cut_longest(beats: list[Beat], room: int) -> list[Beat] | None:
    """Cut the longest beat that has a seam, in up to `room` + 1 parts; None where none has."""
    for index in sorted(range(len(beats)), key=lambda i: (-len(beats[i].text), i)):
        parts = _parts_of(beats[index].text)
        if len(parts) > 1:
            pieces = distribute([Beat(p) for p in parts], min(len(parts), room + 1))
            return [*beats[:index], *pieces, *beats[index + 1 :]]
    return None


def _parts_of(text: str) -> list[str]:
    sentences = sentences_of(text)
    if len(sentences) > 1:
        return sentences
    for seam in _CLAUSE_END.finditer(text):
        first, second = text[: seam.start()].strip(" ,;:"), text[seam.end() :].strip()
        if min(len(first.split()), len(second.split())) >= _CLAUSE_WORDS_MIN:
            return [first, second[:1].upper() + second[1:]]
    return [text]


def _look_again(beats: list[Beat], count: int) -> list[Beat]:
    views = [count // len(beats) + (i < count % len(beats)) for i in range(len(beats))]
    return [
        beat if view == 0 else replace(beat, variation=_VARIATIONS[(view - 1) % len(_VARIATIONS)])
        for beat, view_count in zip(beats, views, strict=True)
        for view in range(view_count)
    ]
