"""What a render's workflow decides, on a real Temporal server with scripted activities."""

import asyncio

import pytest
from temporalio import activity
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowFailureError
from temporalio.exceptions import ApplicationError

from studio.contracts.status import ClipState, RenderState, Stage
from studio.contracts.workflow_io import PlanningTask, Screenplay
from tests.kit.renders import QUICK, render_input, with_minimum_line
from tests.kit.runs import running
from tests.kit.scripted import ScriptedStudio, fail, fail_first
from workflows.render import RenderWorkflow

METADATA_QUERY = "__temporal_workflow_metadata"
"""What the Temporal UI itself asks a run for its current details."""

pytestmark = pytest.mark.temporal


@pytest.mark.requirement("BILL-1", "BILL-2", "BILL-3")
async def test_a_finished_render_settles_every_line_once(temporal: Client) -> None:
    studio = ScriptedStudio()
    render = render_input(shots=3, music=True, voice=True)
    async with running(temporal, studio, render) as handle:
        outcome = await handle.result()
    assert outcome.status == RenderState.COMPLETED
    assert sorted(studio.settled) == sorted(studio.prices)
    assert outcome.credits_settled == render.plan.charges.total_credits
    assert studio.released == set()


async def test_a_quotes_minimum_charge_is_earned_with_the_film(temporal: Client) -> None:
    studio = ScriptedStudio()
    async with running(temporal, studio, with_minimum_line(render_input(shots=1))) as handle:
        await handle.result()
    assert sorted(studio.settled) == sorted(studio.prices)
    assert "minimum" in studio.settled


async def test_a_quotes_minimum_charge_is_not_earned_without_a_film(temporal: Client) -> None:
    studio = ScriptedStudio(script={"assemble_film": fail("disk_full", "No room is left.")})
    async with running(temporal, studio, with_minimum_line(render_input(shots=1))) as handle:
        with pytest.raises(WorkflowFailureError):
            await handle.result()
    assert studio.released == {"production", "minimum"}


async def test_revisions_grow_and_stages_come_in_order(temporal: Client) -> None:
    studio = ScriptedStudio()
    async with running(temporal, studio, render_input(music=True)) as handle:
        await handle.result()
    revisions = [snapshot.revision for snapshot in studio.snapshots]
    assert revisions == sorted(set(revisions))
    stages = [snapshot.stage for snapshot in studio.snapshots]
    order = list(Stage)
    assert stages == sorted(stages, key=order.index)
    progress = [snapshot.progress for snapshot in studio.snapshots]
    assert progress == sorted(progress)
    assert studio.snapshots[-1].progress == 1.0


async def test_a_shot_that_did_not_change_is_not_written_down_again(temporal: Client) -> None:
    studio = ScriptedStudio()
    reached = studio.gate("await_clip/2")
    async with running(temporal, studio, render_input(shots=3)) as handle:
        await reached.wait()
        await studio.until_recorded(
            lambda snapshot: snapshot.clips[2].status == ClipState.COMPLETED
        )
        studio.gates["await_clip/2"].set()
        await handle.result()
        ends = [update for update in studio.updates if not update.partial]
    assert [len(update.snapshot.clips) for update in ends] == [3, 3]
    after_the_gate = [update for update in studio.updates if update.partial][-1]
    assert 3 not in {clip.index for clip in after_the_gate.snapshot.clips}
    assert [clip.status for clip in studio.snapshots[-1].clips] == [ClipState.COMPLETED] * 3


async def test_the_status_query_answers_while_a_shot_is_filmed(temporal: Client) -> None:
    studio = ScriptedStudio()
    reached = studio.gate("await_clip/2")
    async with running(temporal, studio, render_input()) as handle:
        await reached.wait()
        status = await handle.query(RenderWorkflow.status)
        studio.gates["await_clip/2"].set()
        await handle.result()
    assert (status.status, status.stage) == (RenderState.RUNNING, Stage.FILMING)
    assert status.clips[1].status == ClipState.FILMING


