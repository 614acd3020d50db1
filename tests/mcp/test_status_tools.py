"""`fvs_get_render_status` and `fvs_cancel_render`, for an account's renders."""

import asyncio
import json

import pytest

from gateway.clock import Clock
from gateway.mcp.waiting import WAITS_PER_OWNER_MAX
from studio.contracts.status import RenderState, Stage
from tests.api.kit import BRIEF, FILM, ApiStack
from tests.mcp.kit import MODES, called, mcp_client, refused

SUBMIT = "fvs_submit_render"
STATUS = "fvs_get_render_status"
CANCEL = "fvs_cancel_render"
PAID_STATUS_URL = (
    "http://localhost/api/agent/paid-renders/quote_000000000000000000000001?claim_token=fvs_claim_a"
)


@pytest.mark.requirement("MCP-5")
@pytest.mark.parametrize("mode", MODES)
async def test_a_render_is_followed_by_id_and_by_address_until_its_film_is_there(
    stack: ApiStack, mode: str
) -> None:
    key = stack.open_account()
    async with mcp_client(stack, key, mode=mode) as client:
        submitted = await called(client, SUBMIT, request=BRIEF)
        project_id = submitted["project_id"]
        stack.record(project_id, status=RenderState.RUNNING, stage=Stage.FILMING, progress=0.42)
        running = await called(client, STATUS, project_id=project_id)
        stack.finish(project_id)
        done = await called(client, STATUS, status_url=submitted["status_url"])
    async with stack.client() as http:
        film = await http.get(done["final_video_url"].replace("localhost", "gateway.test"))
        same_host = await http.get(done["final_video_url"], headers={"Host": "localhost"})

    assert (running["status"], running["current_stage"]) == ("running", "filming")
    assert (running["progress_percent"], running["poll_after_seconds"]) == (42, 10)
    assert "final_video_url" not in running
    assert (done["status"], done["progress_percent"], done["poll_after_seconds"]) == (
        "completed",
        100,
        0,
    )
    assert "final_video_url" in done["next_action"]
    assert film.status_code == 403  # signed for the host that was asked
    assert same_host.content == FILM


@pytest.mark.mcp_case("25.2", "25.3")
async def test_a_status_never_says_the_brief_again_and_is_short(stack: ApiStack) -> None:
    key = stack.open_account()
    brief = {
        **BRIEF,
        "screenplay": "Shot 1: A wonderful secret plan unfolds. " * 2000,
        "instructions": "Slowly, with unusual lenses. " * 1000,
    }
    async with mcp_client(stack, key) as client:
        submitted = await called(client, SUBMIT, request=brief)
        stack.record(
            submitted["project_id"],
            status=RenderState.FAILED,
            last_error="refused with Bearer abcdefghijklmnopqrstuvwxyz " + "x" * 5000,
            warnings=tuple("w" * 5000 for _ in range(100)),
        )
        told = await called(client, STATUS, project_id=submitted["project_id"])
    for answer in (submitted, told):
        text = json.dumps(answer)
        assert "wonderful secret" not in text
        assert "unusual lenses" not in text
        assert len(text) < 12_000
    assert "abcdefghijklmnopqrstuvwxyz" not in told["last_error"]


async def test_shots_and_their_pictures_go_to_the_widget_and_not_to_the_model(
    stack: ApiStack,
) -> None:
    key = stack.open_account()
    async with mcp_client(stack, key) as client:
        submitted = await called(client, SUBMIT, request=BRIEF)
        result = await client.call_tool(STATUS, {"project_id": submitted["project_id"]})
    assert result.meta is not None
    (clip,) = result.meta["video.future/clips"]
    assert (clip["index"], clip["status"], clip["duration_seconds"]) == (1, "queued", 4.0)
    assert "clips" not in (result.structured_content or {})


@pytest.mark.mcp_case("4.1")
@pytest.mark.parametrize("tool", [STATUS, CANCEL])
async def test_a_render_of_another_account_is_as_unknown_as_none(
    stack: ApiStack, tool: str
) -> None:
    owner, stranger = stack.open_account("acct_one"), stack.open_account("acct_two")
    async with mcp_client(stack, owner) as client:
        project_id = (await called(client, SUBMIT, request=BRIEF))["project_id"]
    async with mcp_client(stack, stranger) as client:
        theirs = await refused(client, tool, project_id=project_id)
        nobodys = await refused(client, tool, project_id="proj_api_ffffffffffffffff")
        no_id = await refused(client, tool, project_id="proj_api_\x00")
    assert theirs["code"] == nobodys["code"] == no_id["code"] == "not_found"
    assert theirs["message"].replace(project_id, "") == nobodys["message"].replace(
        "proj_api_ffffffffffffffff", ""
    )
    assert stack.workflows.signals == []


