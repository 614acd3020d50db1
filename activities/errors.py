"""The one map from the studio's errors to Temporal's: what may be tried again, and what is said.

Whatever an activity raises ends up in the workflow's history, which operators read and Temporal
keeps. So only the studio's own sentences go in, without the secrets that a provider may have put
into one; a database's or library's message may carry statements, parameters, addresses or keys and
stays in the logs.
"""

from datetime import timedelta
from typing import Any, Final

from sqlalchemy.exc import DBAPIError
from temporalio.exceptions import ApplicationError
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    Interceptor,
)

from studio.contracts.errors import StudioError
from studio.contracts.redaction import redact_text
from studio.providers.errors import ModerationRefused, ProviderBusy

NEVER_AGAIN: Final = frozenset(
    {
        "attempt_conflict",
        "clip_failed",
        "hold_already_resolved",
        "hold_expired",
        "holds_released",
        "idempotency_conflict",
        "insufficient_credits",
        "invalid_amount",
        "invalid_reference",
        "ledger_drift",
        "model_gone",
        "moderation_refused",
        "output_expired",
        "payment_mismatch",
        "plan_mismatch",
        "provider_denied",
        "provider_rejected",
        "refund_refused",
        "tries_exhausted",
        "undecodable_media",
        "unknown_hold",
        "unknown_payout",
        "unknown_provider",
        "unknown_quote",
        "unknown_render",
        "unknown_wallet",
        "upload_refused",
        "uploads_mismatched",
    }
)
"""Error codes that a retry cannot mend."""


RETRY_AFTER_SECONDS_MAX: Final = 300.0
"""A provider that wants more is asked again then, within the deadline of the step."""


SENTENCE_LENGTH_MAX: Final = 600
"""It goes into the history, the status and the caller's log: a reason of 300 and our words."""


class MappedError(ApplicationError):
    """A failure as it may be written into the history."""


def to_application_error(error: Exception) -> MappedError:
    """The failure as it may be written into the history: no cause, no secrets, words we chose."""
    if isinstance(error, StudioError):
        return MappedError(
            _sentence(error.detail),
            *_facts(error),
            type=error.code,
            non_retryable=error.code in NEVER_AGAIN,
            next_retry_delay=_retry_delay(error),
        )
    if isinstance(error, ApplicationError):
        return MappedError(
            _sentence(error.message),
            type=error.type,
            non_retryable=error.non_retryable,
            next_retry_delay=error.next_retry_delay,
            category=error.category,
        )
    if isinstance(error, DBAPIError):
        return MappedError("The database did not answer.", type="database_unavailable")
    return MappedError(
        f"An unexpected {type(error).__name__} was raised; the worker's log has it.",
        type="unexpected",
    )


def _sentence(text: str) -> str:
    """Cut after the secrets are taken out: half a secret is none that is known."""
    kept = redact_text(text)
    return kept if len(kept) <= SENTENCE_LENGTH_MAX else f"{kept[: SENTENCE_LENGTH_MAX - 1]}…"


def _facts(error: StudioError) -> tuple[str, ...]:
    """What the workflow decides by, from a closed set of words."""
    return (error.refused.value,) if isinstance(error, ModerationRefused) else ()


def _retry_delay(error: StudioError) -> timedelta | None:
    """A busy provider's own wish, within bounds: what it says is not ours."""
    if not isinstance(error, ProviderBusy) or error.retry_after_seconds is None:
        return None
    return timedelta(seconds=min(max(error.retry_after_seconds, 0.0), RETRY_AFTER_SECONDS_MAX))


class ErrorInterceptor(Interceptor):
    """Applies the map to every activity of a worker; who is inside of it sees what was raised."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 -- the name is the SDK's
        return _MappedActivity(next)


class _MappedActivity(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 -- as above
        try:
            return await super().execute_activity(input)
        except Exception as error:  # noqa: BLE001 -- nothing passes unmapped
            # `from None`: the cause would be serialised into the history with its own message.
            raise to_application_error(error) from None
