"""Models that want to be asked for ever, talk without end, or fail in the middle of a stop."""

import asyncio

import pytest
from temporalio.client import Client

from studio.contracts.plan import ModelChoice
from studio.contracts.status import ClipState
from studio.contracts.workflow_io import ClipTask, Review, Screenplay
from tests.kit.renders import LOCAL, QUICK, render_input
from tests.kit.runs import running
from tests.kit.scripted import ScriptedStudio, fail, fail_first
from workflows.board import WARNING_LENGTH_MAX

pytestmark = pytest.mark.temporal


async def test_a_provider_that_wants_to_be_asked_at_once_is_asked_less_and_less_often(
    temporal: Client,
) -> None:
    busy = fail("provider_busy", "Again, now.")
    hasty = fail_first("provider_busy", "Again, now.", 10_000, retry_after_seconds=1e-6)
    studio = ScriptedStudio(script={"submit_clip/1": hasty, "submit_clip/2": busy})
    timings = QUICK.model_copy(update={"stage_deadline_seconds": 2})
    async with running(temporal, studio, render_input(shots=5, timings=timings)) as handle:
        await handle.result()
    # 0.02 s, 0.04 s, …: the sum of six waits is within two seconds, that of seven is not.
    assert studio.calls["submit_clip/1"] == studio.calls["submit_clip/2"] == 7
    last = studio.snapshots[-1]
    assert [clip.status for clip in last.clips[:2]] == [ClipState.REPLACED] * 2


async def test_a_successor_that_takes_no_last_frame_is_ordered_without_one(
    temporal: Client,
) -> None:
    newer = LOCAL.model_copy(update={"provider_model": "newer"})
    older = ModelChoice(
        requested="older", used="older", provider="local", last_frame=True, successor=newer
    )
    studio = ScriptedStudio(
        script={"submit_clip/1": fail_first("model_gone", "There is no such model.")},
        screenplay=Screenplay(screenplay_key="screenplay", shot_count=2, continued=(1,)),
    )
    async with running(temporal, studio, render_input(shots=2, video=older)) as handle:
        await handle.result()
    orders = studio.asked("submit_clip/1", ClipTask)
    assert [order.last_frame_key for order in orders] == ["keyframe-2-1", None]


async def test_a_stop_does_not_sit_out_the_wait_for_a_busy_provider(temporal: Client) -> None:
    busy = fail_first("provider_busy", "Later.", 1, retry_after_seconds=300)
    studio = ScriptedStudio(script={"submit_clip/1": busy}, deaf={"submit_clip/1"})
    ordering = studio.gate("submit_clip/1")
    timings = QUICK.model_copy(update={"stage_deadline_seconds": 600})
    render = render_input(shots=1, timings=timings)
    async with running(temporal, studio, render) as handle:
        await ordering.wait()
        await handle.signal("cancel", "stop")
        await studio.told["submit_clip/1"].wait()
        studio.gates["submit_clip/1"].set()
        async with asyncio.timeout(30):
            outcome = await handle.result()
    assert outcome.status == "canceled"


async def test_each_warning_goes_into_the_history_once_and_cut_to_size(temporal: Client) -> None:
    studio = ScriptedStudio()
    for shot in range(1, 5):
        reviews = [Review(passed=False, score=1, remark=f"{shot}" + "x" * 9_000)] * 3
        studio.reviews[f"review_keyframe/{shot}"] = reviews
    async with running(temporal, studio, render_input(shots=4)) as handle:
        await handle.result()
    *progress, closing = studio.updates
    sent = [text for update in progress for text in update.snapshot.warnings]
    assert len(sent) == len(set(sent)) == 4
    assert {len(text) for text in sent} == {WARNING_LENGTH_MAX}
    assert studio.snapshots[-2].warnings == closing.snapshot.warnings == tuple(sent)
