"""Runs that began before a change must go on after it: recorded histories still replay."""

from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

from tests.replay.quote_paths import quote_paths
from workflows.paid_render import PaidRenderWorkflow
from workflows.reconcile import ReconcileWorkflow
from workflows.render import RenderWorkflow

WORKFLOWS = [RenderWorkflow, PaidRenderWorkflow, ReconcileWorkflow]
HISTORIES = sorted((Path(__file__).parent / "histories").glob("*.json"))


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.stem)
async def test_a_recorded_run_replays(path: Path) -> None:
    replayer = Replayer(workflows=WORKFLOWS, data_converter=pydantic_data_converter)
    await replayer.replay_workflow(_history(path))


def _history(path: Path) -> WorkflowHistory:
    return WorkflowHistory.from_json(path.stem, path.read_text())


def test_every_kind_of_ending_is_recorded() -> None:
    recorded = {path.stem for path in HISTORIES}
    assert {"completed", "canceled", "canceled-natively", "failed", "shot-replaced"} <= recorded
    assert set(quote_paths()) <= recorded
    assert {"sweep", "sweep-before-quotes", "sweep-before-wallets"} <= recorded


async def test_a_change_that_would_break_runs_in_flight_is_noticed() -> None:
    """The check itself: a history of other activities must not replay."""
    text = (
        (HISTORIES[0].parent / "completed.json")
        .read_text()
        .replace("plan_shots", "plan_shots_otherwise")
    )
    replayer = Replayer(workflows=WORKFLOWS, data_converter=pydantic_data_converter)
    with pytest.raises(Exception, match="TMPRL1100"):
        await replayer.replay_workflow(WorkflowHistory.from_json("changed", text))
