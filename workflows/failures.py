"""From a failed activity to what the workflow does about it, and to a sentence for the caller."""

from datetime import timedelta
from typing import Final

from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    is_cancelled_exception,
)
from temporalio.exceptions import (
    TimeoutError as TemporalTimeoutError,
)

REJECTED: Final = "provider_rejected"
DENIED: Final = "provider_denied"
MODERATED: Final = "moderation_refused"
MODEL_GONE: Final = "model_gone"
BUSY: Final = "provider_busy"
UNAVAILABLE: Final = "provider_unavailable"
CLIP_FAILED: Final = "clip_failed"
TIMEOUT: Final = "timeout"

REFUSED_KEYFRAME: Final = "keyframe"
REFUSED_REFERENCES: Final = "references"
"""What a content filter may name (`RefusedInput`) that asks for more than a softer text."""

NOT_ORDERED: Final = frozenset({REJECTED, DENIED, MODERATED, MODEL_GONE, BUSY, UNAVAILABLE})
"""After these an order was surely not taken on; every other failure leaves that open."""


def is_cancellation(error: BaseException) -> bool:
    """True for a cancellation in any of its wrappings: never to be handled as a failure."""
    return is_cancelled_exception(error)


def failure_kind(error: ActivityError) -> str:
    """The `code` of the studio error behind an activity failure, or `timeout`, or `unknown`."""
    cause = error.cause
    if isinstance(cause, ApplicationError):
        return cause.type or "unknown"
    return TIMEOUT if isinstance(cause, TemporalTimeoutError) else "unknown"


def refused_input(error: ActivityError) -> str:
    """What a content filter refused (`RefusedInput`), or an empty text."""
    cause = error.cause
    details = cause.details if isinstance(cause, ApplicationError) else ()
    return str(details[0]) if details else ""


def retry_delay(error: ActivityError) -> timedelta | None:
    """When a busy provider wants to be asked again, if it said."""
    cause = error.cause
    return cause.next_retry_delay if isinstance(cause, ApplicationError) else None


def describe(error: ActivityError) -> str:
    """One plain sentence: the activity's own message, or that it took too long.

    Of a step whose time ran out after it had failed, the failure is what a reader wants to know.
    """
    cause = error.cause
    if isinstance(cause, TemporalTimeoutError) and isinstance(cause.cause, ApplicationError):
        return cause.cause.message
    if isinstance(cause, ApplicationError):
        return cause.message
    if isinstance(cause, TemporalTimeoutError):
        return "It did not answer in time."
    return "It failed for a reason that is in the logs."
