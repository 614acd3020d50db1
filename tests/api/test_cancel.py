"""Cancelling: the run is told, whatever state it is in."""

import asyncio

import httpx2
import pytest

from studio.contracts.status import RenderState
from tests.api.kit import BRIEF, ApiStack


async def submit(client: httpx2.AsyncClient) -> str:
    answer = await client.post("/api/agent/renders", json=BRIEF)
    project_id: str = answer.json()["project_id"]
    return project_id


@pytest.mark.requirement("REND-3")
async def test_a_running_render_is_signaled(stack: ApiStack) -> None:
    key = stack.open_account()
    async with stack.client(key) as client:
        project_id = await submit(client)
        answer = await client.post(f"/api/agent/renders/{project_id}/cancel")

    assert answer.status_code == 200
    assert answer.json()["cancel_requested"] is True
    assert list(stack.workflows.canceled) == [project_id]


async def test_a_storm_of_cancellations_is_one_signal(stack: ApiStack) -> None:
    key = stack.open_account()
    async with stack.client(key) as client:
        project_id = await submit(client)
        address = f"/api/agent/renders/{project_id}/cancel"
        answers = await asyncio.gather(*(client.post(address) for _ in range(20)))
        answers.append(await client.post(address))

    assert {answer.status_code for answer in answers} == {200}
    assert all(answer.json()["cancel_requested"] for answer in answers)
    assert stack.workflows.signals == [project_id]


async def test_a_render_that_was_never_started_is_started_to_be_canceled(stack: ApiStack) -> None:
    key = stack.open_account()
    stack.workflows.start_fails = True
    async with stack.client(key) as client:
        project_id = await submit(client)
        stack.workflows.start_fails = False
        answer = await client.post(f"/api/agent/renders/{project_id}/cancel")

    assert answer.status_code == 200
    assert stack.workflows.started_canceled == [project_id]


async def test_a_finished_render_is_returned_unchanged(stack: ApiStack) -> None:
    key = stack.open_account()
    async with stack.client(key) as client:
        project_id = await submit(client)
        stack.finish(project_id)
        before = (await client.get(f"/api/agent/renders/{project_id}")).json()
        answer = await client.post(f"/api/agent/renders/{project_id}/cancel")

    assert (answer.status_code, answer.json()) == (200, before)
    assert stack.workflows.canceled == {}


async def test_a_run_that_ended_without_its_row_is_left_to_the_sweep(stack: ApiStack) -> None:
    key = stack.open_account()
    async with stack.client(key) as client:
        project_id = await submit(client)
        stack.workflows.started.clear()
        answer = await client.post(f"/api/agent/renders/{project_id}/cancel")

    assert answer.status_code == 200
    assert stack.workflows.started_canceled == []
    assert stack.snapshot(project_id).status == RenderState.QUEUED


async def test_cancelling_while_temporal_is_away_is_503_and_changes_nothing(
    stack: ApiStack,
) -> None:
    key = stack.open_account()
    async with stack.client(key) as client:
        project_id = await submit(client)
        stack.workflows.away = True
        answer = await client.post(f"/api/agent/renders/{project_id}/cancel")
        render = (await client.get(f"/api/agent/renders/{project_id}")).json()
        stack.workflows.away = False
        again = await client.post(f"/api/agent/renders/{project_id}/cancel")

    assert (answer.status_code, again.status_code) == (503, 200)
    assert stack.workflows.signals == [project_id]
    assert int(answer.headers["Retry-After"]) > 0
    assert render["cancel_requested"] is False
