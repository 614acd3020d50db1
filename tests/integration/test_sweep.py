"""The sweep over the record, against a real Temporal."""

import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.testing import ActivityEnvironment

from activities.reconcile import TemporalReconcileActivities
from activities.workbench import Workbench
from studio.accounts.service import create_account
from studio.contracts.names import CANCEL_SIGNAL
from studio.contracts.request import RenderRequest
from studio.contracts.status import RenderSnapshot
from studio.contracts.sweeps import ReconcileReport, ReconcileTask
from studio.db.engine import Database
from studio.renders.repository import NewRender, insert_render, request_cancel
from studio.renders.tables import RenderRow
from studio.storage.local import LocalStorage
from studio.storage.signing import SigningKey, UrlSigner
from tests.kit.renders import render_input

pytestmark = pytest.mark.temporal

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ACCOUNT = "acct_sweep"


@pytest.fixture
def bench(database: Database, tmp_path: Path) -> Workbench:
    with database.transaction() as session:
        create_account(session, account_id=ACCOUNT, name="Test", now=NOW)
    storage = LocalStorage(tmp_path / "storage", UrlSigner([SigningKey("test", b"0" * 32)]))
    later = NOW + timedelta(hours=1)
    return Workbench(database=database, storage=storage, scratch=tmp_path, now=lambda: later)


def _store(bench: Workbench) -> str:
    """A row as a gateway leaves it that dies before the start."""
    render = render_input(shots=1).model_copy(update={"account_id": ACCOUNT})
    new = NewRender(
        project_id=render.project_id,
        account_id=ACCOUNT,
        request=RenderRequest(name="A film", screenplay="A boat."),
        assets=(),
        workflow_input=render,
        snapshot=RenderSnapshot(),
        fingerprint="f" * 64,
    )
    with bench.database.transaction() as session:
        insert_render(session, new, now=NOW)
    return render.project_id


async def _sweep(bench: Workbench, client: Client) -> ReconcileReport:
    sweep = TemporalReconcileActivities(bench, client, f"nobody-{uuid.uuid4().hex[:8]}")
    return await ActivityEnvironment().run(sweep.sweep_renders, ReconcileTask())


async def test_a_row_that_cannot_be_started_does_not_keep_the_others_from_it(
    bench: Workbench, temporal: Client
) -> None:
    damaged, whole = _store(bench), _store(bench)
    with bench.database.transaction() as session:
        session.execute(
            update(RenderRow)
            .where(RenderRow.project_id == damaged)
            .values(workflow_input={}, updated_at=NOW - timedelta(hours=1))
        )
    report = await _sweep(bench, temporal)
    assert report.started == (whole,)
    assert report.drift == (f"{damaged} cannot be compared (ValidationError)",)


async def test_what_was_canceled_before_its_start_is_started_to_be_canceled(
    bench: Workbench, temporal: Client
) -> None:
    project_id = _store(bench)
    with bench.database.transaction() as session:
        request_cancel(session, project_id, now=NOW)
    report = await _sweep(bench, temporal)
    assert report.started == (project_id,)
    handle = temporal.get_workflow_handle(project_id)
    assert (await handle.describe()).status == WorkflowExecutionStatus.RUNNING
    events = (await handle.fetch_history()).events
    signals = [
        event.workflow_execution_signaled_event_attributes.signal_name
        for event in events
        if event.HasField("workflow_execution_signaled_event_attributes")
    ]
    assert signals == [CANCEL_SIGNAL]