@pytest.mark.requirement("REND-3")
async def test_a_cancel_signal_stops_the_provider_and_keeps_what_was_delivered(
    temporal: Client,
) -> None:
    studio = ScriptedStudio()
    reached = studio.gate("await_clip/3")
    collected = [studio.gate("review_clip/1"), studio.gate("review_clip/2")]
    async with running(temporal, studio, render_input()) as handle:
        await reached.wait()
        await asyncio.gather(*(event.wait() for event in collected))
        await handle.signal(RenderWorkflow.cancel, "the caller asked")
        outcome = await handle.result()
    assert outcome.status == RenderState.CANCELED
    assert [job.split("-")[-2] for job in studio.withdrawn_jobs] == ["shot003"]
    assert {"shot-001/video", "shot-002/video"} <= set(studio.settled)
    assert "shot-003/video" in studio.released
    last = studio.snapshots[-1]
    assert [clip.status for clip in last.clips] == ["completed", "completed", "canceled"]
    assert last.clips[0].video_key
    assert last.stage == Stage.FILMING


async def test_an_order_that_a_cancellation_overtakes_is_withdrawn(temporal: Client) -> None:
    """The order was accepted before anybody could tell its activity to stop."""
    studio = ScriptedStudio(deaf={"submit_clip/1"})
    reached = studio.gate("submit_clip/1")
    async with running(temporal, studio, render_input(shots=1)) as handle:
        await reached.wait()
        await handle.signal(RenderWorkflow.cancel, "the caller asked")
        await studio.told["submit_clip/1"].wait()
        studio.gates["submit_clip/1"].set()
        outcome = await handle.result()
    assert outcome.status == RenderState.CANCELED
    assert [job.split("-")[-2] for job in studio.withdrawn_jobs] == ["shot001"]
    assert studio.calls["await_clip"] == 0
    assert "shot-001/video" in studio.released


async def test_a_job_that_hangs_is_withdrawn_and_not_ordered_again(temporal: Client) -> None:
    studio = ScriptedStudio()
    studio.gate("await_clip/1")
    render = render_input(shots=2)
    timings = render.timings.model_copy(update={"clip_timeout_seconds": 1})
    async with running(temporal, studio, render.model_copy(update={"timings": timings})) as handle:
        outcome = await handle.result()
    assert outcome.status == RenderState.COMPLETED
    assert studio.calls["submit_clip/1"] == 1
    assert [job.split("-")[-2] for job in studio.withdrawn_jobs] == ["shot001"]
    assert studio.snapshots[-1].clips[0].status == ClipState.REPLACED


async def test_a_ledger_that_refuses_for_good_stops_the_spending(temporal: Client) -> None:
    studio = ScriptedStudio(
        script={"record_progress": fail_first("hold_already_resolved", "It was released.")}
    )
    studio.gate("analyze_assets")
    async with running(temporal, studio, render_input()) as handle:
        with pytest.raises(WorkflowFailureError):
            await handle.result()
    last = studio.snapshots[-1]
    assert (last.status, last.last_error) == (RenderState.FAILED, "It was released.")
    assert studio.calls["plan_shots"] == 0


async def test_native_cancellation_takes_the_same_path(temporal: Client) -> None:
    studio = ScriptedStudio()
    reached = studio.gate("await_clip/1")
    async with running(temporal, studio, render_input(shots=1)) as handle:
        await reached.wait()
        await handle.cancel()
        with pytest.raises(WorkflowFailureError):
            await handle.result()
        description = await handle.describe()
    assert description.status == WorkflowExecutionStatus.CANCELED
    assert studio.snapshots[-1].status == RenderState.CANCELED
    assert studio.released == {"shot-001/video", "shot-001/critic", "production"}


async def test_a_cancellation_before_the_start_settles_nothing_but_the_project(
    temporal: Client,
) -> None:
    studio = ScriptedStudio()
    reached = studio.gate("analyze_assets")
    async with running(temporal, studio, render_input()) as handle:
        await reached.wait()
        await handle.signal(RenderWorkflow.cancel, "")
        await handle.result()
    assert studio.settled == ["project"]


async def test_a_clip_that_failed_is_filmed_again(temporal: Client) -> None:
    studio = ScriptedStudio(script={"await_clip/2": fail_first("clip_failed", "It broke.")})
    async with running(temporal, studio, render_input()) as handle:
        await handle.result()
    assert studio.calls["submit_clip/2"] == 2
    assert studio.calls["submit_clip/1"] == 1
    assert studio.snapshots[-1].clips[1].attempts == 2
    assert studio.settled.count("shot-002/video") == 1


