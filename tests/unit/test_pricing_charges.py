import json

import pytest

from studio.accounts.service import new_account_defaults
from studio.catalog.catalogue import load_catalogue
from studio.contracts.plan import ChargeLine, ChargePlan
from studio.ingest.declared import declared_uploads
from studio.ingest.strict_json import parse_quote_request
from studio.pricing.charges import charges_digest, with_minimum
from tests.pricing_scenes import (
    COMPLETE,
    DEMO,
    REFERENCE_PAYLOAD,
    REFERENCE_QUOTE,
    make_request,
)


def credits_of(**fields: object) -> dict[str, int]:
    charges = DEMO.freeze(make_request(**fields)).plan.charges
    return {line.line_id: line.credits for line in charges.lines}


def test_the_references_payload_costs_474_credits() -> None:
    assert DEMO.freeze(make_request(**REFERENCE_PAYLOAD)).plan.charges.total_credits == 474


def test_the_references_quote_costs_120_credits_with_a_guests_defaults() -> None:
    assert DEMO.freeze(make_request(**REFERENCE_QUOTE)).plan.charges.total_credits == 120


def test_a_three_shot_kling_film_at_4k_is_priced_by_its_own_row() -> None:
    plan = DEMO.freeze(
        make_request(
            shot_count=3,
            scene_target_duration_seconds=30,
            image_resolution="4K",
            video_model="kling-v3-pro-image-to-video",
            video_resolution="4k",
            stage_voice_briefs_enabled=False,
        )
    ).plan
    assert plan.charges.total_credits == 12 + 14 + 3 * (36 + 5) + 30 * 63 + 10


@pytest.mark.requirement("BILL-2", "BILL-3")
def test_the_project_and_every_stage_have_their_lines_in_the_order_of_the_work() -> None:
    lines = credits_of(shot_count=2, scene_target_duration_seconds=8, music_workflow="generated")
    assert lines == {
        "project": 12,
        "planning": 12,
        "shot-001/keyframe": 21,
        "shot-001/critic": 5,
        "shot-001/video": 60,
        "shot-002/keyframe": 21,
        "shot-002/critic": 5,
        "shot-002/video": 60,
        "music": 12,
        "voice": 2,
        "production": 10,
    }
    assert list(lines)[-3:] == ["music", "voice", "production"]


def test_labels_say_what_is_bought() -> None:
    charges = DEMO.freeze(make_request(**REFERENCE_PAYLOAD)).plan.charges
    labels = {line.line_id: line.label for line in charges.lines}
    assert labels["shot-001/video"] == "Shot 1: video, 8 s at 720p, veo-3.1-fast-generate-001"
    assert labels["planning"] == "Planning, 3 shots"


@pytest.mark.parametrize(
    ("video_model", "resolution", "credits_a_second"),
    [
        ("veo-3.1-fast-generate-001", "720p", 15),
        ("veo-3.1-fast-generate-001", "1080p", 18),
        ("veo-3.1-fast-generate-001", "4k", 45),
        ("kling-v3-pro-image-to-video", "720p", 26),
        ("kling-v3-pro-image-to-video", "4k", 63),
        ("local-animatic", "1080p", 18),
    ],
)
def test_video_is_priced_a_filmed_second(
    video_model: str, resolution: str, credits_a_second: int
) -> None:
    lines = credits_of(
        shot_count=1,
        scene_target_duration_seconds=4,
        video_model=video_model,
        video_resolution=resolution,
    )
    assert lines["shot-001/video"] == 4 * credits_a_second


def test_omni_flash_has_its_own_row() -> None:
    request = make_request(
        shot_count=1, scene_target_duration_seconds=4, video_model="gemini-omni-flash-video"
    )
    lines = {line.line_id: line for line in COMPLETE.freeze(request).plan.charges.lines}
    assert lines["shot-001/video"].credits == 4 * 16


def test_a_short_shot_is_billed_as_filmed() -> None:
    lines = credits_of(shot_count=4, scene_target_duration_seconds=8)
    assert lines["shot-001/video"] == 4 * 15


@pytest.mark.parametrize(
    ("music_model", "price"), [("lyria-3.5", 12), ("lyria-3-clip-preview", 6), ("local-synth", 12)]
)
def test_generated_music_is_priced_a_track(music_model: str, price: int) -> None:
    assert credits_of(music_workflow="generated", music_model=music_model)["music"] == price


def test_a_stand_in_costs_what_it_stands_in_for() -> None:
    request = make_request(**REFERENCE_PAYLOAD)
    assert DEMO.freeze(request).plan.charges == COMPLETE.freeze(request).plan.charges


def test_local_models_asked_for_by_id_cost_what_the_defaults_cost() -> None:
    local = credits_of(
        shot_count=3,
        scene_target_duration_seconds=24,
        image_model="local-animatic",
        video_model="local-animatic",
    )
    default = credits_of(shot_count=3, scene_target_duration_seconds=24)
    assert local == default


def test_the_digest_changes_with_a_price_an_order_or_a_version() -> None:
    one = ChargeLine(line_id="project", label="Project", credits=12)
    two = ChargeLine(line_id="production", label="Production", credits=10)
    dearer = two.model_copy(update={"credits": 11})
    digests = {
        charges_digest("1", [one, two]),
        charges_digest("1", [two, one]),
        charges_digest("1", [one, dearer]),
        charges_digest("2", [one, two]),
    }
    assert len(digests) == 4


def test_the_price_table_is_the_one_that_is_frozen() -> None:
    prices = load_catalogue().prices
    assert DEMO.freeze(make_request()).plan.charges.price_version == prices.version


def charges_of(*amounts: int) -> ChargePlan:
    lines = tuple(
        ChargeLine(line_id=f"line-{position}", label="Work", credits=amount)
        for position, amount in enumerate(amounts)
    )
    digest = charges_digest("v1", lines)
    return ChargePlan(price_version="v1", lines=lines, total_credits=sum(amounts), digest=digest)


@pytest.mark.parametrize("amounts", [(50,), (49, 1), (120,)])
def test_a_quote_that_a_card_can_be_charged_has_no_minimum(amounts: tuple[int, ...]) -> None:
    charges = charges_of(*amounts)
    assert with_minimum(charges) == charges


@pytest.mark.parametrize(("amounts", "missing"), [((49,), 1), ((12, 10), 28), ((), 50)])
def test_a_quote_below_the_smallest_charge_is_filled_up(
    amounts: tuple[int, ...], missing: int
) -> None:
    charges = charges_of(*amounts)
    filled = with_minimum(charges)
    added = ChargeLine(line_id="minimum", label="Minimum charge", credits=missing)
    assert filled.lines == (*charges.lines, added)
    assert filled.total_credits == 50
    assert filled.digest == charges_digest("v1", filled.lines) != charges.digest
    assert with_minimum(filled) == filled


def test_a_guest_is_priced_with_what_a_new_account_starts_with() -> None:
    quote = parse_quote_request(json.dumps({"request": REFERENCE_QUOTE}).encode())
    frozen = DEMO.freeze(quote.request, declared_uploads(quote), new_account_defaults())
    assert with_minimum(frozen.plan.charges).total_credits == 120
    assert frozen.request.stage_voice_briefs_enabled is True
