"""Temporal behind the gateway's port: start, signal, query, each with a limit of its own."""

import asyncio
from collections.abc import Awaitable
from datetime import timedelta
from typing import TypeVar

from temporalio.client import (
    Client,
    WorkflowQueryFailedError,
    WorkflowQueryRejectedError,
)
from temporalio.common import QueryRejectCondition
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from gateway.services.workflows import QueryUnanswered, WorkflowsUnavailable
from studio.contracts.launch import payment_start_arguments, start_arguments
from studio.contracts.names import (
    CANCEL_SIGNAL,
    PAID_RENDER_WORKFLOW,
    RENDER_TASK_QUEUE,
    RENDER_WORKFLOW,
    STATUS_QUERY,
)
from studio.contracts.payment import PaidRenderInput, PaymentEvent
from studio.contracts.status import RenderSnapshot
from studio.contracts.workflow_io import RenderInput

CHECK_TIMEOUT = timedelta(seconds=1)
QUERY_TIMEOUT = timedelta(seconds=1)
"""A run whose worker was just killed answers only after ten seconds; its row answers at once."""
COMMAND_TIMEOUT = timedelta(seconds=5)
CONNECT_GRACE_SECONDS = 0.5
"""On top of a call's own limit: a lazy client connects inside its first call, without a limit."""

_Answer = TypeVar("_Answer")


class TemporalWorkflows:
    """One lazily connected client, shared by every request of the process."""

    def __init__(self, client: Client, *, task_queue: str = RENDER_TASK_QUEUE) -> None:
        self._client = client
        self._task_queue = task_queue

    async def check(self) -> None:
        serving = await _limited(
            self._client.service_client.check_health(timeout=CHECK_TIMEOUT), CHECK_TIMEOUT
        )
        if not serving:
            raise WorkflowsUnavailable

    async def start(self, render: RenderInput, *, cancel_reason: str | None = None) -> str:
        try:
            handle = await _limited(
                self._client.start_workflow(
                    RENDER_WORKFLOW,
                    render,
                    task_queue=self._task_queue,
                    rpc_timeout=COMMAND_TIMEOUT,
                    **start_arguments(render, cancel_reason=cancel_reason),
                ),
                COMMAND_TIMEOUT,
            )
        except WorkflowAlreadyStartedError as error:  # it ran and has closed
            return error.run_id or ""
        return handle.first_execution_run_id or handle.result_run_id or ""

    async def settle(self, payment: PaidRenderInput, *, event: PaymentEvent | None = None) -> None:
        await _limited(
            self._client.start_workflow(
                PAID_RENDER_WORKFLOW,
                payment,
                task_queue=self._task_queue,
                rpc_timeout=COMMAND_TIMEOUT,
                **payment_start_arguments(payment, event=event),
            ),
            COMMAND_TIMEOUT,
        )

    async def cancel(self, project_id: str, reason: str) -> bool:
        handle = self._client.get_workflow_handle(project_id)
        try:
            await _limited(
                handle.signal(CANCEL_SIGNAL, reason, rpc_timeout=COMMAND_TIMEOUT), COMMAND_TIMEOUT
            )
        except _NoOpenRun:
            return False
        return True

    async def query(self, project_id: str) -> RenderSnapshot:
        handle = self._client.get_workflow_handle(project_id)
        try:
            return await _limited(
                handle.query(
                    STATUS_QUERY,
                    result_type=RenderSnapshot,
                    reject_condition=QueryRejectCondition.NOT_OPEN,
                    rpc_timeout=QUERY_TIMEOUT,
                ),
                QUERY_TIMEOUT,
            )
        except (
            WorkflowsUnavailable,
            WorkflowQueryFailedError,
            WorkflowQueryRejectedError,
            _NoOpenRun,
        ) as error:
            raise QueryUnanswered("The run did not answer a status query.") from error


class _NoOpenRun(Exception):
    """Temporal knows no open run of this id."""


async def _limited(call: Awaitable[_Answer], limit: timedelta) -> _Answer:
    """Await a call within its limit, whatever state the connection is in.

    WorkflowsUnavailable for everything that says Temporal cannot be reached: RPC errors, and the
    plain RuntimeError that a lazy client's failed connection raises.
    """
    try:
        return await asyncio.wait_for(call, limit.total_seconds() + CONNECT_GRACE_SECONDS)
    except RPCError as error:
        if error.status == RPCStatusCode.NOT_FOUND:
            raise _NoOpenRun from error
        raise WorkflowsUnavailable from error
    except (TimeoutError, RuntimeError) as error:
        raise WorkflowsUnavailable from error
