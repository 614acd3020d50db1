"""What every part of one render's workflow shares."""

from dataclasses import dataclass

from studio.contracts.plan import ShotPlan
from studio.contracts.workflow_io import RenderInput
from workflows.board import StatusBoard
from workflows.policies import Policies
from workflows.recorder import Recorder


@dataclass(frozen=True)
class RenderContext:
    """The input, the live state, its way into the record and the policies of one render."""

    render: RenderInput
    board: StatusBoard
    recorder: Recorder
    policies: Policies

    @staticmethod
    def of(render: RenderInput, render_task_queue: str) -> "RenderContext":
        board = StatusBoard(render)
        policies = Policies(render.timings, render_task_queue)
        recorder = Recorder(render.project_id, render.plan.charges, board, policies)
        return RenderContext(render, board, recorder, policies)

    @property
    def project_id(self) -> str:
        return self.render.project_id

    @property
    def plan(self) -> ShotPlan:
        return self.render.plan
