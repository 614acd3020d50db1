"""Polling: where an answer comes from, and that it never goes back."""

import asyncio
from urllib.parse import urlsplit

import httpx2
import pytest

from studio.contracts.status import ClipState, RenderSnapshot, RenderState, Stage, VoiceBrief
from tests.api.kit import BRIEF, FILM, ApiStack


async def submit(client: httpx2.AsyncClient) -> str:
    answer = await client.post("/api/agent/renders", json=BRIEF)
    project_id: str = answer.json()["project_id"]
    return project_id


def url(project_id: str) -> str:
    return f"/api/agent/renders/{project_id}"


@pytest.mark.requirement("REND-2")
async def test_a_poll_shows_what_the_run_itself_says(stack: ApiStack) -> None:
    key = stack.open_account()
    async with stack.client(key) as client:
        project_id = await submit(client)
        stack.workflows.answers[project_id] = RenderSnapshot(
            revision=7, status=RenderState.RUNNING, stage=Stage.PLANNING, progress=0.1
        )
        render = (await client.get(url(project_id))).json()

    assert (render["revision"], render["current_stage"]) == (7, "planning")
    assert render["is_running"] is True


async def test_what_one_gateway_answered_another_does_not_go_back_on(stack: ApiStack) -> None:
    key = stack.open_account()
    async with stack.client(key) as client:
        project_id = await submit(client)
        stack.workflows.answers[project_id] = RenderSnapshot(
            revision=7, status=RenderState.RUNNING, stage=Stage.FILMING
        )
        await client.get(url(project_id))
    stack.workflows.silent = True
    async with stack.client(key) as other:
        render = (await other.get(url(project_id))).json()

    assert (render["revision"], render["current_stage"]) == (7, "filming")


async def test_a_row_that_is_ahead_of_the_run_answers(stack: ApiStack) -> None:
    key = stack.open_account()
    async with stack.client(key) as client:
        project_id = await submit(client)
        stack.record(project_id, revision=9, status=RenderState.RUNNING, stage=Stage.FILMING)
        stack.workflows.answers[project_id] = RenderSnapshot(
            revision=4, status=RenderState.RUNNING, stage=Stage.PLANNING
        )
        render = (await client.get(url(project_id))).json()

    assert (render["revision"], render["current_stage"]) == (9, "filming")


async def test_a_run_that_says_completed_is_believed_once_its_charges_are_settled(
    stack: ApiStack,
) -> None:
    key = stack.open_account()
    async with stack.client(key) as client:
        project_id = await submit(client)
        stack.workflows.answers[project_id] = RenderSnapshot(
            revision=30, status=RenderState.COMPLETED, stage=Stage.COMPLETED
        )
        before = (await client.get(url(project_id))).json()
        stack.finish(project_id)
        after = (await client.get(url(project_id))).json()

    assert (before["status"], after["status"]) == ("queued", "completed")


async def test_polls_at_the_same_moment_share_one_query(stack: ApiStack) -> None:
    key = stack.open_account()
    async with stack.client(key) as client:
        project_id = await submit(client)
        stack.workflows.hold = asyncio.Event()
        stack.workflows.answers[project_id] = RenderSnapshot(revision=3, status=RenderState.RUNNING)
        polls = [asyncio.create_task(client.get(url(project_id))) for _ in range(20)]
        await stack.workflows.asked.wait()
        stack.workflows.hold.set()
        answers = await asyncio.gather(*polls)

    # One that read its row before the answer was stored, and came after it, shows the row.
    assert {answer.json()["revision"] for answer in answers} in ({3}, {0, 3})
    assert stack.workflows.queries == [project_id]


async def test_a_poll_does_not_wait_for_a_query_that_hangs(stack: ApiStack) -> None:
    key = stack.open_account()
    async with stack.client(key) as client:
        project_id = await submit(client)
        stack.workflows.hold = asyncio.Event()
        answer = await client.get(url(project_id))
        stack.workflows.hold.set()

    assert answer.status_code == 200
    assert answer.json()["status"] == "queued"


async def test_an_answer_serves_for_a_quarter_of_a_second(stack: ApiStack) -> None:
    key = stack.open_account()
    async with stack.client(key) as client:
        project_id = await submit(client)
        stack.workflows.answers[project_id] = RenderSnapshot(revision=3, status=RenderState.RUNNING)
        for _ in range(5):
            await client.get(url(project_id))
        asked_at_once = len(stack.workflows.queries)
        stack.time.elapsed_seconds += 0.3
        await client.get(url(project_id))

    assert (asked_at_once, len(stack.workflows.queries)) == (1, 2)


async def test_a_run_that_does_not_answer_is_left_alone_for_a_while(stack: ApiStack) -> None:
    key = stack.open_account()
    stack.workflows.silent = True
    async with stack.client(key) as client:
        project_id = await submit(client)
        answers = [await client.get(url(project_id)) for _ in range(5)]
        asked_at_once = len(stack.workflows.queries)
        stack.time.elapsed_seconds += 2
        await client.get(url(project_id))

    assert {answer.status_code for answer in answers} == {200}
    assert (asked_at_once, len(stack.workflows.queries)) == (1, 2)


async def test_polls_are_answered_while_temporal_is_away(stack: ApiStack) -> None:
    key = stack.open_account()
    async with stack.client(key) as client:
        project_id = await submit(client)
        stack.workflows.away = True
        answer = await client.get(url(project_id))

    assert answer.status_code == 200
    assert answer.json()["status"] == "queued"


