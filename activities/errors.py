"""The one map from the studio's errors to Temporal's: what may be tried again, and what is said.

Whatever an activity raises ends up in the workflow's history, which operators read and Temporal
keeps. So only the studio's own sentences go in as they are; a database's or library's message may
carry statements, parameters, addresses or keys and stays in the logs.
"""

from typing import Any, Final

import structlog
from sqlalchemy.exc import DBAPIError
from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    Interceptor,
)

from studio.contracts.errors import StudioError

NEVER_AGAIN: Final = frozenset(
    {
        "attempt_conflict",
        "clip_failed",
        "idempotency_conflict",
        "insufficient_credits",
        "provider_rejected",
        "undecodable_media",
        "unknown_provider",
        "unknown_render",
    }
)
"""Error codes that a retry cannot mend."""

log: Final = structlog.get_logger(__name__)


def to_application_error(error: Exception) -> ApplicationError:
    """The failure as it may be written into the history."""
    if isinstance(error, StudioError):
        return ApplicationError(
            error.detail, type=error.code, non_retryable=error.code in NEVER_AGAIN
        )
    if isinstance(error, DBAPIError):
        return ApplicationError("The database did not answer.", type="database_unavailable")
    return ApplicationError(
        f"An unexpected {type(error).__name__} was raised; the worker's log has it.",
        type="unexpected",
    )


class ErrorInterceptor(Interceptor):
    """Applies the map to every activity of a worker."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 -- the name is the SDK's
        return _MappedActivity(next)


class _MappedActivity(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 -- as above
        try:
            return await super().execute_activity(input)
        except ApplicationError:
            raise
        except Exception as error:
            info = activity.info()
            log.warning(
                "activity failed",
                activity=info.activity_type,
                project_id=info.workflow_id,
                run_id=info.workflow_run_id,
                attempt=info.attempt,
                exc_info=error,
            )
            # `from None`: the cause would be serialised into the history with its own message.
            raise to_application_error(error) from None
