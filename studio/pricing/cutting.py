"""Moves the cuts of a film: onto the beats of its music, and apart where shots dissolve.

What is filmed and billed never changes, nor how long the film is: a shot is only trimmed elsewhere.
All arithmetic is in whole frames, as in the estimator.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Final

from studio.contracts.documents import BeatGrid
from studio.contracts.limits import SHOT_DURATION_SECONDS_MIN
from studio.contracts.plan import ShotTiming, overlap_frames_max

REACH_SECONDS: Final = 1.0
"""How far a cut may be moved for a beat: at 60 beats a minute half of it always suffices. Farther
would change how the planned shots share the film."""

_ON_BEAT_FRAMES: Final = 0.5 + 1e-6
"""Nearer than half a frame no cut can be."""


@dataclass(frozen=True)
class _Span:
    """How long a shot may be on screen, in frames, both ends included."""

    low: int
    high: int


@dataclass(frozen=True)
class _Path:
    """Cuts up to here: how many are off the beat, and by how much all were moved, in frames."""

    off_beat: int
    moved: int
    cuts: tuple[int, ...]


def cut_on_beats(
    shots: Sequence[ShotTiming],
    grid: BeatGrid,
    *,
    music_start_seconds: float,
    frames_per_second: int,
) -> tuple[ShotTiming, ...]:
    """The same shots with as many inner cuts on beats as can be, each moved as little as can be.

    Beats are seconds of the track, of which the film begins at `music_start_seconds`. Each shot
    keeps SHOT_DURATION_SECONDS_MIN and ends within its `filmed_seconds`; the film's length stays.
    A cut without a beat in reach stays. To cut again changes nothing.
    """
    beats = _beat_frames(grid, music_start_seconds, frames_per_second)
    cut = tuple(shots)
    # Cuts that were moved bring other beats into reach of their neighbours. Each round puts more
    # cuts on beats or changes nothing, so there are no more rounds than cuts.
    for _ in shots:
        better = _cut_once(cut, beats, frames_per_second)
        if better == cut:
            break
        cut = better
    return cut


def cuts_on_beat(
    shots: Sequence[ShotTiming],
    grid: BeatGrid,
    *,
    music_start_seconds: float,
    frames_per_second: int,
) -> int:
    """How many inner cuts are within half a frame of a beat."""
    beats = _beat_frames(grid, music_start_seconds, frames_per_second)
    return sum(_is_on_beat(cut, beats) for cut in _inner_cuts(shots))


def with_dissolves(
    shots: Sequence[ShotTiming], dissolving: Collection[int], frames_per_second: int
) -> tuple[ShotTiming, ...]:
    """The same film with overlaps where a shot, named by its index, dissolves into the next one.

    The shot gets longer by its overlap, so the film does not get shorter. Where nothing more of it
    was filmed, it is cut as before.
    """
    following: list[ShotTiming | None] = [*shots[1:], None]
    return tuple(
        _dissolved(shot, after, frames_per_second)
        if after is not None and shot.index in dissolving
        else shot
        for shot, after in zip(shots, following, strict=True)
    )


def _dissolved(shot: ShotTiming, after: ShotTiming, frames_per_second: int) -> ShotTiming:
    seen, seen_after = _on_screen(shot), _on_screen(after)
    overlap = overlap_frames_max(seen, seen_after, frames_per_second)
    if seen + overlap > shot.filmed_seconds * frames_per_second:
        return shot
    return shot.model_copy(update={"frames": seen + overlap, "overlap_frames": overlap})


def _on_screen(shot: ShotTiming) -> int:
    """The frames until the next shot begins."""
    return shot.frames - shot.overlap_frames


def _inner_cuts(shots: Sequence[ShotTiming]) -> list[int]:
    """Where each shot but the first begins, in frames of the film."""
    return list(accumulate(_on_screen(shot) for shot in shots))[:-1]


def _beat_frames(
    grid: BeatGrid, music_start_seconds: float, frames_per_second: int
) -> tuple[float, ...]:
    return tuple(
        (beat - music_start_seconds) * frames_per_second
        for beat in grid.beat_seconds
        if beat >= music_start_seconds
    )


def _is_on_beat(cut: int, beats: Sequence[float]) -> bool:
    return any(abs(beat - cut) <= _ON_BEAT_FRAMES for beat in beats)


def _cut_once(
    shots: tuple[ShotTiming, ...], beats: Sequence[float], frames_per_second: int
) -> tuple[ShotTiming, ...]:
    """One round: the best of all combinations of cuts, found from the front to the back."""
    spans = [_span(shot, frames_per_second) for shot in shots]
    reach = REACH_SECONDS * frames_per_second
    total = sum(_on_screen(shot) for shot in shots)
    paths = {0: _Path(0, 0, ())}
    for cut, span in zip(_inner_cuts(shots), spans, strict=False):
        places = _places(cut, beats, reach)
        paths = {
            place: best
            for place, is_off in places.items()
            if (best := _best_to(place, is_off, abs(place - cut), paths, span)) is not None
        }
    end = _best_to(total, 0, 0, paths, spans[-1]) if shots else None
    if end is None:  # only where the shots themselves were too long or too short
        return shots
    edges = pairwise((0, *end.cuts))
    return tuple(
        shot.model_copy(update={"frames": stop - start + shot.overlap_frames})
        for shot, (start, stop) in zip(shots, edges, strict=True)
    )


def _span(shot: ShotTiming, frames_per_second: int) -> _Span:
    low = SHOT_DURATION_SECONDS_MIN * frames_per_second
    return _Span(low, shot.filmed_seconds * frames_per_second - shot.overlap_frames)


def _places(cut: int, beats: Sequence[float], reach: float) -> dict[int, int]:
    """Where a cut may be, and 1 where that is off the beat, else 0."""
    near = (round(beat) for beat in beats if abs(beat - cut) <= reach)
    return {cut: int(not _is_on_beat(cut, beats))} | dict.fromkeys(near, 0)


def _best_to(
    place: int, is_off: int, moved: int, paths: dict[int, _Path], span: _Span
) -> _Path | None:
    """The best way to end a shot at `place`; None where it would be too short or too long."""
    possible: Iterator[_Path] = (
        path for start, path in paths.items() if span.low <= place - start <= span.high
    )
    best = min(possible, key=lambda path: (path.off_beat, path.moved), default=None)
    if best is None:
        return None
    return _Path(best.off_beat + is_off, best.moved + moved, (*best.cuts, place))
