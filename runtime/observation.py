"""What a worker tells of its work: which run each log line belongs to, and how activities ended."""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any, Final

import structlog
from temporalio import activity, workflow
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    ExecuteWorkflowInput,
    HandleQueryInput,
    HandleSignalInput,
    Interceptor,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
)

from activities.errors import MappedError, to_application_error
from activities.measures import count_failure
from studio.contracts.errors import StudioError
from studio.contracts.names import RENDER_WORKFLOW

UNEXPECTED: Final = "unexpected"

_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger("worker.activities")


class ObservationInterceptor(Interceptor):
    """Put it inside the interceptor that maps errors: it must see what was really raised."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 -- the name is the SDK's
        return _ObservedActivity(next, self._monotonic)

    def workflow_interceptor_class(
        self,
        input: WorkflowInterceptorClassInput,  # noqa: A002, ARG002 -- as above
    ) -> type[WorkflowInboundInterceptor]:
        return _NamedWorkflow


class _ObservedActivity(ActivityInboundInterceptor):
    """Every line inside names its run; the last one tells the outcome and how long it took."""

    def __init__(self, next_: ActivityInboundInterceptor, monotonic: Callable[[], float]) -> None:
        super().__init__(next_)
        self._monotonic = monotonic

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 -- as above
        info = activity.info()
        names = run_names(info.workflow_type, info.workflow_id, info.workflow_run_id) | {
            "activity": info.activity_type,
            "attempt": info.attempt,
        }
        with structlog.contextvars.bound_contextvars(**names):
            started = self._monotonic()
            try:
                result = await super().execute_activity(input)
            except asyncio.CancelledError:
                self._tell(started, "canceled")
                raise
            except Exception as error:
                self._tell_failure(started, error)
                raise
            self._tell(started, "completed")
            return result

    def _tell(self, started: float, outcome: str) -> None:
        _log.info("activity ended", outcome=outcome, duration_seconds=self._since(started))

    def _tell_failure(self, started: float, error: Exception) -> None:
        """A foreseen failure is told by its sentence; any other with its traceback."""
        mapped = to_application_error(error)
        count_failure(mapped.type)
        foreseen = isinstance(error, StudioError) and error.__cause__ is None
        _log.log(
            logging.ERROR if mapped.type == UNEXPECTED else logging.WARNING,
            "activity ended",
            outcome="failed",
            duration_seconds=self._since(started),
            code=mapped.type,
            detail=mapped.message,
            exc_info=None if foreseen else error,
        )

    def _since(self, started: float) -> float:
        return round(self._monotonic() - started, 3)


class _NamedWorkflow(WorkflowInboundInterceptor):
    """Each of these runs in a task of its own, whose context ends with it: nothing is unbound."""

    async def execute_workflow(self, input: ExecuteWorkflowInput) -> Any:  # noqa: A002 -- as above
        _bind_workflow()
        return await super().execute_workflow(input)

    async def handle_signal(self, input: HandleSignalInput) -> None:  # noqa: A002 -- as above
        _bind_workflow()
        await super().handle_signal(input)

    async def handle_query(self, input: HandleQueryInput) -> Any:  # noqa: A002 -- as above
        _bind_workflow()
        return await super().handle_query(input)


def run_names(
    workflow_type: str | None, workflow_id: str | None, run_id: str | None
) -> dict[str, object]:
    """The log fields of a run: a render's workflow id is its project's id."""
    field = "project_id" if workflow_type == RENDER_WORKFLOW else "workflow_id"
    return {field: workflow_id, "run_id": run_id, "workflow": workflow_type}


def quiet_sdk_loggers() -> None:
    """Keep the SDK from telling again what this module and the log context tell already."""
    activity.logger.activity_info_on_message = False
    workflow.logger.workflow_info_on_message = False
    activity.logger.base_logger.addFilter(_is_news)


def _is_news(record: logging.LogRecord) -> bool:
    """False for the SDK's line on a failure that the interceptor has told with its real cause."""
    return not (record.exc_info and isinstance(record.exc_info[1], MappedError))


def _bind_workflow() -> None:
    info = workflow.info()
    structlog.contextvars.bind_contextvars(
        **run_names(info.workflow_type, info.workflow_id, info.run_id)
    )
