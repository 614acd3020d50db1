import pytest

from studio.contracts.request import MusicWorkflow
from studio.pricing.freeze import UploadFacts
from tests.pricing_scenes import COMPLETE, DEMO, audio, make_request


@pytest.mark.parametrize(
    ("fields", "workflow"),
    [
        ({}, "none"),
        ({"project_mode": "custom"}, "none"),
        ({"project_mode": "music"}, "generated"),
        ({"style_prompt": "slow strings"}, "generated"),
        ({"lyrics_prompt": "la la"}, "generated"),
        ({"music_workflow": "lyria3"}, "generated"),
        ({"music_workflow": "none", "project_mode": "music"}, "none"),
    ],
)
def test_the_workflow_follows_from_mode_and_prompts(
    fields: dict[str, object], workflow: str
) -> None:
    frozen = DEMO.freeze(make_request(**fields))
    assert frozen.request.music_workflow == MusicWorkflow(workflow)
    assert (frozen.music is None) == (workflow == "none")


@pytest.mark.requirement("MUSIC-5")
@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"music_workflow": "uploaded_track"}, "/music_workflow"),
        ({"use_first_audio_asset_as_music": True}, "/use_first_audio_asset_as_music"),
    ],
)
def test_an_uploaded_track_without_audio_is_refused(
    fields: dict[str, object], pointer: str
) -> None:
    uploads = UploadFacts(filenames=("a.png",), image_count=1)
    problems = DEMO.refusal(make_request(**fields), uploads)
    assert "no audio file was uploaded" in problems[pointer]


def test_an_uploaded_track_has_no_charge_line_and_no_model() -> None:
    plan = DEMO.freeze(make_request(music_workflow="uploaded_track"), audio(60.0)).plan
    assert "music" not in {line.line_id for line in plan.charges.lines}
    assert plan.models.music is not None
    assert plan.models.music.used == "uploaded_track"


def test_the_first_audio_file_becomes_the_music_when_asked_to() -> None:
    request = make_request(use_first_audio_asset_as_music=True, music_workflow="generated")
    frozen = COMPLETE.freeze(request, audio(60.0))
    assert frozen.music is not None
    assert frozen.music.workflow is MusicWorkflow.UPLOADED_TRACK
    assert len(frozen.plan.warnings) == 1


def test_an_estimate_accepts_a_track_to_come_with_a_warning() -> None:
    request = make_request(music_workflow="uploaded_track")
    frozen = COMPLETE.freeze(request, UploadFacts.unknown())
    assert any("not known yet" in warning for warning in frozen.plan.warnings)


@pytest.mark.parametrize("length", [20.0, 30.0, 30.9])
def test_a_start_that_leaves_less_than_a_second_of_the_track_is_refused(length: float) -> None:
    request = make_request(music_workflow="uploaded_track", music_start_seconds=30)
    assert f"{length} s long" in DEMO.refusal(request, audio(length))["/music_start_seconds"]
    assert DEMO.freeze(request, audio(31.0)).music is not None
    assert DEMO.freeze(request, audio(None)).music is not None


def test_music_mode_cuts_the_film_to_what_is_left_of_the_track() -> None:
    request = make_request(
        project_mode="music", music_workflow="uploaded_track", music_start_seconds=10
    )
    frozen = COMPLETE.freeze(request, audio(34.0))
    assert sum(shot.frames for shot in frozen.plan.shots) == 24 * 24
    assert frozen.plan.warnings == ()


def test_scene_mode_keeps_its_own_length_and_warns_of_a_short_track() -> None:
    request = make_request(
        music_workflow="uploaded_track", shot_count=3, scene_target_duration_seconds=24
    )
    frozen = COMPLETE.freeze(request, audio(10.0))
    assert sum(shot.frames for shot in frozen.plan.shots) == 24 * 24
    assert frozen.plan.warnings == (
        "There are 10.0 s of music for a film of 24.0 s.",
        "The music is repeated until the film ends.",
    )


