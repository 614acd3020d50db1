"""Cuts on beats and dissolves, for every film: nothing billed changes, and no film its length."""

from itertools import pairwise, product

from hypothesis import given, settings
from hypothesis import strategies as st

from studio.contracts.documents import BeatGrid
from studio.contracts.plan import ShotTiming
from studio.pricing.cutting import cut_on_beats, cuts_on_beat, with_dissolves

FPS = 24
unhurried = settings(deadline=None)
"""A busy machine is no failure."""


@st.composite
def shot(draw: st.DrawFn, index: int) -> ShotTiming:
    filmed = draw(st.integers(1, 10))
    frames = draw(st.integers(FPS, filmed * FPS))
    return ShotTiming(index=index, frames=frames, filmed_seconds=filmed)


@st.composite
def films(draw: st.DrawFn, shots_max: int = 8) -> tuple[ShotTiming, ...]:
    count = draw(st.integers(1, shots_max))
    return tuple(draw(shot(index)) for index in range(1, count + 1))


@st.composite
def grids(draw: st.DrawFn) -> BeatGrid:
    """A steady pulse with a start of its own, or any times at all."""
    if draw(st.booleans()):
        bpm, first = draw(st.floats(40, 220)), draw(st.floats(0, 3))
        beats = [first + beat * 60 / bpm for beat in range(draw(st.integers(0, 120)))]
        return BeatGrid(beats_per_minute=bpm, beat_seconds=tuple(beats))
    times = draw(st.lists(st.floats(0, 100), max_size=30))
    return BeatGrid(beat_seconds=tuple(sorted(times)))


def cut(shots: tuple[ShotTiming, ...], grid: BeatGrid, start: float = 0) -> tuple[ShotTiming, ...]:
    return cut_on_beats(shots, grid, music_start_seconds=start, frames_per_second=FPS)


def on_beat(shots: tuple[ShotTiming, ...], grid: BeatGrid, start: float = 0) -> int:
    return cuts_on_beat(shots, grid, music_start_seconds=start, frames_per_second=FPS)


def screen_frames(shots: tuple[ShotTiming, ...]) -> int:
    return sum(shot.frames - shot.overlap_frames for shot in shots)


@unhurried
@given(shots=films(), grid=grids(), start=st.floats(0, 20))
def test_cutting_keeps_the_length_the_bounds_and_what_is_billed(
    shots: tuple[ShotTiming, ...], grid: BeatGrid, start: float
) -> None:
    made = cut(shots, grid, start)

    assert screen_frames(made) == screen_frames(shots)
    assert [(s.index, s.filmed_seconds) for s in made] == [
        (s.index, s.filmed_seconds) for s in shots
    ]
    assert all(FPS <= s.frames <= s.filmed_seconds * FPS for s in made)


@unhurried
@given(shots=films(), grid=grids(), start=st.floats(0, 20))
def test_cutting_again_changes_nothing_and_never_loses_a_beat(
    shots: tuple[ShotTiming, ...], grid: BeatGrid, start: float
) -> None:
    made = cut(shots, grid, start)

    assert cut(made, grid, start) == made
    assert on_beat(made, grid, start) >= on_beat(shots, grid, start)


@unhurried
@given(shots=films(shots_max=4), grid=grids())
def test_every_cut_is_on_a_beat_where_that_can_be(
    shots: tuple[ShotTiming, ...], grid: BeatGrid
) -> None:
    cuts = [sum(s.frames for s in shots[: i + 1]) for i in range(len(shots) - 1)]
    near = [[b * FPS for b in grid.beat_seconds if abs(b * FPS - c) <= FPS] for c in cuts]

    def fits(places: tuple[float, ...]) -> bool:
        edges = [0, *(round(place) for place in places), screen_frames(shots)]
        lengths = [stop - start for start, stop in pairwise(edges)]
        limits = [s.filmed_seconds * FPS for s in shots]
        return all(FPS <= n <= high for n, high in zip(lengths, limits, strict=True))

    if any(fits(places) for places in product(*near)):
        assert on_beat(cut(shots, grid), grid) == len(cuts)


@unhurried
@given(shots=films(), dissolving=st.sets(st.integers(1, 8)))
def test_dissolves_keep_the_length_and_what_was_filmed(
    shots: tuple[ShotTiming, ...], dissolving: set[int]
) -> None:
    made = with_dissolves(shots, dissolving, FPS)

    assert screen_frames(made) == screen_frames(shots)
    assert made[-1] == shots[-1]
    for before, shot, after in zip(shots, made, (*shots[1:], shots[-1]), strict=True):
        assert shot.frames <= shot.filmed_seconds * FPS
        assert shot.overlap_frames in (0, min(12, before.frames // 3, after.frames // 3))
        assert shot.overlap_frames == 0 or shot.index in dissolving
    assert with_dissolves(made, dissolving, FPS) == made


def timing(index: int, frames: int, filmed: int) -> ShotTiming:
    return ShotTiming(index=index, frames=frames, filmed_seconds=filmed)


def test_a_cut_goes_to_the_nearest_beat_of_the_track_from_where_the_film_begins() -> None:
    beats = BeatGrid(beat_seconds=(10.0, 12.5, 13.4, 14.9))

    made = cut((timing(1, 72, 4), timing(2, 72, 4)), beats, start=10.0)

    assert [shot.frames for shot in made] == [82, 62]
    assert on_beat(made, beats, start=10.0) == 1


def test_a_cut_stays_where_a_beat_cannot_be_reached() -> None:
    shots = (timing(1, 72, 3), timing(2, 72, 3))

    assert cut(shots, BeatGrid(beat_seconds=(2.5, 3.5))) == shots
    assert cut(shots, BeatGrid()) == shots
    assert on_beat(shots, BeatGrid(beat_seconds=(2.5, 3.5))) == 0


def test_a_shot_that_has_no_more_film_is_cut_instead_of_dissolved() -> None:
    shots = (timing(1, 96, 4), timing(2, 60, 4), timing(3, 30, 4))

    first, second, third = with_dissolves(shots, {1, 2, 3}, FPS)

    assert first == shots[0]
    assert (second.frames, second.overlap_frames) == (70, 10)
    assert third == shots[2]
