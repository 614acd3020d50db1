"""What an operator does to runs: terminate one, make Temporal forget it, ask for a sweep."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy import update
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.service import RPCError, RPCStatusCode

from studio.contracts.sweeps import ReconcileReport, ReconcileTask
from studio.renders.tables import RenderRow
from tests.kit.stack import LOOK_SECONDS, Stack
from workflows.reconcile import ReconcileWorkflow

Result = TypeVar("Result")


def terminate(stack: Stack, project_id: str) -> None:
    _with_client(stack, lambda client: client.get_workflow_handle(project_id).terminate("test"))


def forget(stack: Stack, project_id: str) -> None:
    """Leave what a gateway leaves that dies between its commit and the start: a row, no run."""
    _with_client(stack, lambda client: _delete(client, project_id))
    with stack.database.transaction() as session:
        session.execute(
            update(RenderRow).where(RenderRow.project_id == project_id).values(run_id=None)
        )


def is_known(stack: Stack, workflow_id: str) -> bool:
    """Whether Temporal knows a run of this id, open or closed."""
    return _with_client(stack, lambda client: _is_known(client, workflow_id))


def is_running(stack: Stack, workflow_id: str) -> bool:
    return _with_client(stack, lambda client: _is_running(client, workflow_id))


def history(stack: Stack, workflow_id: str) -> bytes:
    """All that Temporal keeps of a run: events, memo, summary, search attributes."""
    return _with_client(stack, lambda client: _history(client, workflow_id))


def sweep(stack: Stack) -> ReconcileReport:
    """Run the sweep now, whatever the schedule says, and for rows of any age."""
    return _swept(stack, ReconcileTask(grace_seconds=0))


def sweep_top_ups(stack: Stack) -> None:
    """Likewise, for purchases of any age."""
    _swept(stack, ReconcileTask(grace_seconds=0, top_up_seconds=0))


def _swept(stack: Stack, task: ReconcileTask) -> ReconcileReport:
    return _with_client(
        stack,
        lambda client: client.execute_workflow(
            ReconcileWorkflow.run,
            task,
            id=f"sweep-{uuid.uuid4().hex}",
            task_queue=stack.queue,
        ),
    )


async def _delete(client: Client, project_id: str) -> None:
    await client.workflow_service.delete_workflow_execution(
        DeleteWorkflowExecutionRequest(
            namespace=client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=project_id),
        )
    )
    while await _is_known(client, project_id):  # noqa: ASYNC110 -- deleting has no event
        await asyncio.sleep(LOOK_SECONDS)


async def _is_known(client: Client, project_id: str) -> bool:
    try:
        await client.get_workflow_handle(project_id).describe()
    except RPCError as error:
        if error.status == RPCStatusCode.NOT_FOUND:
            return False
        raise
    return True


async def _history(client: Client, workflow_id: str) -> bytes:
    handle = client.get_workflow_handle(workflow_id)
    events = (await handle.fetch_history()).events
    description = (await handle.describe()).raw_description
    return b"\n".join(part.SerializeToString() for part in (*events, description))


async def _is_running(client: Client, workflow_id: str) -> bool:
    try:
        description = await client.get_workflow_handle(workflow_id).describe()
    except RPCError as error:
        if error.status == RPCStatusCode.NOT_FOUND:
            return False
        raise
    return description.status is WorkflowExecutionStatus.RUNNING


def _with_client(stack: Stack, work: Callable[[Client], Awaitable[Result]]) -> Result:
    async def run() -> Result:
        client = await Client.connect(
            stack.temporal_address, data_converter=pydantic_data_converter
        )
        return await work(client)

    return asyncio.run(run())