async def test_a_shot_that_fails_for_good_is_replaced_and_not_charged(temporal: Client) -> None:
    studio = ScriptedStudio(script={"submit_clip/2": fail("provider_rejected", "A face is shown.")})
    async with running(temporal, studio, render_input()) as handle:
        outcome = await handle.result()
    last = studio.snapshots[-1]
    assert outcome.status == RenderState.COMPLETED
    assert last.clips[1].status == ClipState.REPLACED
    assert last.clips[1].error == "A face is shown."
    assert any("could not be filmed" in warning for warning in last.warnings)
    assert "shot-002/video" in studio.released
    assert studio.calls["submit_clip/2"] == 1


@pytest.mark.requirement("REND-6")
async def test_more_than_half_of_the_shots_lost_fails_the_render_and_keeps_the_clips(
    temporal: Client,
) -> None:
    refusal = fail("provider_rejected", "Not allowed.")
    studio = ScriptedStudio(script={"submit_clip/1": refusal, "submit_clip/2": refusal})
    async with running(temporal, studio, render_input()) as handle:
        with pytest.raises(WorkflowFailureError) as failure:
            await handle.result()
    last = studio.snapshots[-1]
    assert "2 of 3 shots" in str(failure.value.cause)
    assert last.status == RenderState.FAILED
    assert last.last_error is not None
    assert "Not allowed." in last.last_error
    assert last.clips[2].video_key
    assert "production" in studio.released
    assert "shot-003/video" in studio.settled


@pytest.mark.requirement("FLOW-3")
async def test_an_order_without_an_answer_is_adopted_and_not_repeated(temporal: Client) -> None:
    studio = ScriptedStudio(
        script={"submit_clip/1": fail("submission_unknown", "No answer.")}, lost=False
    )
    async with running(temporal, studio, render_input(shots=1)) as handle:
        outcome = await handle.result()
    assert outcome.status == RenderState.COMPLETED
    assert studio.calls["submit_clip"] == 1
    assert studio.calls["reconcile_clip"] == 1


async def test_an_order_that_the_provider_never_got_is_made_again(temporal: Client) -> None:
    studio = ScriptedStudio(script={"submit_clip/1": fail_first("unexpected", "Reset.")})
    async with running(temporal, studio, render_input(shots=1)) as handle:
        await handle.result()
    assert studio.calls["submit_clip"] == 2
    assert studio.calls["reconcile_clip"] == 1


async def test_a_critic_that_cannot_look_does_not_stop_a_shot_and_is_not_charged(
    temporal: Client,
) -> None:
    studio = ScriptedStudio(script={"review_clip/1": fail("provider_rejected", "Blind.")})
    async with running(temporal, studio, render_input(shots=1)) as handle:
        outcome = await handle.result()
    assert outcome.status == RenderState.COMPLETED
    assert any("critic could not look" in warning for warning in studio.snapshots[-1].warnings)
    assert studio.released == {"shot-001/critic"}


async def test_a_film_goes_on_without_music_when_music_fails(temporal: Client) -> None:
    studio = ScriptedStudio(script={"make_music": fail("provider_rejected", "No such style.")})
    async with running(temporal, studio, render_input(shots=1, music=True)) as handle:
        outcome = await handle.result()
    assert outcome.status == RenderState.COMPLETED
    assert "music" in studio.released
    assert "The film has no music: No such style." in studio.snapshots[-1].warnings


async def test_a_join_that_never_works_ends_failed_with_the_clips_kept(temporal: Client) -> None:
    studio = ScriptedStudio(script={"assemble_film": fail("disk_full", "No room is left.")})
    async with running(temporal, studio, render_input(shots=2)) as handle:
        with pytest.raises(WorkflowFailureError):
            await handle.result()
    last = studio.snapshots[-1]
    assert last.last_error == "No room is left."
    assert last.stage == Stage.PRODUCTION
    assert all(clip.video_key for clip in last.clips)
    assert studio.released == {"production"}


class FailsThenHangs(ScriptedStudio):
    """Planning fails once; when it is tried again, the time for it runs out."""

    @activity.defn
    async def plan_shots(self, task: PlanningTask) -> Screenplay:
        self.calls["plan_shots"] += 1
        if self.calls["plan_shots"] == 1:
            raise ApplicationError(f"{len(task.shots)} shots are too many.", type="unexpected")
        while True:
            activity.heartbeat()
            await asyncio.sleep(0.1)


