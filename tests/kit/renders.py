"""Builders of render inputs for tests."""

import hashlib
import uuid

from studio.contracts.plan import (
    ChargeLine,
    ChargePlan,
    ModelChoice,
    ShotPlan,
    ShotTiming,
    StageModels,
)
from studio.contracts.request import MusicWorkflow, ProjectMode
from studio.contracts.workflow_io import MusicBrief, RenderInput, Timings

LOCAL = ModelChoice(requested="local-animatic", used="local-animatic", provider="local")
QUICK = Timings(
    heartbeat_timeout_seconds=2,
    poll_interval_seconds=0.02,
    submit_timeout_seconds=5,
    clip_timeout_seconds=60,
    join_timeout_seconds=60,
    call_timeout_seconds=30,
    stage_deadline_seconds=5,
    reconcile_timeout_seconds=5,
)


def new_project_id() -> str:
    return f"proj_api_{uuid.uuid4().hex[:16]}"


def charge_plan(shots: int, *, music: bool = False, voice: bool = False) -> ChargePlan:
    lines: list[tuple[str, int, int | None]] = [
        ("project", 12, None),
        ("planning", 8 + 2 * shots, None),
    ]
    for index in range(1, shots + 1):
        lines += [
            (f"shot-{index:03d}/keyframe", 21, index),
            (f"shot-{index:03d}/critic", 5, index),
            (f"shot-{index:03d}/video", 120, index),
        ]
    if music:
        lines.append(("music", 12, None))
    if voice:
        lines.append(("voice", 2, None))
    lines.append(("production", 10, None))
    charges = tuple(
        ChargeLine(line_id=line_id, label=line_id, credits=amount, shot=shot)
        for line_id, amount, shot in lines
    )
    digest = hashlib.sha256(repr(lines).encode()).hexdigest()
    total = sum(line.credits for line in charges)
    return ChargePlan(price_version="test", lines=charges, total_credits=total, digest=digest)


def render_input(
    *,
    shots: int = 3,
    project_id: str | None = None,
    music: bool = False,
    voice: bool = False,
    timings: Timings = QUICK,
    frames: int = 24,
    video: ModelChoice = LOCAL,
    image: ModelChoice = LOCAL,
) -> RenderInput:
    """A render of `shots` shots of one second each, with every line priced."""
    models = StageModels(
        orchestrator=LOCAL,
        critic=LOCAL,
        image=image,
        video=video,
        music=LOCAL if music else None,
        voice=LOCAL if voice else None,
    )
    plan = ShotPlan(
        shots=tuple(
            ShotTiming(index=index, frames=frames, filmed_seconds=1)
            for index in range(1, shots + 1)
        ),
        frames_per_second=24,
        image_resolution="1K",
        video_resolution="720p",
        models=models,
        charges=charge_plan(shots, music=music, voice=voice),
    )
    return RenderInput(
        project_id=project_id or new_project_id(),
        account_id="acct_test",
        name="A test render",
        mode=ProjectMode.SCENE,
        plan=plan,
        music=MusicBrief(workflow=MusicWorkflow.GENERATED) if music else None,
        voice_briefs=voice,
        timings=timings,
    )


def with_minimum_line(render: RenderInput) -> RenderInput:
    """The render as a quote below the smallest charge has it: a line fills its price up."""
    charges = render.plan.charges
    line = ChargeLine(line_id="minimum", label="Minimum charge", credits=7)
    filled = charges.model_copy(
        update={"lines": (*charges.lines, line), "total_credits": charges.total_credits + 7}
    )
    plan = render.plan.model_copy(update={"charges": filled})
    return render.model_copy(update={"plan": plan})