@pytest.mark.parametrize("ahead", [0, 1])
async def test_what_was_charged_is_the_ledgers_word_and_not_the_runs(
    stack: ApiStack, ahead: int
) -> None:
    key = stack.open_account()
    async with stack.client(key) as client:
        project_id = await submit(client)
        charged = stack.settle(project_id, "project")
        stack.record(project_id, status=RenderState.RUNNING, credits_settled=charged)
        known = stack.snapshot(project_id)
        stack.workflows.answers[project_id] = known.model_copy(
            update={"revision": known.revision + ahead, "credits_settled": 0}
        )
        render = (await client.get(url(project_id))).json()

    assert render["revision"] == known.revision + ahead
    assert render["credits_settled"] == charged == 12


async def test_an_ended_render_is_not_asked(stack: ApiStack) -> None:
    key = stack.open_account()
    async with stack.client(key) as client:
        project_id = await submit(client)
        stack.finish(project_id)
        await client.get(url(project_id))

    assert stack.workflows.queries == []


@pytest.mark.requirement("REND-2", "REND-5")
async def test_a_completed_render_has_an_absolute_signed_url_of_its_film(stack: ApiStack) -> None:
    key = stack.open_account()
    async with stack.client(key) as client:
        project_id = await submit(client)
        stack.finish(project_id)
        render = (await client.get(url(project_id))).json()
        film = await client.get(render["final_video_url"])

    assert urlsplit(render["final_video_url"]).netloc == "gateway.test"
    assert (render["is_running"], render["run_id"]) == (False, None)
    assert render["finished_at"] is not None
    assert film.content == FILM
    assert film.headers["Content-Disposition"] == f'attachment; filename="{project_id}_final.mp4"'


@pytest.mark.requirement("REND-5")
async def test_the_url_stays_while_ten_minutes_are_left_and_then_is_made_anew(
    stack: ApiStack,
) -> None:
    key = stack.open_account()
    urls = []
    async with stack.client(key) as client:
        project_id = await submit(client)
        stack.finish(project_id)
        for elapsed_seconds in (0, 3000, 3001):
            stack.time.elapsed_seconds = elapsed_seconds
            urls.append((await client.get(url(project_id))).json()["final_video_url"])
        stack.time.elapsed_seconds = 3600
        stale, fresh = await client.get(urls[0]), await client.get(urls[2])

    assert urls[0] == urls[1] != urls[2]
    assert (stale.status_code, fresh.status_code) == (403, 200)
    assert "status" in stale.json()["detail"]


@pytest.mark.requirement("REND-6")
async def test_a_failed_render_says_why_and_keeps_its_clips(stack: ApiStack) -> None:
    key = stack.open_account()
    async with stack.client(key) as client:
        project_id = await submit(client)
        stack.storage.put_bytes("projects/x/clip.mp4", FILM, content_type="video/mp4")
        (clip,) = stack.snapshot(project_id).clips
        delivered = clip.model_copy(
            update={"status": ClipState.COMPLETED, "video_key": "projects/x/clip.mp4"}
        )
        stack.record(
            project_id,
            status=RenderState.FAILED,
            stage=Stage.PRODUCTION,
            last_error="The disk is full.",
            clips=(delivered,),
            voice_briefs=(VoiceBrief(stage=Stage.PLANNING, audio_key="projects/x/b.wav"),),
        )
        render = (await client.get(url(project_id))).json()
        clip_answer = await client.get(render["clips"][0]["video_url"])

    assert (render["status"], render["current_stage"]) == ("failed", "production")
    assert render["last_error"] == "The disk is full."
    assert render["final_video_url"] is None
    assert clip_answer.content == FILM
    assert render["voice_briefs"][0]["stage"] == "planning"


async def test_renders_are_listed_newest_first_page_by_page(stack: ApiStack) -> None:
    key = stack.open_account()
    async with stack.client(key) as client:
        submitted = []
        for _ in range(3):
            stack.time.elapsed_seconds += 1
            submitted.append(await submit(client))
        first = (await client.get("/api/agent/renders", params={"limit": 2})).json()
        cursor = first["next_cursor"]
        second = (await client.get("/api/agent/renders", params={"cursor": cursor})).json()

    assert [item["project_id"] for item in first["items"]] == submitted[:0:-1]
    assert [item["project_id"] for item in second["items"]] == submitted[:1]
    assert second["next_cursor"] is None


async def test_a_list_can_be_of_one_status(stack: ApiStack) -> None:
    key = stack.open_account()
    async with stack.client(key) as client:
        done, _waiting = await submit(client), await submit(client)
        stack.finish(done)
        listed = (await client.get("/api/agent/renders", params={"status": "completed"})).json()

    assert [item["project_id"] for item in listed["items"]] == [done]


@pytest.mark.parametrize(
    ("params", "pointer"),
    [({"limit": 0}, "/limit"), ({"limit": "x"}, "/limit"), ({"status": "done"}, "/status")],
)
async def test_a_wrong_list_parameter_is_422_naming_it(
    stack: ApiStack, params: dict[str, str], pointer: str
) -> None:
    key = stack.open_account()
    async with stack.client(key) as client:
        answer = await client.get("/api/agent/renders", params=params)

    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


async def test_a_cursor_of_ones_own_making_is_422(stack: ApiStack) -> None:
    key = stack.open_account()
    async with stack.client(key) as client:
        answer = await client.get("/api/agent/renders", params={"cursor": "made-up"})

    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid_cursor"


async def test_a_database_that_is_away_is_503_with_retry_after(stack: ApiStack) -> None:
    key = stack.open_account()
    async with stack.client(key) as client:
        project_id = await submit(client)
        stack.break_database()
        answers = [
            await client.get(url(project_id)),
            await client.post(f"{url(project_id)}/cancel"),
        ]

    assert [answer.status_code for answer in answers] == [503, 503]
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in answers)
    assert all(answer.json()["code"] == "database_unavailable" for answer in answers)
