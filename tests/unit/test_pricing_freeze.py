import pytest

from studio.contracts.request import ImageResolution, MusicWorkflow
from studio.pricing.freeze import FrozenRender, UploadFacts
from tests.pricing_scenes import (
    COMPLETE,
    DEFAULTS,
    DEMO,
    EVERY_ADAPTER,
    EVERY_SETTING,
    REFERENCE_PAYLOAD,
    STRICT,
    Server,
    make_request,
)


@pytest.mark.requirement("AUTH-4")
def test_omitted_fields_take_the_accounts_defaults() -> None:
    defaults = DEFAULTS.model_copy(
        update={
            "visual_style_preset": "film_noir",
            "image_resolution": ImageResolution.FOUR_K,
            "video_model": "kling-v3-pro-image-to-video",
            "stage_voice_briefs_enabled": False,
        }
    )
    frozen = DEMO.freeze(make_request(), defaults=defaults)
    assert frozen.request.visual_style_preset == "film_noir"
    assert frozen.plan.image_resolution == "4K"
    assert frozen.plan.models.video.requested == "kling-v3-pro-image-to-video"
    assert frozen.plan.models.voice is None


@pytest.mark.requirement("AUTH-4")
def test_the_requests_own_choices_win_over_the_defaults() -> None:
    request = make_request(video_model="local-animatic", stage_voice_briefs_enabled=True)
    defaults = DEFAULTS.model_copy(update={"stage_voice_briefs_enabled": False})
    frozen = DEMO.freeze(request, defaults=defaults)
    assert frozen.plan.models.video.used == "local-animatic"
    assert frozen.plan.models.voice is not None


def test_every_omitted_field_is_filled_in_the_frozen_request() -> None:
    request = DEMO.freeze(make_request()).request
    planned = {
        "shot_count",
        "scene_target_duration_seconds",
        "music_min_duration_seconds",
        "music_max_duration_seconds",
    }
    empty = {name for name, value in request if value is None}
    assert empty == planned


def test_the_references_payload_runs_on_stand_ins_that_are_named() -> None:
    plan = DEMO.freeze(make_request(**REFERENCE_PAYLOAD)).plan
    assert [shot.frames for shot in plan.shots] == [192, 192, 192]
    assert plan.models.video.used == "local-animatic"
    assert plan.warnings == (
        (
            "gemini-3.5-flash is not configured here; "
            "local-screenplay and local-critic stood in for it."
        ),
        "gemini-3-pro-image-preview is not configured here; local-animatic stood in for it.",
        "veo-3.1-fast-generate-001 is not configured here; local-animatic stood in for it.",
    )


def test_a_complete_server_has_nothing_to_warn_of() -> None:
    assert COMPLETE.freeze(make_request(**REFERENCE_PAYLOAD)).plan.warnings == ()


@pytest.mark.requirement("MODEL-2")
def test_a_legacy_critic_is_normalised_forward_and_said_so() -> None:
    frozen = COMPLETE.freeze(make_request(critic_model="gemini-3-flash-preview"))
    assert frozen.request.critic_model == "gemini-3.5-flash"
    assert frozen.plan.models.critic.requested == "gemini-3-flash-preview"
    assert frozen.plan.models.critic.used == "gemini-3.5-flash"
    assert frozen.plan.warnings == (
        "gemini-3-flash-preview is a legacy id; the request was normalised to gemini-3.5-flash.",
    )


def test_a_strict_server_names_the_missing_setting_of_every_model() -> None:
    problems = STRICT.refusal(make_request())
    assert set(problems) == {
        "/orchestrator_model",
        "/critic_model",
        "/image_model",
        "/video_model",
        "/stage_voice_briefs_enabled",
    }
    assert "FVS_GOOGLE_PROJECT must be set" in problems["/video_model"]
    assert "account's default" in problems["/video_model"]
    assert "stage_voice_briefs_enabled false" in problems["/stage_voice_briefs_enabled"]


def test_a_strict_server_renders_with_local_models_asked_for_by_id() -> None:
    frozen = STRICT.freeze(
        make_request(
            orchestrator_model="local-screenplay",
            critic_model="local-critic",
            image_model="local-animatic",
            video_model="local-animatic",
            stage_voice_briefs_enabled=False,
        )
    )
    assert frozen.plan.warnings == ()


