"""`fvs_submit_render`: the same render as over HTTP, for the account whose key is sent."""

import asyncio
import json
from collections.abc import Mapping

import pytest

from studio.renders.repository import load_render
from tests.api.kit import BRIEF, ApiStack
from tests.mcp.kit import MODES, called, mcp_client, refused

SUBMIT = "fvs_submit_render"
PICTURE = "https://pictures.example/corridor.png"
KEY_HEADERS = (
    {"X-FVS-Agent-Key": "{key}"},
    {"Authorization": "Bearer {key}"},
    {"X-API-Key": "{key}"},
    {"X-Agent-Api-Key": "{key}"},
)


@pytest.mark.requirement("MCP-1", "MCP-3", "MCP-12")
@pytest.mark.parametrize("mode", MODES)
async def test_a_render_is_submitted_for_the_account_of_the_key(stack: ApiStack, mode: str) -> None:
    key = stack.open_account()
    async with mcp_client(stack, key, mode=mode) as client:
        told = await called(client, SUBMIT, request=BRIEF)
    async with stack.client(key) as http:
        resource = (await http.get(told["status_url"])).json()

    assert list(stack.workflows.started) == [told["project_id"]]
    assert told["status_url"].endswith(f"/api/agent/renders/{told['project_id']}")
    shared = told.keys() & resource.keys()
    assert shared > {"project_id", "name", "status", "current_stage", "is_running", "cancel_url"}
    assert {name: told[name] for name in shared - {"status_url", "cancel_url"}} == {
        name: resource[name] for name in shared - {"status_url", "cancel_url"}
    }
    assert told["poll_after_seconds"] > 0
    assert "fvs_get_render_status" in told["next_action"]
    assert stack.available() == 1000 - told["credits_reserved"]


@pytest.mark.requirement("MCP-2")
@pytest.mark.parametrize("headers", KEY_HEADERS)
async def test_the_key_may_come_in_every_header_of_the_api(
    stack: ApiStack, headers: Mapping[str, str]
) -> None:
    key = stack.open_account()
    sent = {name: value.format(key=key) for name, value in headers.items()}
    async with mcp_client(stack, headers=sent) as client:
        told = await called(client, SUBMIT, request=BRIEF)
    assert told["status"] == "queued"


@pytest.mark.requirement("MCP-11")
async def test_uploads_are_given_by_address_and_left_for_the_workflow_to_fetch(
    stack: ApiStack,
) -> None:
    key = stack.open_account()
    request = {**BRIEF, "assets": [{"filename": "corridor.png", "label": "Corridor"}]}
    async with mcp_client(stack, key) as client:
        told = await called(client, SUBMIT, request=request, upload_urls=[{"url": PICTURE}])
        bare = await called(client, SUBMIT, request=BRIEF, upload_urls=[PICTURE])

    started = stack.workflows.started[told["project_id"]]
    assert (started.asset_count, started.fetch_count, told["asset_count"]) == (1, 1, 1)
    assert stack.workflows.started[bare["project_id"]].fetch_count == 1
    with stack.database.reading() as session:
        row = load_render(session, told["project_id"])
    assert (row.assets, [each["url"] for each in row.upload_urls]) == ([], [PICTURE])
    assert stack.stored_files() == []


@pytest.mark.requirement("MCP-11")
@pytest.mark.mcp_case("11.3")
@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "C:/pictures/a.png", "/pictures/a.png", "http://pictures.example/a"],
)
async def test_a_local_path_is_no_upload(stack: ApiStack, url: str) -> None:
    key = stack.open_account()
    async with mcp_client(stack, key) as client:
        told = await refused(client, SUBMIT, request=BRIEF, upload_urls=[url])
    assert told["code"] == "invalid_request"
    assert told["errors"][0]["pointer"].startswith("/upload_urls/0")
    assert url not in json.dumps(told)
    assert stack.available() == 1000


async def test_an_asset_that_no_address_is_named_for_is_refused_by_name(stack: ApiStack) -> None:
    key = stack.open_account()
    request = {**BRIEF, "assets": [{"filename": "hero.png"}]}
    async with mcp_client(stack, key) as client:
        told = await refused(client, SUBMIT, request=request, upload_urls=[PICTURE])
    assert told["code"] == "invalid_request"
    assert "hero.png" in told["message"]
    assert told["errors"][0]["pointer"].startswith("/request/assets")