@pytest.mark.mcp_case("8.1")
@pytest.mark.parametrize(
    ("arguments", "pointer"),
    [
        ({}, ""),
        ({"project_id": "proj_api_0000000000000009", "status_url": "{url}"}, "/project_id"),
        ({"status_url": "https://evil.example/api/agent/renders/x"}, "/status_url"),
        ({"project_id": 7}, "/project_id"),
        ({"project_id": "p" * 300}, "/project_id"),
        ({"project": "x"}, "/project"),
    ],
)
async def test_what_a_status_is_asked_of_must_be_clear(
    stack: ApiStack, arguments: dict[str, object], pointer: str
) -> None:
    key = stack.open_account()
    async with mcp_client(stack, key) as client:
        url = (await called(client, SUBMIT, request=BRIEF))["status_url"]
        sent = {name: url if value == "{url}" else value for name, value in arguments.items()}
        told = await refused(client, STATUS, **sent)
    assert told["code"] == "invalid_request"
    assert [each["pointer"] for each in told["errors"]] == [pointer]


@pytest.mark.mcp_case("8.2", "5.1")
async def test_the_address_of_a_quote_leads_to_the_tool_for_it(stack: ApiStack) -> None:
    key = stack.open_account()
    async with mcp_client(stack, key) as client:
        by_url = await refused(client, STATUS, status_url=PAID_STATUS_URL)
        by_token = await refused(client, STATUS, claim_token="fvs_claim_a")
    for told in (by_url, by_token):
        assert told["use_tool"] == "fvs_get_paid_render_status"
        assert "fvs_claim_a" not in json.dumps(told)


@pytest.mark.parametrize("mode", MODES)
async def test_a_wait_tells_of_progress_at_least_every_five_seconds(
    stack: ApiStack, mode: str
) -> None:
    key = stack.open_account()
    told: list[tuple[float, float | None, str | None]] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, total, message))

    async with mcp_client(stack, key, mode=mode) as client:
        project_id = (await called(client, SUBMIT, request=BRIEF))["project_id"]
        stack.record(project_id, status=RenderState.RUNNING, stage=Stage.PLANNING, progress=0.1)
        await client.call_tool(
            STATUS, {"project_id": project_id, "wait_seconds": 12}, progress_callback=note
        )
    assert stack.time.elapsed_seconds == pytest.approx(12)
    assert [progress for progress, _, _ in told] == pytest.approx([0, 5, 10])
    assert {total for _, total, _ in told} == {12}
    assert told[0][2] == "planning: 10% of the film"


async def test_a_wait_ends_as_soon_as_the_stage_changes(stack: ApiStack) -> None:
    key = stack.open_account()
    async with mcp_client(stack, key) as client:
        project_id = (await called(client, SUBMIT, request=BRIEF))["project_id"]

        def move_on() -> None:
            if stack.time.elapsed_seconds == 3:
                stack.record(project_id, status=RenderState.RUNNING, stage=Stage.MUSIC)

        stack.time.on_pause = move_on
        told = await called(client, STATUS, project_id=project_id, wait_seconds=45)
    assert (stack.time.elapsed_seconds, told["current_stage"]) == (3, "music")


async def test_progress_within_a_stage_wakes_nobody(stack: ApiStack) -> None:
    key = stack.open_account()
    async with mcp_client(stack, key) as client:
        project_id = (await called(client, SUBMIT, request=BRIEF))["project_id"]
        stack.record(project_id, status=RenderState.RUNNING, stage=Stage.FILMING)
        stack.time.on_pause = lambda: stack.record(project_id, progress=0.5)
        told = await called(client, STATUS, project_id=project_id, wait_seconds=8)
    assert (stack.time.elapsed_seconds, told["progress_percent"]) == (8, 50)


