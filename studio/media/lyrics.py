"""Lyrics as a music model writes them, turned into words with times.

Lines may carry times such as `[0:10]`, `[00:10.50]`, `[0:10 - 0:20]` or, in seconds, `[12.5:]` and
`[12.5:16.0]`; labels of sections such as `[Chorus]`, `[[B1]]` or `Verse 2:` are not sung.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from studio.contracts.documents import Segment, Transcript

LYRICS_CHARACTERS_MAX: Final = 20_000
LYRICS_LINES_MAX: Final = 400
LINE_CHARACTERS_MAX: Final = 300
LINE_READ_CHARACTERS_MAX: Final = 1_000
"""With its times and labels; patterns take quadratic time on what is longer.

A song has some 2,000 characters on 60 lines; the rest is not a song."""

LINE_SECONDS_MAX: Final = 8.0
"""A sung line is over by then, even where the next one comes much later."""

_CLOCK: Final = r"(?:\d{1,2}:)?\d{1,3}:\d{2}(?:\.\d{1,3})?"
_SECONDS: Final = r"\d{1,4}\.\d{1,3}"
_TIME: Final = re.compile(
    rf"\s*[\[(]\s*(?:(?P<clock>{_CLOCK})(?:\s*[-\N{{EN DASH}}]\s*{_CLOCK})?"
    rf"|(?P<seconds>{_SECONDS})\s*:\s*(?:{_SECONDS})?)\s*[\])]:?"
)
_LABEL: Final = re.compile(r"\s*(?:\[\[?[^\[\]]{0,80}\]?\]|\((?P<round>[^()]{0,80})\))\s*")
_SUNG_SECTIONS: Final = "verse|pre-?chorus|chorus|post-?chorus|hook|refrain|bridge|outro|lyrics"
_PLAYED_SECTIONS: Final = "intro|solo|interlude|instrumental|break"
_NUMBER: Final = r"(?:\s*(?:\d{1,2}|[ivx]{1,4}|[a-d]))?"
_SECTION: Final = re.compile(
    rf"[\s*#_]*(?:(?:{_SUNG_SECTIONS}){_NUMBER}(?:[\s*#_]*:|[\s*#_]*\Z)"
    rf"|(?:{_PLAYED_SECTIONS}){_NUMBER}[\s*#_]*(?::.*)?\Z)[\s*]*",
    re.IGNORECASE,
)
"""A section's name before its first line or alone; what a played one is like is not sung either."""

_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class Lyrics:
    """`timed`: whether the model told the times; else they are spread by the lines' lengths."""

    transcript: Transcript
    timed: bool


@dataclass(frozen=True)
class _Line:
    start_seconds: float | None
    text: str


def read_lyrics(text: str, duration_seconds: float) -> Lyrics:
    """The sung lines of a track of this length. Nothing of it is later than the track's end."""
    lines = _lines(text[:LYRICS_CHARACTERS_MAX])
    if not lines or duration_seconds <= 0:
        return Lyrics(Transcript(), timed=False)
    timed = _are_timed(lines)
    if timed:
        lines = [line for line in lines if (line.start_seconds or 0.0) < duration_seconds]
    else:
        lines = [_Line(None, line.text) for line in lines]
    starts = _starts(lines, duration_seconds)
    segments = tuple(
        Segment(
            start_seconds=round(start, 3),
            end_seconds=round(min(end, start + LINE_SECONDS_MAX), 3),
            text=line.text,
        )
        for line, (start, end) in zip(lines, pairwise(starts), strict=True)
        if end > start
    )
    return Lyrics(Transcript(segments=segments), timed and bool(segments))


def _lines(text: str) -> list[_Line]:
    """What is sung, each line with the time before it, its own or that of its section."""
    found: list[_Line] = []
    waiting: float | None = None
    for raw in text.splitlines():
        start, line = _without_time(raw[:LINE_READ_CHARACTERS_MAX])
        waiting = start if start is not None else waiting
        line = _CONTROLS.sub(" ", _without_labels(line)).strip()[:LINE_CHARACTERS_MAX]
        if not any(character.isalpha() for character in line):
            continue
        found.append(_Line(waiting, line))
        waiting = None
        if len(found) == LYRICS_LINES_MAX:
            break
    return found


def _without_time(line: str) -> tuple[float | None, str]:
    match = _TIME.match(line)
    if match is None:
        return None, line
    rest = line[match.end() :]
    if match["clock"] is None:
        return float(match["seconds"]), rest
    seconds = 0.0
    for part in match["clock"].split(":"):
        seconds = seconds * 60 + float(part)
    return seconds, rest


def _without_labels(line: str) -> str:
    """Square brackets are never sung; round ones are, as an echo, unless they name a section."""

    def sung(match: re.Match[str]) -> str:
        inner = match["round"]
        return " " if inner is None or _SECTION.fullmatch(inner) else match[0]

    return _without_section(_LABEL.sub(sung, line))


def _without_section(line: str) -> str:
    match = _SECTION.match(line)
    return line[match.end() :] if match else line


def _are_timed(lines: Sequence[_Line]) -> bool:
    """One time says nothing of the other lines, and times that run backwards are no times."""
    times = [line.start_seconds for line in lines if line.start_seconds is not None]
    return len(times) >= min(2, len(lines)) and all(
        early <= late for early, late in pairwise(times)
    )


def _starts(lines: Sequence[_Line], duration_seconds: float) -> list[float]:
    """When each line begins, and at last the end: between known times by the lines' lengths."""
    known = [line.start_seconds for line in lines]
    if known[:1] == [None]:
        known[0] = 0.0
    anchors = [place for place, start in enumerate(known) if start is not None]
    starts: list[float] = []
    for place, after in pairwise((*anchors, len(lines))):
        begin = known[place] or 0.0
        end = duration_seconds if after == len(lines) else known[after] or 0.0
        weights = [len(line.text) for line in lines[place:after]]
        passed = 0
        for weight in weights:
            starts.append(begin + (end - begin) * passed / sum(weights))
            passed += weight
    return [*starts, duration_seconds]