def test_a_minimum_that_the_model_cannot_reach_is_refused() -> None:
    request = make_request(
        music_workflow="generated",
        music_model="lyria-3-clip-preview",
        music_min_duration_seconds=31,
    )
    assert "30 s of music at most" in DEMO.refusal(request)["/music_min_duration_seconds"]


@pytest.mark.parametrize("start", [19.5, 20.0, 1e308])
def test_a_start_beyond_the_longest_generated_music_is_refused(start: float) -> None:
    request = make_request(
        music_workflow="generated", music_max_duration_seconds=20, music_start_seconds=start
    )
    assert "/music_start_seconds" in DEMO.refusal(request)


def test_the_models_limit_is_in_the_frozen_brief() -> None:
    frozen = DEMO.freeze(
        make_request(music_workflow="generated", music_model="lyria-3-clip-preview")
    )
    assert frozen.music is not None
    assert frozen.music.duration_seconds_max == 30


def test_bounds_of_generated_music_bound_a_film_cut_to_it() -> None:
    request = make_request(
        project_mode="music",
        shot_count=5,
        music_min_duration_seconds=10,
        music_max_duration_seconds=20,
    )
    frozen = COMPLETE.freeze(request)
    assert sum(shot.frames for shot in frozen.plan.shots) == 20 * 24


def test_fields_without_music_to_act_on_are_warned_of() -> None:
    request = make_request(
        music_workflow="none", style_prompt="slow", lyrics_prompt="la", music_start_seconds=2
    )
    assert COMPLETE.freeze(request).plan.warnings == (
        "lyrics_prompt has no effect: there is no music.",
        "style_prompt has no effect: there is no music.",
        "music_start_seconds has no effect: there is no music.",
    )


def test_uploaded_audio_that_is_not_used_in_music_mode_is_warned_of() -> None:
    frozen = COMPLETE.freeze(make_request(project_mode="music"), audio(30.0))
    assert any("uploaded_track" in warning for warning in frozen.plan.warnings)


@pytest.mark.parametrize(
    "video_model", ["veo-3.1-fast-generate-001", "kling-v3-pro-image-to-video"]
)
@pytest.mark.parametrize("seconds", [4.0, 30.0, 61.3, 119.9])
def test_shots_cut_to_music_are_filmed_half_a_second_longer_than_they_last(
    video_model: str, seconds: float
) -> None:
    request = make_request(
        project_mode="music", music_workflow="uploaded_track", video_model=video_model
    )
    shots = COMPLETE.freeze(request, audio(seconds)).plan.shots
    assert sum(shot.frames for shot in shots) == int(seconds * 24)
    assert all(shot.filmed_seconds * 24 >= shot.frames + 12 for shot in shots)


def test_music_mode_with_a_given_length_keeps_it_and_makes_room_with_more_shots() -> None:
    request = make_request(project_mode="music", scene_target_duration_seconds=64)
    shots = COMPLETE.freeze(request).plan.shots
    assert (len(shots), sum(shot.frames for shot in shots)) == (9, 64 * 24)
    assert {shot.filmed_seconds for shot in shots} == {8}


def test_where_the_caller_leaves_no_room_shots_are_filmed_as_long_as_can_be() -> None:
    request = make_request(project_mode="music", shot_count=8, scene_target_duration_seconds=64)
    shots = COMPLETE.freeze(request).plan.shots
    assert {(shot.frames, shot.filmed_seconds) for shot in shots} == {(192, 8)}


def test_marked_shots_keep_their_number_in_music_mode() -> None:
    marked = " ".join(f"Shot {number}: a wave." for number in range(1, 9))
    request = make_request(
        project_mode="music", screenplay=marked, scene_target_duration_seconds=64
    )
    frozen = COMPLETE.freeze(request)
    assert len(frozen.plan.shots) == 8
    assert frozen.plan.warnings == ()


def test_a_film_without_music_has_no_slack() -> None:
    request = make_request(
        project_mode="music", music_workflow="none", scene_target_duration_seconds=64
    )
    assert len(COMPLETE.freeze(request).plan.shots) == 8