@pytest.mark.requirement("MODEL-5")
@pytest.mark.parametrize("server", [DEMO, STRICT])
def test_omni_flash_is_refused_with_its_setting_on_every_server(server: Server) -> None:
    problems = server.refusal(make_request(video_model="gemini-omni-flash-video"))
    assert "FVS_OMNI_VIDEO_MODEL_ID must be set" in problems["/video_model"]


def test_everything_that_is_wrong_is_reported_at_once() -> None:
    problems = DEMO.refusal(
        make_request(
            screenplay="",
            visual_style_preset="realistc",
            image_model="nope",
            music_workflow="uploaded_track",
            shot_count=3,
            scene_target_duration_seconds=40,
            assets=[{"filename": "lost.png"}],
        )
    )
    assert set(problems) == {
        "/screenplay",
        "/visual_style_preset",
        "/image_model",
        "/music_workflow",
        "/shot_count",
        "/scene_target_duration_seconds",
        "/assets/0/filename",
    }
    assert "realistic_cinematic" in problems["/visual_style_preset"]


def test_a_misspelt_music_model_is_refused_even_where_there_is_no_music() -> None:
    problems = DEMO.refusal(make_request(music_model="lyria-3.6"))
    assert "Did you mean lyria-3.5?" in problems["/music_model"]


def test_an_unused_music_model_of_the_account_does_not_stand_in_the_way() -> None:
    defaults = DEFAULTS.model_copy(update={"music_model": "retired-long-ago"})
    assert DEMO.freeze(make_request(), defaults=defaults).plan.models.music is None


def test_an_empty_brief_is_refused_unless_a_file_carries_it() -> None:
    request = make_request(screenplay="")
    assert "/screenplay" in DEMO.refusal(request)
    uploads = UploadFacts(filenames=("mood.png",), image_count=1)
    assert len(DEMO.freeze(request, uploads).plan.shots) == 3


def test_instructions_alone_carry_a_brief() -> None:
    frozen = DEMO.freeze(make_request(screenplay="", instructions="Film a lighthouse."))
    assert len(frozen.plan.shots) == 1


def test_custom_mode_counts_shots_in_the_instructions_first() -> None:
    texts = {"screenplay": "Shot 1: a.", "instructions": "Shot 1: a. Shot 2: b."}
    assert len(DEMO.freeze(make_request(**texts)).plan.shots) == 1
    assert len(DEMO.freeze(make_request(project_mode="custom", **texts)).plan.shots) == 2


@pytest.mark.requirement("INPUT-4")
def test_assets_that_were_not_uploaded_are_refused_by_name() -> None:
    request = make_request(assets=[{"filename": "here.png"}, {"filename": "lost.png"}])
    uploads = UploadFacts(filenames=("refs/here.png",), image_count=1)
    assert DEMO.refusal(request, uploads) == {
        "/assets/1/filename": "No file named 'lost.png' was uploaded."
    }


def test_an_estimate_without_uploads_is_lenient_and_says_so() -> None:
    request = make_request(screenplay="", assets=[{"filename": "later.png"}])
    frozen = DEMO.freeze(request, UploadFacts.unknown())
    assert any("no file is uploaded" in warning for warning in frozen.plan.warnings)


def test_ingredients_without_an_image_are_a_warning() -> None:
    frozen = COMPLETE.freeze(make_request(ingredients_mode_enabled=True))
    assert frozen.plan.warnings == (
        "ingredients_mode_enabled has no effect: no image was uploaded.",
    )


def test_a_model_without_its_adapter_is_served_by_the_stand_in() -> None:
    server = Server(EVERY_SETTING, EVERY_ADAPTER - {"fal", "kling"}, "local")
    frozen = server.freeze(make_request(video_model="kling-v3-pro-image-to-video"))
    assert frozen.plan.models.video.used == "local-animatic"


def test_a_frozen_render_survives_its_json() -> None:
    frozen = DEMO.freeze(make_request(music_workflow="lyria3", assets=[]))
    again = FrozenRender.model_validate_json(frozen.model_dump_json())
    assert again == frozen
    assert again.request.music_workflow is MusicWorkflow.GENERATED


NARRATED = "A calm narrator tells the story of the lighthouse."