@pytest.mark.mcp_case("26.1")
@pytest.mark.parametrize(("asked", "held"), [(-5, 0), (0, 0), (1000, 45), (2.5, 2.5)])
async def test_a_wait_is_cut_to_what_is_held(stack: ApiStack, asked: float, held: float) -> None:
    key = stack.open_account()
    async with mcp_client(stack, key) as client:
        project_id = (await called(client, SUBMIT, request=BRIEF))["project_id"]
        await called(client, STATUS, project_id=project_id, wait_seconds=asked)
    assert stack.time.elapsed_seconds == pytest.approx(held)


@pytest.mark.mcp_case("21.3", "26.1")
async def test_nobody_waits_for_what_has_ended_or_in_a_process_that_ends(stack: ApiStack) -> None:
    key = stack.open_account()
    async with mcp_client(stack, key) as client:
        project_id = (await called(client, SUBMIT, request=BRIEF))["project_id"]
        stack.finish(project_id)
        await called(client, STATUS, project_id=project_id, wait_seconds=45)
    stack.configure(stopping=lambda: True)
    async with mcp_client(stack, key) as client:
        other_id = (await called(client, SUBMIT, request=BRIEF))["project_id"]
        told = await called(client, STATUS, project_id=other_id, wait_seconds=45)
    assert (told["status"], stack.time.elapsed_seconds) == ("queued", 0)


@pytest.mark.mcp_case("26.2")
async def test_one_account_holds_only_so_many_answers(stack: ApiStack) -> None:
    key = stack.open_account()
    gate, waiting = asyncio.Event(), 0
    full = asyncio.Event()

    async def pause(_seconds: float) -> None:
        nonlocal waiting
        waiting += 1
        if waiting == WAITS_PER_OWNER_MAX:
            full.set()
        await gate.wait()
        stack.time.elapsed_seconds += 45

    stack.configure(clock=Clock(now=stack.time.now, monotonic=stack.time.monotonic, pause=pause))
    async with mcp_client(stack, key) as client:
        project_id = (await called(client, SUBMIT, request=BRIEF))["project_id"]
        held = [
            asyncio.create_task(called(client, STATUS, project_id=project_id, wait_seconds=45))
            for _ in range(WAITS_PER_OWNER_MAX)
        ]
        await full.wait()
        told = await called(client, STATUS, project_id=project_id, wait_seconds=45)
        gate.set()
        await asyncio.gather(*held)
    assert (told["status"], waiting) == ("queued", WAITS_PER_OWNER_MAX)


@pytest.mark.requirement("MCP-7")
@pytest.mark.mcp_case("23.1", "23.2")
@pytest.mark.parametrize("mode", MODES)
async def test_a_render_is_canceled_by_id_or_address_and_once(stack: ApiStack, mode: str) -> None:
    key = stack.open_account()
    async with mcp_client(stack, key, mode=mode) as client:
        submitted = await called(client, SUBMIT, request=BRIEF)
        first = await called(client, CANCEL, project_id=submitted["project_id"])
        second = await called(client, CANCEL, status_url=submitted["status_url"])
        stack.record(submitted["project_id"], status=RenderState.CANCELED)
        ended = await called(client, CANCEL, project_id=submitted["project_id"])
    assert (first["cancel_requested"], first["poll_after_seconds"]) == (True, 3)
    assert second["cancel_requested"] is True
    assert (ended["status"], ended["poll_after_seconds"]) == ("canceled", 0)
    assert stack.workflows.signals == [submitted["project_id"]]


@pytest.mark.mcp_case("23.1")
async def test_a_finished_render_is_not_canceled(stack: ApiStack) -> None:
    key = stack.open_account()
    async with mcp_client(stack, key) as client:
        project_id = (await called(client, SUBMIT, request=BRIEF))["project_id"]
        stack.finish(project_id)
        told = await called(client, CANCEL, project_id=project_id)
    assert (told["status"], told["cancel_requested"]) == ("completed", False)
    assert stack.workflows.signals == []


@pytest.mark.mcp_case("26.3")
async def test_a_cancellation_while_temporal_is_away_asks_for_a_retry(stack: ApiStack) -> None:
    key = stack.open_account()
    async with mcp_client(stack, key) as client:
        project_id = (await called(client, SUBMIT, request=BRIEF))["project_id"]
        stack.workflows.away = True
        told = await refused(client, CANCEL, project_id=project_id)
        stack.workflows.away = False
        after = await called(client, STATUS, project_id=project_id)
    assert (told["code"], told["retry_after_seconds"]) == ("unavailable", 5)
    assert after["cancel_requested"] is False
