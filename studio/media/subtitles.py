"""Sidecar subtitles: WebVTT (W3C Candidate Recommendation of 4 April 2019) from transcripts.

Times and texts come from models, so neither is trusted: cues lie within the film, follow each other
without overlapping, are long enough to be read, and contain no markup of anyone else's.
"""

import html
import math
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise
from textwrap import wrap
from typing import Final

from studio.contracts.documents import Segment, Transcript

LINE_LENGTH_MAX: Final = 42
LINES_MAX: Final = 2
CUE_SECONDS_MIN: Final = 1.0
CUE_SECONDS_MAX: Final = 7.0
"""The four usual limits of broadcasters' and streaming services' style guides."""

CUE_GAP_SECONDS: Final = 0.05
"""Between two cues, so that a viewer sees that the text has changed."""

SHOWN_SECONDS_MIN: Final = 0.3
"""Where there is no room for CUE_SECONDS_MIN, a cue is still shown this long, or not at all."""

CUES_MAX: Final = 2_000
"""Ten minutes of film have some 300."""

NOTE: Final = "♪"
ESTIMATED_NOTE: Final = "NOTE The times of the lyrics are estimated."
MILLISECONDS: Final = 1000


class Voice(StrEnum):
    SPEECH = "speech"
    SONG = "song"


@dataclass(frozen=True)
class Cue:
    """Text in lines and when it is shown, in seconds of the film."""

    start_seconds: float
    end_seconds: float
    lines: tuple[str, ...]
    voice: Voice


def web_vtt(
    film_seconds: float,
    *,
    speech: Transcript | None = None,
    lyrics: Transcript | None = None,
    lyrics_start_seconds: float = 0.0,
    lyrics_timed: bool = True,
) -> str | None:
    """The subtitles of a film, or None where nothing is said or sung in it.

    `lyrics` have times of a track that begins at `lyrics_start_seconds` of its file. Where speech
    and lyrics meet, speech is shown.
    """
    spoken = _cues(speech, Voice.SPEECH, 0.0, film_seconds)
    sung = _cues(lyrics, Voice.SONG, lyrics_start_seconds, film_seconds)
    cues = _one_at_a_time([*spoken, *_beside(sung, spoken)], film_seconds)[:CUES_MAX]
    if not cues:
        return None
    head = ["WEBVTT"]
    if not lyrics_timed and any(cue.voice == Voice.SONG for cue in cues):
        head.append(ESTIMATED_NOTE)
    return "\n\n".join([*head, *map(_written, cues)]) + "\n"


def _cues(
    transcript: Transcript | None, voice: Voice, offset_seconds: float, film_seconds: float
) -> list[Cue]:
    segments = transcript.segments if transcript else ()
    return [
        cue
        for segment in segments
        if math.isfinite(segment.start_seconds) and math.isfinite(segment.end_seconds)
        for cue in _split(segment, voice, offset_seconds)
        if cue.end_seconds > 0 and cue.start_seconds < film_seconds
    ]


def _split(segment: Segment, voice: Voice, offset_seconds: float) -> Iterable[Cue]:
    """As many cues as a segment's text and time need, each shown as long as its share of text."""
    start = segment.start_seconds - offset_seconds
    seconds = max(segment.end_seconds - segment.start_seconds, 0.0)
    lines = _lines(segment.text, voice)
    by_length = math.ceil(len(lines) / LINES_MAX)
    by_time = min(math.ceil(seconds / CUE_SECONDS_MAX), len(lines))
    parts = _shared_out(lines, max(by_length, by_time))
    letters = sum(map(len, lines))
    for part in parts:
        share = sum(map(len, part)) / letters
        end = start + min(seconds * share, CUE_SECONDS_MAX)
        yield Cue(start, end, part, voice)
        start += seconds * share


def _lines(text: str, voice: Voice) -> list[str]:
    """The words of a text in lines; a song's are marked."""
    kept = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in text)
    marks = len(f"{NOTE}  {NOTE}") if voice == Voice.SONG else 0
    lines = wrap(kept.replace(NOTE, " "), LINE_LENGTH_MAX - marks)
    return [f"{NOTE} {line} {NOTE}" for line in lines] if marks else lines


def _shared_out(lines: Sequence[str], count: int) -> list[tuple[str, ...]]:
    """Into `count` runs of nearly the same number of lines."""
    bounds = [round(index * len(lines) / count) for index in range(count + 1)] if count else [0]
    return [tuple(lines[first:last]) for first, last in pairwise(bounds) if first < last]


def _beside(sung: Sequence[Cue], spoken: Sequence[Cue]) -> list[Cue]:
    return [
        song
        for song in sung
        if not any(
            song.start_seconds < cue.end_seconds and cue.start_seconds < song.end_seconds
            for cue in spoken
        )
    ]


def _one_at_a_time(cues: Sequence[Cue], film_seconds: float) -> list[Cue]:
    """In order, within the film, each as long as it can be read or until the next begins."""
    ordered = sorted(cues, key=lambda cue: (cue.start_seconds, cue.end_seconds))
    limits = [max(cue.start_seconds, 0.0) - CUE_GAP_SECONDS for cue in ordered]
    placed: list[Cue] = []
    free = 0.0
    for cue, limit in zip(ordered, [*limits[1:], film_seconds], strict=False):
        start = max(cue.start_seconds, free, 0.0)
        readable = min(max(cue.end_seconds, start + CUE_SECONDS_MIN), start + CUE_SECONDS_MAX)
        end = min(readable, limit, film_seconds)
        if end - start >= SHOWN_SECONDS_MIN:
            placed.append(replace(cue, start_seconds=start, end_seconds=end))
            free = end + CUE_GAP_SECONDS
    return placed


def _written(cue: Cue) -> str:
    lines = "\n".join(html.escape(line, quote=False) for line in cue.lines)
    return f"{_time(cue.start_seconds)} --> {_time(cue.end_seconds)}\n{lines}"


def _time(seconds: float) -> str:
    """Hours, minutes, seconds and milliseconds, rounded down: never behind the film's end."""
    whole, milliseconds = divmod(int(seconds * MILLISECONDS + 1e-6), MILLISECONDS)
    minutes, second = divmod(whole, 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours:02}:{minute:02}:{second:02}.{milliseconds:03}"
