"""Fixes how many shots a film has and how long each is, before anything is spent.

Deterministic: the same wish and model always give the same shots. All arithmetic is in whole
frames, so that the film's length is exact.
"""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from studio.catalog.models import VideoCapabilities
from studio.contracts.limits import (
    FILM_DURATION_SECONDS_MAX,
    FILM_DURATION_SECONDS_MIN,
    FILM_FRAMES_PER_SECOND,
    SHOT_COUNT_MAX,
    SHOT_COUNT_MIN,
    SHOT_DURATION_SECONDS_MIN,
)
from studio.contracts.plan import ShotTiming
from studio.contracts.problems import Problem, RequestInfeasible
from studio.pricing.markers import count_marked_shots, count_sentences

SHOTS_FROM_SENTENCES_MAX: Final = 8
"""A brief that names neither shots nor a length gets a shot a sentence, at most these: our choice,
so that pasting a long text does not order an hour's worth of film."""

SHOTS_WITHOUT_TEXT: Final = 3
"""Where only uploads carry the brief: our choice."""

BEAT_SLACK_SECONDS: Final = 0.5
"""How much more than a shot of a film that is cut to music is filmed, so that its cut can move to
the nearest beat. Our choice: beats are at most half a second away at 60 a minute, and closer above.
"""

_FILM_FRAMES_MIN: Final = FILM_DURATION_SECONDS_MIN * FILM_FRAMES_PER_SECOND
_FILM_FRAMES_MAX: Final = FILM_DURATION_SECONDS_MAX * FILM_FRAMES_PER_SECOND
_SHOT_FRAMES_MIN: Final = SHOT_DURATION_SECONDS_MIN * FILM_FRAMES_PER_SECOND


@dataclass(frozen=True)
class FilmWish:
    """What a request says about the film's shape.

    `shot_count` and `duration_seconds` are honoured exactly where given. `track_seconds` is what
    is left of the caller's track from its start, where the film is cut to it;
    `duration_seconds_min` and `_max` bound a length that is ours to choose. `slack_seconds` of each
    shot are filmed beyond its end where the model's lengths allow, and shots whose number or length
    is ours to choose are made so that they do.
    """

    shot_count: int | None = None
    duration_seconds: float | None = None
    text: str = ""
    track_seconds: float | None = None
    duration_seconds_min: float | None = None
    duration_seconds_max: float | None = None
    slack_seconds: float = 0.0

    @property
    def slack_frames(self) -> int:
        return math.ceil(self.slack_seconds * FILM_FRAMES_PER_SECOND)


@dataclass(frozen=True)
class Range:
    """Whole numbers from `low` to `high`, both included; empty where `low` is above `high`."""

    low: int
    high: int

    def __contains__(self, value: int) -> bool:
        return self.low <= value <= self.high

    def clamp(self, value: int) -> int:
        return max(self.low, min(self.high, value))


@dataclass(frozen=True)
class Estimate:
    shots: tuple[ShotTiming, ...]
    warnings: tuple[str, ...] = ()

    @property
    def frames(self) -> int:
        return sum(shot.frames for shot in self.shots)

    @property
    def duration_seconds(self) -> float:
        return self.frames / FILM_FRAMES_PER_SECOND


def frames_of(seconds: float) -> int:
    """The nearest whole number of film frames."""
    return round(seconds * FILM_FRAMES_PER_SECOND)


