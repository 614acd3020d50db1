"""What every part of one render's workflow shares."""

from dataclasses import dataclass

from studio.contracts.plan import ShotPlan
from studio.contracts.status import Stage
from studio.contracts.workflow_io import RenderInput
from workflows.board import StatusBoard
from workflows.casting import Casting
from workflows.measures import RenderMeasures
from workflows.policies import Policies
from workflows.recorder import Recorder


@dataclass(frozen=True)
class RenderContext:
    """The input, the live state, its way into the record, policies, measures and models."""

    render: RenderInput
    board: StatusBoard
    recorder: Recorder
    policies: Policies
    measures: RenderMeasures
    casting: Casting

    @staticmethod
    def of(render: RenderInput, render_task_queue: str) -> "RenderContext":
        board = StatusBoard(render)
        policies = Policies(render.timings, render_task_queue)
        measures = RenderMeasures(render.plan.charges)
        recorder = Recorder(
            render.project_id, render.plan.charges, board, policies=policies, measures=measures
        )
        casting = Casting(render.plan.models, board)
        return RenderContext(render, board, recorder, policies, measures, casting)

    @property
    def project_id(self) -> str:
        return self.render.project_id

    @property
    def plan(self) -> ShotPlan:
        return self.render.plan

    def enter(self, stage: Stage) -> None:
        """Move on to a stage, unless it or a later one was reached before."""
        if self.board.enter(stage):
            self.measures.stage_entered(stage)