@pytest.mark.mcp_case("22.1", "22.2")
@pytest.mark.parametrize("mode", MODES)
async def test_the_same_idempotency_key_gives_the_same_render(stack: ApiStack, mode: str) -> None:
    key = stack.open_account()
    async with mcp_client(stack, key, mode=mode) as client:
        first = await called(client, SUBMIT, request=BRIEF, idempotency_key="film-1")
        second, third = await asyncio.gather(
            called(client, SUBMIT, request=BRIEF, idempotency_key="film-1"),
            called(client, SUBMIT, request=BRIEF, idempotency_key="film-1"),
        )
        other = await refused(
            client, SUBMIT, request={**BRIEF, "name": "Another"}, idempotency_key="film-1"
        )

    assert [told["replayed"] for told in (first, second, third)] == [False, True, True]
    assert len({told["project_id"] for told in (first, second, third)}) == 1
    assert other["code"] == "conflict"
    assert len(stack.workflows.started) == 1


@pytest.mark.mcp_case("22.1")
async def test_two_at_once_with_the_same_key_make_one_render(stack: ApiStack) -> None:
    key = stack.open_account()
    async with mcp_client(stack, key) as client:
        told = await asyncio.gather(
            *(called(client, SUBMIT, request=BRIEF, idempotency_key="film-1") for _ in range(3))
        )
    assert len({each["project_id"] for each in told}) == 1
    assert stack.available() == 1000 - told[0]["credits_reserved"]


async def test_waiting_for_the_film_is_not_done_here_and_that_is_said(stack: ApiStack) -> None:
    key = stack.open_account()
    async with mcp_client(stack, key) as client:
        told = await called(client, SUBMIT, request={**BRIEF, "wait_for_completion_seconds": 600})
    assert stack.time.elapsed_seconds == 0
    assert "wait_for_completion_seconds" in told["warnings"][0]


@pytest.mark.mcp_case("20.3")
async def test_models_may_send_the_request_as_text_and_null_for_what_they_leave_out(
    stack: ApiStack,
) -> None:
    key = stack.open_account()
    async with mcp_client(stack, key) as client:
        told = await called(
            client, SUBMIT, request=json.dumps(BRIEF), upload_urls=None, idempotency_key=None
        )
    assert told["name"] == BRIEF["name"]


@pytest.mark.requirement("MCP-2")
@pytest.mark.mcp_case("1.1")
@pytest.mark.parametrize("mode", MODES)
async def test_without_a_key_the_quote_tool_is_named(stack: ApiStack, mode: str) -> None:
    async with mcp_client(stack, mode=mode) as client:
        told = await refused(client, SUBMIT, request=BRIEF)
    assert (told["code"], told["use_tool"]) == ("missing_agent_key", "fvs_create_paid_render_quote")
    assert "fvs_create_paid_render_quote" in told["message"]


@pytest.mark.requirement("MCP-2")
@pytest.mark.mcp_case("3.1")
async def test_pay_per_render_is_stronger_than_a_key(stack: ApiStack) -> None:
    key = stack.open_account()
    headers = {"X-FVS-Billing-Mode": "Pay-Per-Render"}
    async with mcp_client(stack, key, headers=headers) as client:
        told = await refused(client, SUBMIT, request=BRIEF)
        opened = await called(client, "fvs_open_chatgpt_app")
    assert told["code"] == "missing_agent_key"
    assert "not used" in told["message"]
    assert opened["billing_mode"] == "pay-per-render"
    assert stack.available() == 1000


@pytest.mark.mcp_case("3.2")
async def test_an_unknown_billing_mode_is_refused_with_the_choices(stack: ApiStack) -> None:
    key = stack.open_account()
    async with mcp_client(stack, key, headers={"X-FVS-Billing-Mode": "free"}) as client:
        for tool in (SUBMIT, "fvs_create_paid_render_quote"):
            told = await refused(client, tool, request=BRIEF)
            assert told["code"] == "unknown_billing_mode"
            assert "account, pay-per-render" in told["message"]
            assert "free" not in told["message"]


@pytest.mark.mcp_case("2.1")
@pytest.mark.parametrize("key", ["fvs_live_wrong", "x" * 300, "fvs_test_" + "0" * 38])
async def test_a_key_that_is_not_good_is_told_from_none(stack: ApiStack, key: str) -> None:
    async with mcp_client(stack, key) as client:
        told = await refused(client, SUBMIT, request=BRIEF)
    assert told["code"] == "invalid_agent_key"
    assert key not in json.dumps(told)


@pytest.mark.mcp_case("2.1")
async def test_a_revoked_key_stops_at_once(stack: ApiStack) -> None:
    key = stack.open_account()
    stack.revoke_keys()
    async with mcp_client(stack, key) as client:
        told = await refused(client, SUBMIT, request=BRIEF)
    assert told["code"] == "invalid_agent_key"