def feasible_shot_counts(frames: int, video: VideoCapabilities) -> Range:
    """The shot counts into which a film of so many frames can be divided; may be empty."""
    longest = video.longest_clip_seconds * FILM_FRAMES_PER_SECOND
    fewest = -(-frames // longest)
    return Range(max(SHOT_COUNT_MIN, fewest), min(SHOT_COUNT_MAX, frames // _SHOT_FRAMES_MIN))


def feasible_frames(shot_count: int, video: VideoCapabilities) -> Range:
    """The film lengths, in frames, that so many shots can have; never empty."""
    longest = video.longest_clip_seconds * FILM_FRAMES_PER_SECOND
    return Range(
        max(_FILM_FRAMES_MIN, shot_count * _SHOT_FRAMES_MIN),
        min(_FILM_FRAMES_MAX, shot_count * longest),
    )


def estimate_shots(wish: FilmWish, video: VideoCapabilities, model_id: str) -> Estimate:
    """Divide the film into shots that the model can film.

    Raises RequestInfeasible with the feasible ranges where a given count and length do not fit.
    """
    count, frames = _first_guess(wish, video)
    if wish.duration_seconds is not None:
        counts = feasible_shot_counts(frames, video)
        if counts.low > counts.high or (wish.shot_count is not None and count not in counts):
            raise RequestInfeasible(_misfits(wish, frames, video, model_id))
        count = _roomy(counts, frames, wish, video).clamp(count)
    elif wish.shot_count is not None:
        frames = feasible_frames(count, video).clamp(frames)
    else:
        frames = _whole_film(video).clamp(frames)
        counts = feasible_shot_counts(frames, video)
        count = _roomy(counts, frames, wish, video).clamp(count)
    shots = _divide(frames, count, video, wish.slack_frames)
    return Estimate(shots, _differences(wish, frames, count))


def _roomy(counts: Range, frames: int, wish: FilmWish, video: VideoCapabilities) -> Range:
    """Those of the feasible counts that leave every shot its slack; all where none does, or where
    the count is the caller's.
    """
    if wish.shot_count is not None or count_marked_shots(wish.text):
        return counts
    room = video.longest_clip_seconds * FILM_FRAMES_PER_SECOND - wish.slack_frames
    roomy = Range(max(counts.low, -(-frames // room)), counts.high)
    return roomy if roomy.low <= roomy.high else counts


def _first_guess(wish: FilmWish, video: VideoCapabilities) -> tuple[int, int]:
    """Shots and frames before they are fitted to each other."""
    preferred = video.preferred_clip_seconds * FILM_FRAMES_PER_SECOND - wish.slack_frames
    frames = _wished_frames(wish)
    count = wish.shot_count or count_marked_shots(wish.text)
    if count == 0:
        count = _sentence_shots(wish.text) if frames is None else -(-frames // preferred)
    if frames is None:
        frames = _bounded(count * preferred, wish)
    return count, frames


def _wished_frames(wish: FilmWish) -> int | None:
    if wish.duration_seconds is not None:
        return frames_of(wish.duration_seconds)
    if wish.track_seconds is not None:
        return int(wish.track_seconds * FILM_FRAMES_PER_SECOND)
    return None


def _sentence_shots(text: str) -> int:
    sentences = count_sentences(text)
    return min(sentences, SHOTS_FROM_SENTENCES_MAX) if sentences else SHOTS_WITHOUT_TEXT


def _bounded(frames: int, wish: FilmWish) -> int:
    if wish.duration_seconds_max is not None:
        frames = min(frames, int(wish.duration_seconds_max * FILM_FRAMES_PER_SECOND))
    if wish.duration_seconds_min is not None:
        frames = max(frames, frames_of(wish.duration_seconds_min))
    return frames


def _whole_film(video: VideoCapabilities) -> Range:
    return Range(_FILM_FRAMES_MIN, feasible_frames(SHOT_COUNT_MAX, video).high)


def _divide(
    frames: int, count: int, video: VideoCapabilities, slack_frames: int
) -> tuple[ShotTiming, ...]:
    """Shots that differ by one frame at most and add up exactly."""
    edges = [position * frames // count for position in range(count + 1)]
    return tuple(
        ShotTiming(
            index=index,
            frames=length,
            filmed_seconds=_filmed_seconds(length + slack_frames, video),
        )
        for index, length in enumerate((end - start for start, end in pairwise(edges)), start=1)
    )


def _filmed_seconds(frames: int, video: VideoCapabilities) -> int:
    """The model's shortest clip that covers a shot and its slack, or else its longest."""
    covering = (
        seconds
        for seconds in video.clip_lengths_seconds
        if seconds * FILM_FRAMES_PER_SECOND >= frames
    )
    return next(covering, video.longest_clip_seconds)


def _misfits(
    wish: FilmWish, frames: int, video: VideoCapabilities, model_id: str
) -> tuple[Problem, ...]:
    shot = (
        f"{model_id} films shots of {SHOT_DURATION_SECONDS_MIN} to {video.longest_clip_seconds} s"
    )
    problems = []
    counts = feasible_shot_counts(frames, video)
    if counts.low <= counts.high:
        detail = f"A film of {wish.duration_seconds:g} s takes {_span(counts)} shots: {shot}."
        problems.append(Problem(pointer="/shot_count", detail=detail))
    seconds = _whole_seconds(feasible_frames(wish.shot_count or SHOT_COUNT_MAX, video))
    noun = "shot" if wish.shot_count == 1 else "shots"
    detail = f"{wish.shot_count or SHOT_COUNT_MAX} {noun} make {_span(seconds)} s of film: {shot}."
    problems.append(Problem(pointer="/scene_target_duration_seconds", detail=detail))
    return tuple(problems)


def _whole_seconds(frames: Range) -> Range:
    low, high = frames.low, frames.high
    return Range(-(-low // FILM_FRAMES_PER_SECOND), high // FILM_FRAMES_PER_SECOND)


def _span(numbers: Range) -> str:
    return str(numbers.low) if numbers.low == numbers.high else f"{numbers.low} to {numbers.high}"


def _differences(wish: FilmWish, frames: int, count: int) -> tuple[str, ...]:
    """Where the film is not what the text marks, or ends before the track it is cut to."""
    warnings = []
    marked = count_marked_shots(wish.text)
    if wish.shot_count is None and marked not in (0, count):
        shots = "1 shot" if marked == 1 else f"{marked} shots"
        warnings.append(f"The brief marks {shots}; the film has {count}.")
    track = wish.track_seconds
    if wish.duration_seconds is None and track is not None:
        seconds = frames / FILM_FRAMES_PER_SECOND
        if frames < int(track * FILM_FRAMES_PER_SECOND):
            warnings.append(f"The film ends at {seconds:.1f} s, the track at {track:.1f} s.")
    return tuple(warnings)
