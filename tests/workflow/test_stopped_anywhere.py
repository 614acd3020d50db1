"""A render that is stopped at any of its steps ends, and its money adds up.

Each step once as one that can be torn off, and once as one that ends its work first: then what it
delivered is kept, and what it ordered is withdrawn.
"""

import pytest
from temporalio.client import Client

from studio.contracts.status import ClipState, RenderState
from studio.contracts.workflow_io import Screenplay
from tests.kit.renders import render_input
from tests.kit.runs import running
from tests.kit.scripted import Script, ScriptedStudio, fail, fail_first

pytestmark = pytest.mark.temporal

LOST = fail_first("submission_unknown", "No answer came.")
REFUSED = fail("provider_rejected", "No.")
STEPS: dict[str, Script] = {
    "analyze_assets": {},
    "make_music": {},
    "plan_shots": {},
    "draw_sheet": {},
    "speak_narration": {},
    "draw_keyframe/1": {},
    "review_keyframe/1": {},
    "submit_clip/1": {},
    "reconcile_clip/1": {"submit_clip/1": LOST},
    "await_clip/1": {},
    "collect_clip/1": {},
    "review_clip/1": {},
    "animate_keyframe/1": {"submit_clip/1": REFUSED},
    "assemble_film": {},
}
JOB_STEPS = ("submit_clip/1", "reconcile_clip/1", "await_clip/1")
"""After these there is a job at the provider, which is fetched or withdrawn."""


@pytest.mark.requirement("FLOW-3")
@pytest.mark.parametrize("deaf", [False, True], ids=["torn", "ends"])
@pytest.mark.parametrize("step", STEPS)
async def test_a_stop_settles_what_was_delivered_and_releases_the_rest(
    temporal: Client, step: str, *, deaf: bool
) -> None:
    studio = ScriptedStudio(
        script=dict(STEPS[step]),
        deaf={step} if deaf else set(),
        lost=False,
        screenplay=Screenplay(
            screenplay_key="screenplay", shot_count=2, sheets=(0,), narrated=True, continued=(1,)
        ),
    )
    reached = studio.gate(step)
    render = render_input(shots=2, music=True, voice=True)
    render = render.model_copy(update={"narration": True})
    async with running(temporal, studio, render) as handle:
        await reached.wait()
        await handle.signal("cancel", "stop")
        if deaf:
            await studio.told[step].wait()
            studio.gates[step].set()
        outcome = await handle.result()

    last = studio.snapshots[-1]
    assert last.status == outcome.status in {RenderState.CANCELED, RenderState.COMPLETED}
    assert len(studio.settled) == len(set(studio.settled))
    assert studio.released == set(studio.prices) - set(studio.settled)
    assert last.credits_settled == sum(studio.prices[line] for line in studio.settled)
    for clip in last.clips:
        delivered = clip.status == ClipState.COMPLETED
        assert (f"shot-{clip.index:03d}/video" in studio.settled) == delivered
        assert (clip.video_key is not None) == (clip.status in {"completed", "replaced"})
    assert studio.calls["submit_clip/1"] <= 1
    if step in JOB_STEPS and (deaf or step == "await_clip/1"):
        withdrawn = [job for job in studio.withdrawn_jobs if "shot001" in job]
        assert len(withdrawn) + studio.calls["collect_clip/1"] == 1