async def test_too_few_credits_are_told_in_numbers(stack: ApiStack) -> None:
    key = stack.open_account(credits_=20)
    async with mcp_client(stack, key) as client:
        told = await refused(client, SUBMIT, request=BRIEF)
    assert (told["code"], told["credits_available"]) == ("insufficient_credits", 20)
    assert told["credits_required"] > 20


@pytest.mark.mcp_case("20.2", "20.3")
@pytest.mark.parametrize(
    ("arguments", "pointer"),
    [
        ({"request": {**BRIEF, "shot_cout": 2}}, "/request/shot_cout"),
        ({"request": {**BRIEF, "shot_count": "SECRET"}}, "/request/shot_count"),
        ({"request": {**BRIEF, "shot_count": 65}}, "/request/shot_count"),
        ({"request": {**BRIEF, "video_model": "SECRET"}}, "/request/video_model"),
        ({"request": []}, "/request"),
        ({"request": "SECRET"}, "/request"),
        ({}, "/request"),
        (BRIEF, "/request"),
        ({"request": BRIEF, "upload_urls": "SECRET"}, "/upload_urls"),
        ({"request": BRIEF, "uploads": ["SECRET"]}, "/uploads"),
        ({"request": BRIEF, "idempotency_key": 7}, "/idempotency_key"),
    ],
)
async def test_what_is_wrong_is_pointed_at_and_not_repeated(
    stack: ApiStack, arguments: dict[str, object], pointer: str
) -> None:
    key = stack.open_account()
    async with mcp_client(stack, key) as client:
        told = await refused(client, SUBMIT, **arguments)
    assert told["code"] == "invalid_request"
    assert pointer in [each["pointer"] for each in told["errors"]]
    if pointer != "/request/video_model":  # an unknown model is named beside the known ones
        assert "SECRET" not in json.dumps(told)
    assert (stack.available(), stack.workflows.started) == (1000, {})


@pytest.mark.mcp_case("5.1")
async def test_a_key_among_the_arguments_is_refused_unread(stack: ApiStack) -> None:
    key = stack.open_account()
    async with mcp_client(stack) as client:
        for arguments in (
            {"request": BRIEF, "api_key": key},
            {"request": {**BRIEF, "X-FVS-Agent-Key": key}},
            {"request": BRIEF, key: "yes"},
        ):
            told = await refused(client, SUBMIT, **arguments)
            assert told["code"] in {"invalid_request", "missing_agent_key"}
            assert key not in json.dumps(told)
        assert "X-FVS-Agent-Key" in told["message"]


async def test_more_renders_at_once_than_an_account_may_is_told_with_a_time(
    stack: ApiStack,
) -> None:
    key = stack.open_account()
    async with mcp_client(stack, key) as client:
        for _ in range(3):
            await called(client, SUBMIT, request=BRIEF)
        told = await refused(client, SUBMIT, request=BRIEF)
    assert (told["code"], told["retry_after_seconds"]) == ("rate_limited", 30)


@pytest.mark.mcp_case("26.3")
async def test_while_temporal_is_away_nothing_is_spent_and_a_retry_is_asked_for(
    stack: ApiStack,
) -> None:
    key = stack.open_account()
    stack.workflows.away = True
    async with mcp_client(stack, key) as client:
        told = await refused(client, SUBMIT, request=BRIEF)
    assert (told["code"], told["retry_after_seconds"]) == ("unavailable", 5)
    assert stack.available() == 1000


@pytest.mark.mcp_case("26.3")
async def test_while_the_database_is_away_a_retry_is_asked_for(stack: ApiStack) -> None:
    key = stack.open_account()
    stack.break_database()
    async with mcp_client(stack, key) as client:
        told = await refused(client, SUBMIT, request=BRIEF)
    assert (told["code"], told["retry_after_seconds"]) == ("unavailable", 5)


async def test_an_error_that_nobody_foresaw_says_nothing_but_the_request_id(
    stack: ApiStack, capsys: pytest.CaptureFixture[str]
) -> None:
    key = stack.open_account()

    def broken() -> str:
        raise RuntimeError(f"{BRIEF['screenplay']} {key}")

    ids = stack.dependencies.ids
    stack.configure(ids=type(ids)(broken, ids.request, ids.quote, ids.nonce))
    async with mcp_client(stack, key) as client:
        told = await refused(client, SUBMIT, request=BRIEF)

    assert told["code"] == "internal_error"
    assert told["request_id"].startswith("request-")
    lines = capsys.readouterr().out
    assert "tool failed" in lines
    for text in (key, str(BRIEF["screenplay"])):
        assert text not in lines + json.dumps(told)
