"""The sweep: the record and Temporal are compared, and what fell between them is picked up."""

import contextlib
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Final

import structlog
from sqlalchemy.orm import Session
from temporalio import activity
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from activities.measures import count_drift, count_released, count_sweep
from activities.workbench import Workbench
from studio.contracts.activities import ReconcileActivities
from studio.contracts.launch import start_arguments
from studio.contracts.names import CANCEL_SIGNAL, RENDER_WORKFLOW, is_guest
from studio.contracts.status import TERMINAL_STATES, RenderSnapshot, RenderState
from studio.contracts.sweeps import ReconcileReport, ReconcileTask
from studio.contracts.workflow_io import RenderInput
from studio.ledger import service as ledger
from studio.renders.repository import (
    find_not_active,
    list_active,
    load_render,
    store_snapshot,
)
from studio.renders.tables import RenderRow

STOPPED_SENTENCE: Final = "The render was stopped before it ended; what was delivered is kept."

CANCELED: Final = "The caller asked for it."

OPEN_SUBJECTS_MAX: Final = 1000
"""Those held longest are looked at first; what has a place in the list is seen sooner or later."""

log: Final = structlog.get_logger(__name__)


class _Mended(Enum):
    STARTED = auto()
    CLOSED = auto()


class TemporalReconcileActivities(ReconcileActivities):
    def __init__(self, bench: Workbench, client: Client, task_queue: str) -> None:
        self._bench = bench
        self._client = client
        self._task_queue = task_queue

    @activity.defn
    async def sweep_renders(self, task: ReconcileTask) -> ReconcileReport:
        before = self._bench.now() - timedelta(seconds=task.grace_seconds)
        rows = await self._bench.transact(
            lambda session: list_active(session, created_before=before, limit=task.limit)
        )
        started: list[str] = []
        released: list[str] = []
        stuck: list[str] = []
        for row in rows:
            activity.heartbeat({"state": "comparing", "project_id": row.project_id})
            try:
                match await self._mend(row):
                    case _Mended.STARTED:
                        started.append(row.project_id)
                    case _Mended.CLOSED:
                        released.append(row.project_id)
            except (RPCError, ValueError) as error:
                # One row that cannot be compared must not keep the others from it.
                stuck.append(f"{row.project_id} cannot be compared ({type(error).__name__})")
        now = self._bench.now()
        drift = [*stuck, *await self._bench.transact(lambda session: _find_drift(session, now))]
        for sentence in drift:
            log.error("ledger drift", finding=sentence)
        count_drift(len(drift))
        count_sweep(started=len(started), closed=len(released))
        return ReconcileReport(started=tuple(started), released=tuple(released), drift=tuple(drift))

    async def _mend(self, row: RenderRow) -> "_Mended | None":
        """Bring a row and its run together; None where they agreed."""
        status = await self._workflow_status(row.project_id)
        if status is None and row.run_id is None:
            if is_guest(row.account_id):
                return None  # the run of its quote starts it
            await self._start(row)
            return _Mended.STARTED
        if status != WorkflowExecutionStatus.RUNNING and await self._close(row.project_id):
            return _Mended.CLOSED
        if row.cancel_requested:
            await self._cancel(row.project_id)
        return None

    async def _workflow_status(self, project_id: str) -> WorkflowExecutionStatus | None:
        """None where Temporal knows no such workflow (never started, or past its retention)."""
        try:
            description = await self._client.get_workflow_handle(project_id).describe()
        except RPCError as error:
            if error.status == RPCStatusCode.NOT_FOUND:
                return None
            raise
        except ValueError:
            # A status newer than this SDK (a paused workflow): it is there, so leave it alone.
            return WorkflowExecutionStatus.RUNNING
        return description.status

    async def _start(self, row: RenderRow) -> None:
        render = RenderInput.model_validate(row.workflow_input)
        reason = CANCELED if row.cancel_requested else None
        try:
            await self._client.start_workflow(
                RENDER_WORKFLOW,
                render,
                task_queue=self._task_queue,
                **start_arguments(render, cancel_reason=reason),
            )
        except WorkflowAlreadyStartedError:
            log.info("render was started meanwhile", project_id=render.project_id)

    async def _cancel(self, project_id: str) -> None:
        """The wish was stored, but the gateway may have died before it could tell the run."""
        with contextlib.suppress(RPCError):  # it has just ended, or the next sweep tries again
            await self._client.get_workflow_handle(project_id).signal(CANCEL_SIGNAL, CANCELED)

    async def _close(self, project_id: str) -> bool:
        """Close the record of a workflow that was terminated or is long gone.

        False where the workflow closed its record itself since the sweep read it.
        """
        now = self._bench.now()

        def close(session: Session) -> int | None:
            released = ledger.release_open(session, subject=project_id, now=now)
            row = load_render(session, project_id)
            if row.status in TERMINAL_STATES:
                return None
            settled = ledger.summary(session, subject=project_id).settled
            store_snapshot(session, project_id, _stopped(row, settled), now=now)
            return released

        released = await self._bench.transact(close)
        if released is None:
            return False
        log.warning("closed the record of a render", project_id=project_id, released=released)
        count_released(released)
        return True


def _find_drift(session: Session, now: datetime) -> list[str]:
    """What the ledger's audit finds, and holds that no open render can ever resolve.

    The latter are given back once they are past their time.
    """
    held = ledger.open_subjects(session, limit=OPEN_SUBJECTS_MAX)
    ended = find_not_active(session, held)
    ledger.expire_due(session, subjects=ended, now=now)
    findings = ledger.audit(session)
    return [*findings, *(f"{subject} has ended but still holds credits" for subject in ended)]


def _stopped(row: RenderRow, settled: int) -> RenderSnapshot:
    snapshot = RenderSnapshot.model_validate(row.snapshot)
    return snapshot.model_copy(
        update={
            "revision": row.revision + 1,
            "status": RenderState.CANCELED if row.cancel_requested else RenderState.FAILED,
            "credits_settled": settled,
            "last_error": STOPPED_SENTENCE,
        }
    )
