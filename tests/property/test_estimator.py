"""The estimator's promises for every wish and every video model."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.catalog.catalogue import load_catalogue
from studio.catalog.models import Role, VideoCapabilities
from studio.contracts.plan import ChargeLine, ShotTiming
from studio.contracts.problems import RequestInfeasible
from studio.contracts.request import ImageResolution, VideoResolution
from studio.pricing.charges import Order, PricedModel, charges_digest, price_order
from studio.pricing.estimator import (
    BEAT_SLACK_SECONDS,
    FilmWish,
    estimate_shots,
    feasible_frames,
    feasible_shot_counts,
)
from studio.pricing.markers import count_marked_shots

CATALOGUE = load_catalogue()
VIDEOS = {
    model.id: model.capabilities.video
    for model in CATALOGUE.models()
    if model.capabilities.video is not None
}
video_ids = st.sampled_from(sorted(VIDEOS))
counts = st.integers(1, 64)
durations = st.floats(4, 600, allow_nan=False)
texts = st.sampled_from(["", "One. Two. Three.", "Shot 1: a. Shot 2: b. Shot 9: c.", "x\n" * 99])


unhurried = settings(deadline=None)
"""A busy machine is no failure."""


def is_feasible(count: int, frames: int, video: VideoCapabilities) -> bool:
    """By the rule as the contract words it, shot by shot."""
    shots = [(index + 1) * frames // count - index * frames // count for index in range(count)]
    return all(24 <= shot <= video.longest_clip_seconds * 24 for shot in shots)


@unhurried
@given(model_id=video_ids, count=st.none() | counts, seconds=durations, text=texts)
def test_a_given_length_is_met_exactly_or_refused(
    model_id: str, count: int | None, seconds: float, text: str
) -> None:
    video = VIDEOS[model_id]
    frames = round(seconds * 24)
    wish = FilmWish(shot_count=count, duration_seconds=seconds, text=text)
    tried = range(1, 65) if count is None else [count]
    if not any(is_feasible(number, frames, video) for number in tried):
        with pytest.raises(RequestInfeasible):
            estimate_shots(wish, video, model_id)
        return
    made = estimate_shots(wish, video, model_id)
    assert made.frames == frames
    assert count is None or len(made.shots) == count


@unhurried
@given(
    model_id=video_ids,
    count=st.none() | counts,
    track=st.none() | st.floats(0, 2000),
    bounds=st.none() | st.tuples(st.floats(1, 600), st.floats(1, 600)),
    text=texts,
)
def test_a_length_that_is_ours_to_choose_is_always_found(
    model_id: str,
    count: int | None,
    track: float | None,
    bounds: tuple[float, float] | None,
    text: str,
) -> None:
    low, high = sorted(bounds) if bounds else (None, None)
    wish = FilmWish(count, None, text, track, low, high)
    made = estimate_shots(wish, VIDEOS[model_id], model_id)
    assert 4 * 24 <= made.frames <= 600 * 24
    assert count is None or len(made.shots) == count
    assert 1 <= len(made.shots) <= 64


@unhurried
@given(model_id=video_ids, count=st.none() | counts, text=texts)
def test_shots_are_even_and_filmed_at_the_shortest_clip_that_covers_them(
    model_id: str, count: int | None, text: str
) -> None:
    video = VIDEOS[model_id]
    made = estimate_shots(FilmWish(shot_count=count, text=text), video, model_id)
    lengths = [shot.frames for shot in made.shots]
    assert max(lengths) - min(lengths) <= 1
    assert [shot.index for shot in made.shots] == list(range(1, len(lengths) + 1))
    for shot in made.shots:
        covering = [s for s in video.clip_lengths_seconds if s * 24 >= shot.frames]
        assert shot.filmed_seconds == min(covering)
        assert shot.frames >= 24


@unhurried
@given(
    model_id=video_ids,
    count=st.none() | counts,
    track=st.none() | st.floats(4, 2000),
    seconds=st.none() | durations,
    text=texts,
)
def test_a_film_cut_to_music_has_room_wherever_its_model_and_its_count_allow(
    model_id: str, count: int | None, track: float | None, seconds: float | None, text: str
) -> None:
    video = VIDEOS[model_id]
    wish = FilmWish(count, seconds, text, track, slack_seconds=BEAT_SLACK_SECONDS)
    try:
        made = estimate_shots(wish, video, model_id)
    except RequestInfeasible:
        assert seconds is not None
        return
    longest = video.longest_clip_seconds
    for shot in made.shots:
        assert shot.filmed_seconds * 24 >= shot.frames
        if (shot.frames + 12) <= longest * 24:
            assert shot.filmed_seconds * 24 >= shot.frames + 12
    roomy = -(-made.frames // (longest * 24 - 12))
    if count is None and not count_marked_shots(text) and roomy <= min(64, made.frames // 24):
        assert all(shot.frames + 12 <= longest * 24 for shot in made.shots)


@unhurried
@given(model_id=video_ids, frames=st.integers(4 * 24, 600 * 24))
def test_the_feasible_shot_counts_are_those_of_a_search(model_id: str, frames: int) -> None:
    video = VIDEOS[model_id]
    stated = feasible_shot_counts(frames, video)
    found = [count for count in range(1, 65) if is_feasible(count, frames, video)]
    assert [count for count in range(1, 65) if count in stated] == found


@unhurried
@given(model_id=video_ids, count=counts)
def test_the_feasible_lengths_are_those_of_a_search(model_id: str, count: int) -> None:
    video = VIDEOS[model_id]
    stated = feasible_frames(count, video)
    edges = {stated.low - 1, stated.low, stated.high, stated.high + 1}
    for frames in edges:
        in_contract = 4 * 24 <= frames <= 600 * 24
        assert (frames in stated) == (in_contract and is_feasible(count, frames, video))


def total(model_id: str, shots: tuple[ShotTiming, ...], resolution: VideoResolution) -> int:
    order = Order(
        shots=shots,
        image=PricedModel("gemini-3-pro-image", CATALOGUE.entry(Role.IMAGE, "gemini-3-pro-image")),
        image_resolution=ImageResolution.ONE_K,
        video=PricedModel(model_id, CATALOGUE.entry(Role.VIDEO, model_id)),
        video_resolution=resolution,
    )
    charges = price_order(order, CATALOGUE.prices)
    assert charges.total_credits == sum(line.credits for line in charges.lines)
    assert len({line.line_id for line in charges.lines}) == len(charges.lines)
    return charges.total_credits


@unhurried
@given(model_id=video_ids, count=counts, lengths=st.tuples(st.integers(0, 9), st.integers(0, 9)))
def test_a_longer_or_sharper_film_never_costs_less(
    model_id: str, count: int, lengths: tuple[int, int]
) -> None:
    video = VIDEOS[model_id]
    span = feasible_frames(count, video)
    step = (span.high - span.low) // 9
    shorter, longer = (
        estimate_shots(
            FilmWish(shot_count=count, duration_seconds=(span.low + step * length) / 24),
            video,
            model_id,
        ).shots
        for length in sorted(lengths)
    )
    prices = [total(model_id, shorter, resolution) for resolution in VideoResolution]
    assert prices == sorted(prices)
    assert prices[0] <= total(model_id, longer, VideoResolution.P720)


@unhurried
@given(count=st.integers(1, 63))
def test_one_more_shot_of_the_same_length_always_costs_more(count: int) -> None:
    shots = tuple(
        ShotTiming(index=index, frames=96, filmed_seconds=4) for index in range(1, count + 2)
    )
    model_id = "veo-3.1-fast-generate-001"
    fewer, more = (
        total(model_id, given_shots, VideoResolution.P720) for given_shots in (shots[:-1], shots)
    )
    assert more == fewer + 2 + 21 + 5 + 60


lines = st.builds(
    ChargeLine,
    line_id=st.text(max_size=20),
    label=st.text(max_size=20),
    credits=st.integers(0, 10**6),
    shot=st.none() | counts,
)


@unhurried
@given(charges=st.lists(lines, max_size=6), data=st.data())
def test_the_digest_does_not_depend_on_the_order_of_fields(
    charges: list[ChargeLine], data: st.DataObject
) -> None:
    shuffled = [
        ChargeLine.model_validate_json(
            json.dumps(dict(data.draw(st.permutations(list(line.model_dump().items())))))
        )
        for line in charges
    ]
    assert charges_digest("v", shuffled) == charges_digest("v", charges)
