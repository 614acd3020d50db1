"""Submitting a render: what is stored, held, started and answered."""

import json
from pathlib import Path

import pytest

from studio.contracts.assets import AssetKind
from studio.media.errors import DiskFull
from studio.media.inspect import Inspection
from tests.api.kit import BASE_URL, BRIEF, ApiStack

REFERENCE_FIELDS = {
    "project_id": str,
    "name": str,
    "status": str,
    "current_stage": str,
    "is_running": bool,
    "run_id": str,
    "final_video_url": None,
    "last_error": None,
    "asset_count": int,
    "clip_count": int,
    "status_url": str,
    "cancel_url": str,
}


@pytest.mark.requirement("REND-1", "INPUT-1", "INPUT-5")
async def test_a_form_with_the_request_as_json_starts_a_render(stack: ApiStack) -> None:
    key = stack.open_account()
    async with stack.client(key) as client:
        answer = await client.post(
            "/api/agent/renders", files={"request_json": (None, json.dumps(BRIEF))}
        )

    assert answer.status_code == 201
    render = answer.json()
    status_url = f"{BASE_URL}/api/agent/renders/{render['project_id']}"
    assert answer.headers["Location"] == render["status_url"] == status_url
    assert render["cancel_url"] == f"{status_url}/cancel"
    assert render["status"] == "queued"
    assert render["is_running"] is True
    assert render["run_id"] == f"run-of-{render['project_id']}"
    assert [clip["status"] for clip in render["clips"]] == ["queued"]
    started = stack.workflows.started[render["project_id"]]
    assert started.account_id == "acct_one"
    assert started.plan.charges.total_credits == render["credits_reserved"] == 118


@pytest.mark.requirement("REND-4")
async def test_the_resource_has_the_fields_of_the_reference_with_their_types(
    stack: ApiStack,
) -> None:
    key = stack.open_account()
    async with stack.client(key) as client:
        render = (await client.post("/api/agent/renders", json=BRIEF)).json()

    for name, kind in REFERENCE_FIELDS.items():
        assert name in render
        assert render[name] is None if kind is None else isinstance(render[name], kind), name


@pytest.mark.requirement("BILL-1", "BILL-2", "BILL-3")
async def test_the_credits_of_every_line_are_held_from_the_start(stack: ApiStack) -> None:
    key = stack.open_account(credits_=500)
    async with stack.client(key) as client:
        render = (await client.post("/api/agent/renders", json=BRIEF)).json()

    assert render["credits_settled"] == 0
    assert stack.available() == 500 - render["credits_reserved"]


@pytest.mark.requirement("BILL-4")
async def test_too_few_credits_are_402_with_both_numbers_and_leave_nothing(
    stack: ApiStack, png: bytes
) -> None:
    key = stack.open_account(credits_=117)
    async with stack.client(key) as client:
        answer = await client.post(
            "/api/agent/renders",
            files=[
                ("request_json", (None, json.dumps(BRIEF))),
                ("files", ("still.png", png, "image/png")),
            ],
        )
        listed = (await client.get("/api/agent/renders")).json()

    problem = answer.json()
    assert answer.status_code == 402
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (problem["credits_required"], problem["credits_available"]) == (118, 117)
    assert listed["items"] == []
    assert stack.available() == 117
    assert stack.stored_files() == []
    assert stack.workflows.started == {}


@pytest.mark.requirement("INPUT-2", "INPUT-3")
async def test_uploads_are_stored_under_their_hash_with_the_callers_labels(
    stack: ApiStack, png: bytes
) -> None:
    key = stack.open_account()
    manifest = [{"filename": "still.png", "label": "Hall", "purpose": "mood"}]
    async with stack.client(key) as client:
        answer = await client.post(
            "/api/agent/renders",
            files=[
                ("request_json", (None, json.dumps({**BRIEF, "assets": manifest}))),
                ("files", ("still.png", png, "application/octet-stream")),
            ],
        )

    render = answer.json()
    assert render["asset_count"] == 1
    (stored,) = stack.stored_files()
    assert stored.startswith(f"storage/objects/projects/{render['project_id']}/assets/")
    assert (stack.folder / stored).read_bytes() == png


@pytest.mark.requirement("AUTH-4")
async def test_fields_left_out_take_the_accounts_defaults(stack: ApiStack) -> None:
    key = stack.open_account()
    stack.save_defaults(video_model="kling-v3-pro-image-to-video", image_resolution="2K")
    async with stack.client(key) as client:
        render = (await client.post("/api/agent/renders", json=BRIEF)).json()

    assert render["models"]["video"]["requested"] == "kling-v3-pro-image-to-video"
    plan = stack.workflows.started[render["project_id"]].plan
    assert plan.image_resolution == "2K"


