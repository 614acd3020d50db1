"""What a render adds to the worker's metrics.

The meter of the Temporal SDK is silent while a history is replayed, so each render counts once
however often its workflow is loaded again. Labels are the product's own words, never ids.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from temporalio import workflow

from studio.contracts.plan import ChargePlan
from studio.contracts.status import ClipSnapshot, ClipState, RenderState, Stage

_SHOT_OUTCOMES = {
    ClipState.COMPLETED: "filmed",
    ClipState.REPLACED: "replaced",
    ClipState.FAILED: "failed",
}
"""Every other state of a shot whose render has ended is one that was canceled."""


class RenderMeasures:
    """Of one render: its money by kind of line, its stages, its shots and its end."""

    def __init__(self, charges: ChargePlan) -> None:
        self._unresolved = {line.line_id: line.credits for line in charges.lines if line.credits}
        self._stage: Stage | None = None
        self._stage_since: datetime | None = None

    def settled(self, line_ids: Iterable[str]) -> None:
        """These lines were charged. Each counts once."""
        self._count_credits("fvs_credits_settled", "Credits charged, by kind of line.", line_ids)

    def released(self) -> None:
        """Everything that was not charged until now was given back."""
        self._count_credits(
            "fvs_credits_released", "Held credits given back, by kind of line.", self._unresolved
        )

    def stage_entered(self, stage: Stage) -> None:
        """The stage before has ended: the shots that are still in it are counted to this one."""
        self._end_stage()
        self._stage, self._stage_since = stage, workflow.now()

    def ended(self, status: RenderState, clips: Iterable[ClipSnapshot]) -> None:
        self._end_stage()
        meter = workflow.metric_meter()
        meter.create_counter("fvs_renders_ended", "Renders that ended, by status.").add(
            1, {"status": status.value}
        )
        meter.create_histogram_timedelta(
            "fvs_render_duration", "From the start of a render to its end.", "duration"
        ).record(workflow.now() - workflow.info().start_time, {"status": status.value})
        shots = meter.create_counter("fvs_shots_ended", "Shots of ended renders, by outcome.")
        outcomes = Counter(_SHOT_OUTCOMES.get(clip.status, "canceled") for clip in clips)
        for outcome, count in outcomes.items():
            shots.add(count, {"outcome": outcome})

    def _end_stage(self) -> None:
        if self._stage is None or self._stage_since is None:
            return
        workflow.metric_meter().create_histogram_timedelta(
            "fvs_stage_duration", "From the start of a stage to that of the next.", "duration"
        ).record(workflow.now() - self._stage_since, {"stage": self._stage.value})
        self._stage = None

    def _count_credits(self, name: str, description: str, line_ids: Iterable[str]) -> None:
        kinds: Counter[str] = Counter()
        for line_id in list(line_ids):
            kinds[line_id.rpartition("/")[2]] += self._unresolved.pop(line_id, 0)
        counter = workflow.metric_meter().create_counter(name, description)
        for kind, amount in kinds.items():
            if amount:
                counter.add(amount, {"kind": kind})
