import pytest

from studio.catalog.catalogue import load_catalogue
from studio.catalog.models import Role, VideoCapabilities
from studio.contracts.problems import RequestInfeasible
from studio.pricing.estimator import Estimate, FilmWish, estimate_shots
from studio.pricing.markers import count_marked_shots, count_sentences

VEO = "veo-3.1-fast-generate-001"


def capability(model_id: str) -> VideoCapabilities:
    video = load_catalogue().entry(Role.VIDEO, model_id).capabilities.video
    assert video is not None
    return video


def estimate(model_id: str = VEO, **wish: object) -> Estimate:
    return estimate_shots(FilmWish(**wish), capability(model_id), model_id)  # type: ignore[arg-type] # keyword shorthand of the tests


@pytest.mark.requirement("BRIEF-4")
@pytest.mark.parametrize("count", [1, 2, 7, 64])
def test_the_shot_count_is_honoured_exactly(count: int) -> None:
    assert len(estimate(shot_count=count, text="Shot 1: one. Shot 2: two.").shots) == count


@pytest.mark.requirement("BRIEF-5")
def test_the_duration_is_met_exactly_in_frames() -> None:
    made = estimate(shot_count=7, duration_seconds=25.0)
    assert made.frames == 600
    assert {shot.frames for shot in made.shots} == {85, 86}


@pytest.mark.requirement("BRIEF-5")
def test_too_few_shots_are_refused_with_both_feasible_ranges() -> None:
    with pytest.raises(RequestInfeasible) as refused:
        estimate(shot_count=3, duration_seconds=40.0)
    assert {problem.pointer: problem.detail for problem in refused.value.problems} == {
        "/shot_count": f"A film of 40 s takes 5 to 40 shots: {VEO} films shots of 1 to 8 s.",
        "/scene_target_duration_seconds": (
            f"3 shots make 4 to 24 s of film: {VEO} films shots of 1 to 8 s."
        ),
    }


def test_shots_of_less_than_a_second_are_refused() -> None:
    with pytest.raises(RequestInfeasible, match="A film of 4 s takes 1 to 4 shots"):
        estimate(shot_count=5, duration_seconds=4.0)


def test_a_film_that_no_shot_count_can_make_is_refused_by_its_length() -> None:
    with pytest.raises(RequestInfeasible, match="64 shots make 64 to 512 s of film") as refused:
        estimate(duration_seconds=600.0)
    assert [problem.pointer for problem in refused.value.problems] == [
        "/scene_target_duration_seconds"
    ]


@pytest.mark.parametrize(("seconds", "filmed"), [(1.0, 4), (4.0, 4), (4.5, 6), (6.0, 6), (8.0, 8)])
def test_a_shot_is_filmed_at_the_shortest_clip_that_covers_it(seconds: float, filmed: int) -> None:
    made = estimate(shot_count=4, duration_seconds=4 * seconds)
    assert {shot.filmed_seconds for shot in made.shots} == {filmed}


def test_markers_in_the_text_give_the_shots() -> None:
    made = estimate(text="Shot 1: a. Shot 2: b. Shot 3: c.", duration_seconds=12.0)
    assert (len(made.shots), made.warnings) == (3, ())


def test_markers_that_do_not_fit_the_duration_give_way_with_a_warning() -> None:
    made = estimate(text="Shot 1: a. Shot 2: b.", duration_seconds=60.0)
    assert len(made.shots) == 8
    assert made.warnings == ("The brief marks 2 shots; the film has 8.",)


def test_a_duration_alone_gives_shots_of_the_models_preferred_length() -> None:
    assert len(estimate(duration_seconds=60.0).shots) == 8
    assert len(estimate("kling-v3-pro-image-to-video", duration_seconds=60.0).shots) == 12


def test_a_shot_count_alone_gives_clips_of_the_preferred_length() -> None:
    made = estimate(shot_count=5)
    assert made.duration_seconds == 40


def test_text_alone_gives_a_shot_a_sentence_within_bounds() -> None:
    assert len(estimate(text="She enters. The light goes out!").shots) == 2
    assert len(estimate(text="A line.\n" * 500).shots) == 8


def test_no_text_gives_a_few_shots() -> None:
    assert len(estimate().shots) == 3


def test_a_film_cut_to_a_track_is_as_long_as_the_track() -> None:
    made = estimate(track_seconds=61.3)
    assert made.frames == int(61.3 * 24)
    assert made.warnings == ()


def test_a_track_longer_than_the_model_can_film_is_cut_with_a_warning() -> None:
    made = estimate(track_seconds=700.0)
    assert (len(made.shots), made.duration_seconds) == (64, 512)
    assert made.warnings == ("The film ends at 512.0 s, the track at 700.0 s.",)


def test_a_tiny_rest_of_a_track_still_makes_the_shortest_film() -> None:
    assert estimate(track_seconds=0.2).duration_seconds == 4


def test_bounds_of_generated_music_bound_a_length_that_is_ours_to_choose() -> None:
    assert estimate(text="One. Two.", duration_seconds_min=30.0).duration_seconds == 30
    assert estimate(shot_count=5, duration_seconds_max=20.0).duration_seconds == 20


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Shot 1: one. Shot 2: two.", 2),
        ("SHOT 1\nA door.\nSHOT 2\nA window.", 2),
        ("Shot 1 - a door\nShot 2) a window\nShot 3. a wall", 3),
        ("Shot 1: one. Later, Shot 1: again.", 1),
        ("He was shot 3 times. A moonshot 4: no.", 0),
        ("", 0),
    ],
)
def test_shot_markers_are_found_where_a_writer_puts_them(text: str, count: int) -> None:
    assert count_marked_shots(text) == count


@pytest.mark.parametrize(
    ("text", "count"), [("One. Two? Three!", 3), ("It costs 3.50 now.", 1), ("…\n\n!", 0)]
)
def test_sentences_are_counted(text: str, count: int) -> None:
    assert count_sentences(text) == count