async def test_a_live_key_without_configured_models_is_refused_naming_the_setting(
    stack: ApiStack,
) -> None:
    stack.refuse_unconfigured_models()
    key = stack.open_account()
    async with stack.client(key) as client:
        answer = await client.post("/api/agent/renders", json=BRIEF)

    assert answer.status_code == 422
    assert "FVS_" in answer.json()["detail"]
    assert stack.available() == 1000


async def test_a_store_that_refuses_is_503_and_nothing_is_held(stack: ApiStack, png: bytes) -> None:
    key = stack.open_account()
    stack.refuse_objects()
    async with stack.client(key) as client:
        answer = await client.post(
            "/api/agent/renders",
            files=[
                ("request_json", (None, json.dumps(BRIEF))),
                ("files", ("still.png", png, "image/png")),
            ],
        )

    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert stack.available() == 1000


async def test_a_machine_that_cannot_look_at_a_file_is_503_and_nothing_is_kept(
    stack: ApiStack, png: bytes
) -> None:
    async def out_of_room(_path: Path, _kind: AssetKind, _media_type: str) -> Inspection:
        raise DiskFull("There is no room left on the disk.")

    key = stack.open_account()
    stack.configure(inspect=out_of_room)
    async with stack.client(key) as client:
        answer = await client.post(
            "/api/agent/renders",
            files=[
                ("request_json", (None, json.dumps(BRIEF))),
                ("files", ("still.png", png, "image/png")),
            ],
        )

    assert answer.status_code == 503
    assert stack.available() == 1000
    assert stack.stored_files() == []


async def test_temporal_away_is_503_before_anything_is_kept(stack: ApiStack) -> None:
    key = stack.open_account()
    stack.workflows.away = True
    async with stack.client(key) as client:
        answer = await client.post("/api/agent/renders", json=BRIEF)
        listed = (await client.get("/api/agent/renders")).json()

    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert listed["items"] == []
    assert stack.available() == 1000


async def test_a_start_that_fails_after_the_row_is_stored_leaves_a_queued_render(
    stack: ApiStack,
) -> None:
    key = stack.open_account()
    stack.workflows.start_fails = True
    async with stack.client(key) as client:
        answer = await client.post("/api/agent/renders", json=BRIEF)

    render = answer.json()
    assert answer.status_code == 201
    assert (render["status"], render["is_running"], render["run_id"]) == ("queued", False, None)
    assert stack.available() == 1000 - render["credits_reserved"]


async def test_more_unfinished_renders_than_allowed_are_429_with_retry_after(
    stack: ApiStack,
) -> None:
    key = stack.open_account()
    stack.configure(active_renders_max=1)
    async with stack.client(key) as client:
        first = await client.post("/api/agent/renders", json=BRIEF)
        second = await client.post("/api/agent/renders", json=BRIEF)

    assert (first.status_code, second.status_code) == (201, 429)
    assert int(second.headers["Retry-After"]) > 0
    assert stack.available() == 1000 - first.json()["credits_reserved"]


async def test_a_body_that_is_neither_form_nor_json_is_415(stack: ApiStack) -> None:
    key = stack.open_account()
    async with stack.client(key) as client:
        answer = await client.post(
            "/api/agent/renders", content=b"name=x", headers={"Content-Type": "text/plain"}
        )

    assert answer.status_code == 415


@pytest.mark.requirement("REND-9")
async def test_the_answer_is_held_until_the_render_ends(stack: ApiStack) -> None:
    key = stack.open_account()
    stack.finish_when_paused(after_seconds=3)
    async with stack.client(key) as client:
        answer = await client.post(
            "/api/agent/renders", json={**BRIEF, "wait_for_completion_seconds": 60}
        )

    assert answer.status_code == 201
    assert answer.json()["status"] == "completed"
    assert stack.time.elapsed_seconds < 60


@pytest.mark.requirement("REND-9")
async def test_the_answer_is_held_no_longer_than_asked(stack: ApiStack) -> None:
    key = stack.open_account()
    async with stack.client(key) as client:
        answer = await client.post(
            "/api/agent/renders", json={**BRIEF, "wait_for_completion_seconds": 5}
        )

    assert answer.json()["status"] == "queued"
    assert stack.time.elapsed_seconds == 5
