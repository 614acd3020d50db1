import pytest

from studio.contracts.defaults import AccountDefaults
from studio.contracts.request import ImageResolution, MusicWorkflow
from studio.pricing.freeze import FrozenRender, UploadFacts
from tests.pricing_scenes import (
    COMPLETE,
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
    defaults = AccountDefaults(
        visual_style_preset="film_noir",
        image_resolution=ImageResolution.FOUR_K,
        video_model="kling-v3-pro-image-to-video",
        stage_voice_briefs_enabled=False,
    )
    frozen = DEMO.freeze(make_request(), defaults=defaults)
    assert frozen.request.visual_style_preset == "film_noir"
    assert frozen.plan.image_resolution == "4K"
    assert frozen.plan.models.video.requested == "kling-v3-pro-image-to-video"
    assert frozen.plan.models.voice is None


@pytest.mark.requirement("AUTH-4")
def test_the_requests_own_choices_win_over_the_defaults() -> None:
    request = make_request(video_model="local-animatic", stage_voice_briefs_enabled=True)
    defaults = AccountDefaults(stage_voice_briefs_enabled=False)
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
    defaults = AccountDefaults(music_model="retired-long-ago")
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
    server = Server(EVERY_SETTING, EVERY_ADAPTER - {"fal"}, "local")
    frozen = server.freeze(make_request(video_model="kling-v3-pro-image-to-video"))
    assert frozen.plan.models.video.used == "local-animatic"


def test_a_frozen_render_survives_its_json() -> None:
    frozen = DEMO.freeze(make_request(music_workflow="lyria3", assets=[]))
    again = FrozenRender.model_validate_json(frozen.model_dump_json())
    assert again == frozen
    assert again.request.music_workflow is MusicWorkflow.GENERATED
