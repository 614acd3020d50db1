"""The gateway's side of Temporal on a real server: started once, told once, asked briefly."""

import uuid

import pytest
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.contrib.pydantic import pydantic_data_converter

from gateway.services.starter import TemporalWorkflows
from gateway.services.workflows import QueryUnanswered, WorkflowsUnavailable
from studio.contracts.status import RenderState
from tests.kit.renders import render_input
from tests.kit.scripted import ScriptedStudio

pytestmark = pytest.mark.temporal
NOBODY = "127.0.0.1:1"


@pytest.fixture
def queue() -> str:
    return f"test-{uuid.uuid4().hex[:8]}"


async def unreachable() -> TemporalWorkflows:
    client = await Client.connect(NOBODY, lazy=True, data_converter=pydantic_data_converter)
    return TemporalWorkflows(client)


async def test_starting_twice_is_one_run(temporal: Client, queue: str) -> None:
    port, render = TemporalWorkflows(temporal, task_queue=queue), render_input(shots=1)
    first, second = await port.start(render), await port.start(render)

    assert first == second != ""
    description = await temporal.get_workflow_handle(render.project_id).describe()
    assert description.run_id == first


@pytest.mark.requirement("FLOW-2")
async def test_operators_find_a_run_by_its_account_and_read_what_it_is(
    temporal: Client, queue: str
) -> None:
    port, render = TemporalWorkflows(temporal, task_queue=queue), render_input(shots=2)
    await port.start(render)

    description = await temporal.get_workflow_handle(render.project_id).describe()
    attributes = {
        pair.key.name: pair.value for pair in description.typed_search_attributes.search_attributes
    }
    assert attributes["FvsAccount"] == render.account_id
    assert attributes["FvsCredits"] == render.plan.charges.total_credits
    assert (await description.static_summary() or "").startswith(render.name)


async def test_a_running_render_answers_a_query_and_takes_a_cancellation(
    temporal: Client, queue: str
) -> None:
    port, render = TemporalWorkflows(temporal, task_queue=queue), render_input(shots=1)
    studio = ScriptedStudio()
    reached = studio.gate("await_clip/1")
    render_worker, media_worker = studio.workers(temporal, queue)
    async with media_worker, render_worker:
        await port.start(render)
        await reached.wait()
        snapshot = await port.query(render.project_id)
        signaled = await port.cancel(render.project_id, "The caller asked for it.")
        await temporal.get_workflow_handle(render.project_id).result()

    assert snapshot.status == RenderState.RUNNING
    assert [clip.index for clip in snapshot.clips] == [1]
    assert signaled is True
    assert studio.snapshots[-1].status == RenderState.CANCELED


async def test_a_render_started_to_be_canceled_only_ends(temporal: Client, queue: str) -> None:
    port, render = TemporalWorkflows(temporal, task_queue=queue), render_input(shots=1)
    studio = ScriptedStudio()
    render_worker, media_worker = studio.workers(temporal, queue)
    async with media_worker, render_worker:
        await port.start(render, cancel_reason="The caller asked for it.")
        handle = temporal.get_workflow_handle(render.project_id)
        await handle.result()

    assert studio.snapshots[-1].status == RenderState.CANCELED
    assert studio.calls["submit_clip"] == 0
    assert (await handle.describe()).status == WorkflowExecutionStatus.COMPLETED


async def test_an_ended_run_takes_no_cancellation_and_no_second_start(
    temporal: Client, queue: str
) -> None:
    port, render = TemporalWorkflows(temporal, task_queue=queue), render_input(shots=1)
    render_worker, media_worker = ScriptedStudio().workers(temporal, queue)
    async with media_worker, render_worker:
        run_id = await port.start(render)
        await temporal.get_workflow_handle(render.project_id).result()
        signaled = await port.cancel(render.project_id, "Too late.")
        again = await port.start(render)

    assert (signaled, again) == (False, run_id)


async def test_a_run_without_a_worker_does_not_answer(temporal: Client, queue: str) -> None:
    port, render = TemporalWorkflows(temporal, task_queue=queue), render_input(shots=1)
    await port.start(render)

    with pytest.raises(QueryUnanswered):
        await port.query(render.project_id)


async def test_a_render_that_temporal_does_not_know_does_not_answer(temporal: Client) -> None:
    port = TemporalWorkflows(temporal)

    with pytest.raises(QueryUnanswered):
        await port.query("proj_api_unknown")
    assert await port.cancel("proj_api_unknown", "Nobody there.") is False


async def test_a_server_that_is_there_passes_the_check(temporal: Client) -> None:
    await TemporalWorkflows(temporal).check()


async def test_a_server_that_is_away_is_one_error_whatever_is_asked() -> None:
    port, render = await unreachable(), render_input(shots=1)

    with pytest.raises(WorkflowsUnavailable):
        await port.check()
    with pytest.raises(WorkflowsUnavailable):
        await port.start(render)
    with pytest.raises(WorkflowsUnavailable):
        await port.cancel(render.project_id, "Away.")
    with pytest.raises(QueryUnanswered):
        await port.query(render.project_id)