async def test_a_step_whose_time_runs_out_tells_why_it_had_failed(temporal: Client) -> None:
    studio = FailsThenHangs()
    timings = QUICK.model_copy(update={"stage_deadline_seconds": 2.0})
    async with running(temporal, studio, render_input(timings=timings)) as handle:
        with pytest.raises(WorkflowFailureError):
            await handle.result()
    assert studio.snapshots[-1].last_error == "3 shots are too many."


async def test_too_few_credits_at_the_confirmation_fails_before_any_model_call(
    temporal: Client,
) -> None:
    studio = ScriptedStudio(
        script={"confirm_holds": fail("insufficient_credits", "There are too few credits.")}
    )
    async with running(temporal, studio, render_input()) as handle:
        with pytest.raises(WorkflowFailureError):
            await handle.result()
    assert studio.snapshots[-1].status == RenderState.FAILED
    assert studio.calls["analyze_assets"] == 0


@pytest.mark.requirement("FLOW-2")
async def test_an_operator_sees_stage_shots_and_credits(temporal: Client) -> None:
    studio = ScriptedStudio()
    reached = studio.gate("await_clip/1")
    async with running(temporal, studio, render_input(shots=2)) as handle:
        await reached.wait()
        description = await handle.describe()
        await studio.until_recorded(lambda snapshot: snapshot.clips[0].status == "filming")
        details = await handle.query(METADATA_QUERY, result_type=WorkflowMetadata)
        studio.gates["await_clip/1"].set()
        await handle.result()
        events = (await handle.fetch_history()).events
    attributes = {
        pair.key.name: pair.value for pair in description.typed_search_attributes.search_attributes
    }
    assert attributes["FvsAccount"] == "acct_test"
    assert attributes["FvsCredits"] == 12 + 12 + 2 * 146 + 10
    assert await description.static_summary() == "A test render - 2 shots, 2 s, 326 credits"
    table = details.current_details
    assert "**filming** (running)" in table
    assert "| 1 | filming | 1 | 1 |" in table
    summaries = [event.user_metadata.summary.data.decode() for event in events]
    assert any("Shot 1 of 2: film, attempt 1" in summary for summary in summaries)


@pytest.mark.requirement("FLOW-2")
async def test_an_operator_sees_what_failed_and_how_often(temporal: Client) -> None:
    studio = ScriptedStudio(script={"await_clip/1": fail_first("clip_failed", "The sky tore.")})
    reached = studio.gate("review_clip/1")
    async with running(temporal, studio, render_input(shots=1)) as handle:
        await reached.wait()
        await studio.until_recorded(lambda snapshot: snapshot.clips[0].status == "completed")
        details = await handle.query(METADATA_QUERY, result_type=WorkflowMetadata)
        studio.gates["review_clip/1"].set()
        await handle.result()
        events = (await handle.fetch_history()).events
    assert "| 1 | completed | 1 | 2 |" in details.current_details
    failures = [
        event.activity_task_failed_event_attributes.failure.message
        for event in events
        if event.HasField("activity_task_failed_event_attributes")
    ]
    assert failures == ["The sky tore."]


async def test_a_cancellation_during_the_close_changes_nothing(temporal: Client) -> None:
    studio = ScriptedStudio()
    reached = studio.gate("close_render")
    async with running(temporal, studio, render_input(shots=1)) as handle:
        await reached.wait()
        await handle.signal(RenderWorkflow.cancel, "too late")
        await handle.cancel()
        studio.gates["close_render"].set()
        outcome = await handle.result()
    assert outcome.status == RenderState.COMPLETED
    assert studio.released == set()


async def test_a_second_cancellation_does_not_end_the_first_one_early(temporal: Client) -> None:
    studio = ScriptedStudio()
    filming, closing = studio.gate("await_clip/1"), studio.gate("close_render")
    async with running(temporal, studio, render_input(shots=1)) as handle:
        await filming.wait()
        await handle.signal(RenderWorkflow.cancel, "first")
        await closing.wait()
        await handle.signal(RenderWorkflow.cancel, "second")
        studio.gates["close_render"].set()
        outcome = await handle.result()
    assert outcome.status == RenderState.CANCELED
    assert outcome.credits_settled == studio.snapshots[-1].credits_settled