def test_a_brief_that_asks_for_a_narrator_gets_a_voice_without_voice_briefs() -> None:
    request = make_request(instructions=NARRATED, stage_voice_briefs_enabled=False)
    frozen = COMPLETE.freeze(request)
    assert frozen.narration
    assert frozen.plan.models.voice is not None
    assert "voice" not in {line.line_id for line in frozen.plan.charges.lines}
    assert not COMPLETE.freeze(make_request()).narration


def test_without_a_voice_there_is_no_narration_and_a_warning_says_why() -> None:
    request = make_request(
        orchestrator_model="local-screenplay",
        critic_model="local-critic",
        image_model="local-animatic",
        video_model="local-animatic",
        stage_voice_briefs_enabled=False,
        instructions=NARRATED,
    )
    frozen = STRICT.freeze(request)
    assert not frozen.narration
    assert frozen.plan.models.voice is None
    assert len(frozen.plan.warnings) == 1
    assert frozen.plan.warnings[0].startswith("There is no narration: gemini-3.8-flash-tts is not")
    assert "FVS_GOOGLE_API_KEY must be set" in frozen.plan.warnings[0]


IMAGE = UploadFacts(filenames=("hero.png",), image_count=1)


def test_with_ingredients_clips_have_the_lengths_that_references_allow() -> None:
    request = make_request(
        shot_count=2, scene_target_duration_seconds=8, ingredients_mode_enabled=True
    )
    frozen = COMPLETE.freeze(request, IMAGE)
    assert frozen.ingredients
    assert [shot.filmed_seconds for shot in frozen.plan.shots] == [8, 8]
    assert [shot.frames for shot in frozen.plan.shots] == [96, 96]
    without = COMPLETE.freeze(request)
    assert not without.ingredients
    assert [shot.filmed_seconds for shot in without.plan.shots] == [4, 4]


def test_an_estimate_expects_the_ingredients_that_it_asks_for() -> None:
    request = make_request(shot_count=1, ingredients_mode_enabled=True)
    assert COMPLETE.freeze(request, UploadFacts.unknown()).ingredients


def test_ingredients_for_a_model_that_takes_none_are_a_warning() -> None:
    server = Server(frozenset({*EVERY_SETTING} - {"FVS_FAL_KEY"}), EVERY_ADAPTER, "refuse")
    request = make_request(video_model="kling-v3-pro-image-to-video", ingredients_mode_enabled=True)
    frozen = server.freeze(request, IMAGE)
    assert not frozen.ingredients
    [warning] = frozen.plan.warnings
    assert warning.startswith("ingredients_mode_enabled has no effect: ")
    assert "kling-v3-pro-image-to-video takes no reference images" in warning


def test_an_id_that_ended_is_warned_of_only_where_the_request_names_it() -> None:
    explicit = make_request(image_model="gemini-3-pro-image-preview")
    assert COMPLETE.freeze(explicit).plan.warnings == (
        "gemini-3-pro-image-preview ended on 2026-06-25; gemini-3-pro-image takes its place.",
    )
    assert COMPLETE.freeze(make_request()).plan.warnings == ()


@pytest.mark.requirement("MODEL-1", "MODEL-3", "MODEL-4")
def test_the_models_and_resolutions_of_the_request_are_those_that_work() -> None:
    frozen = COMPLETE.freeze(
        make_request(
            orchestrator_model="gemini-3.8-flash",
            critic_model="gemini-3.8-flash",
            image_model="gemini-3.1-flash-image",
            image_resolution="2K",
            video_model="veo-3.1-generate-001",
            video_resolution="4k",
            shot_count=1,
            scene_target_duration_seconds=4,
        )
    )
    models = frozen.plan.models
    assert (models.orchestrator.provider_model, models.critic.provider_model) == (
        "gemini-3.8-flash",
        "gemini-3.8-flash",
    )
    assert models.image.provider_model == "gemini-3.1-flash-image"
    assert models.video.provider_model == "veo-3.1-generate-001"
    assert (frozen.plan.image_resolution, frozen.plan.video_resolution) == ("2K", "4k")
    lines = {line.line_id: line.credits for line in frozen.plan.charges.lines}
    assert (lines["shot-001/keyframe"], lines["shot-001/video"]) == (16, 4 * 90)
