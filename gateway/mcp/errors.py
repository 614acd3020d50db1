"""The one map from what went wrong to what a tool answers; HTTP has its own in gateway/errors.py.

A tool's error is a result that the model reads: it names what to do next. An error without a line
of its own takes its nearest ancestor's.
"""

from dataclasses import dataclass
from typing import ClassVar, Final

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from gateway.auth import KEY_HEADER
from gateway.errors import (
    DATABASE_SENTENCE,
    INTERNAL_SENTENCE,
    RETRY_AFTER_SETUP_SECONDS,
    RETRY_AFTER_UNAVAILABLE_SECONDS,
    shortfall_of,
)
from gateway.limits import (
    RETRY_AFTER_BUSY_SECONDS,
    KeyRateLimited,
    RateExceeded,
    TooManyRenders,
)
from gateway.mcp.names import (
    BILLING_MODE_HEADER,
    CREATE_QUOTE,
    PAID_RENDER_STATUS,
    PAY_PER_RENDER,
)
from gateway.mcp.results import ErrorProblem, ErrorResult
from gateway.services.download_errors import (
    DownloadError,
    DownloadsBusy,
    DownloadTooSlow,
    FilmUnavailable,
)
from gateway.services.fingerprint import IdempotencyKeyReused, InvalidIdempotencyKey
from gateway.services.key_limits import KeyCapReached
from gateway.services.workflows import WorkflowsUnavailable
from studio.accounts.errors import AccountSuspended, InvalidKey, KeyLacksScope
from studio.contracts.errors import StudioError
from studio.contracts.problems import RequestInfeasible
from studio.contracts.redaction import redact_text
from studio.ingest import errors as ingest
from studio.ledger.errors import IdempotencyConflict, InsufficientCredits
from studio.media.errors import MediaError
from studio.payments.errors import PaymentsNotConfigured
from studio.quotes.errors import QuoteConflict, QuoteExpired, QuoteTooDear, UnknownQuote
from studio.renders.errors import UnknownRender
from studio.storage.port import StorageError
from studio.topups.errors import CreditsOwed

RETRY_AFTER_DOWNLOAD_SECONDS: Final = 30
"""For what passes by itself; a restart of a store takes about as long."""
DATABASE_ERRORS: Final = (OperationalError, InterfaceError, PoolTimeout)


class MissingKey(StudioError):
    """A tool of accounts was called without one."""

    code: ClassVar[str] = "missing_agent_key"

    def __init__(self, *, ignored: bool = False) -> None:
        """`ignored`: there is a key, but the connection pays for each render."""
        reason = (
            f"This connection pays per render ({BILLING_MODE_HEADER}: {PAY_PER_RENDER}), so its "
            "key is not used"
            if ignored
            else "This tool needs an account's key, and the connection sends none"
        )
        super().__init__(
            f"{reason}. Without an account, films are made with {CREATE_QUOTE} and watched with "
            f"{PAID_RENDER_STATUS}. With one, its owner sets the header {KEY_HEADER} where this "
            "server is connected."
        )


class UnknownBillingMode(StudioError):
    code: ClassVar[str] = "unknown_billing_mode"

    def __init__(self, choices: tuple[str, ...]) -> None:
        super().__init__(
            f"{BILLING_MODE_HEADER} must be one of {', '.join(choices)}, or be left out."
        )


class KeyInArguments(ingest.InvalidRequest):
    """An argument that looks like a credential. Its value is not looked at, and not repeated."""

    def __init__(self, pointer: str) -> None:
        detail = (
            f"There is no argument for credentials: the owner of the key sets the header "
            f"{KEY_HEADER} where this server is connected. Take it out of the arguments."
        )
        super().__init__((ingest.Problem(pointer, detail),))


class WrongTool(ingest.InvalidRequest):
    """What is asked for is another tool's."""

    def __init__(self, pointer: str, what: str, use_tool: str) -> None:
        super().__init__((ingest.Problem(pointer, f"{what}: call {use_tool}."),))
        self.use_tool = use_tool


@dataclass(frozen=True)
class Answer:
    """The code of an error, what to call instead, and when to try again."""

    code: str
    use_tool: str | None = None
    retry_after_seconds: int | None = None


_UNAVAILABLE: Final = Answer("unavailable", retry_after_seconds=RETRY_AFTER_UNAVAILABLE_SECONDS)
_INTERNAL: Final = Answer("internal_error")

ANSWERS: Final[dict[type[StudioError], Answer]] = {
    MissingKey: Answer("missing_agent_key", use_tool=CREATE_QUOTE),
    InvalidKey: Answer("invalid_agent_key"),
    UnknownBillingMode: Answer("unknown_billing_mode"),
    InsufficientCredits: Answer("insufficient_credits", use_tool=CREATE_QUOTE),
    KeyCapReached: Answer("key_cap_reached"),
    KeyLacksScope: Answer("key_lacks_scope"),
    AccountSuspended: Answer("account_suspended"),
    CreditsOwed: Answer("insufficient_credits", use_tool=CREATE_QUOTE),
    UnknownRender: Answer("not_found"),
    UnknownQuote: Answer("not_found"),
    IdempotencyKeyReused: Answer("conflict"),
    IdempotencyConflict: Answer("conflict"),
    InvalidIdempotencyKey: Answer("invalid_request"),
    ingest.IngestError: Answer("invalid_request"),
    ingest.StagingUnavailable: _UNAVAILABLE,
    RequestInfeasible: Answer("invalid_request"),
    QuoteTooDear: Answer("invalid_request"),
    QuoteExpired: Answer("expired", use_tool=CREATE_QUOTE),
    TooManyRenders: Answer("rate_limited", retry_after_seconds=RETRY_AFTER_BUSY_SECONDS),
    RateExceeded: Answer("rate_limited"),  # the error knows when
    KeyRateLimited: Answer("key_rate_limited"),
    WorkflowsUnavailable: _UNAVAILABLE,
    QuoteConflict: _UNAVAILABLE,
    PaymentsNotConfigured: Answer("unavailable", retry_after_seconds=RETRY_AFTER_SETUP_SECONDS),
    StorageError: _UNAVAILABLE,
    MediaError: _UNAVAILABLE,
    StudioError: _INTERNAL,
    **{kind: Answer(kind.code) for kind in DownloadError.__subclasses__()},
    **{
        kind: Answer(kind.code, retry_after_seconds=RETRY_AFTER_DOWNLOAD_SECONDS)
        for kind in (DownloadTooSlow, FilmUnavailable, DownloadsBusy)
    },
}
CODES: Final = frozenset(each.code for each in ANSWERS.values())


def error_result(error: Exception, request_id: str | None = None) -> ErrorResult:
    """What is told of an error. Of one that is ours to mend, and of a foreign one, nothing."""
    if isinstance(error, DATABASE_ERRORS):
        return _result(_UNAVAILABLE, DATABASE_SENTENCE)
    if not isinstance(error, StudioError):
        return _result(_INTERNAL, INTERNAL_SENTENCE, request_id=request_id)
    found = next(ANSWERS[kind] for kind in type(error).__mro__ if kind in ANSWERS)
    if found is _INTERNAL:
        return _result(_INTERNAL, INTERNAL_SENTENCE, request_id=request_id)
    result = _result(found, error.detail, errors=_problems(error))
    result = result.model_copy(update=shortfall_of(error))
    if isinstance(error, WrongTool):
        result.use_tool = error.use_tool
    if isinstance(error, RateExceeded):
        result.retry_after_seconds = error.retry_after_seconds
    return result


def is_foreseen(error: Exception) -> bool:
    """Whether an error has a line of its own, or a database that is away explains it."""
    return isinstance(error, DATABASE_ERRORS) or (
        isinstance(error, StudioError)
        and any(kind in ANSWERS for kind in type(error).__mro__ if kind is not StudioError)
    )


def _result(
    found: Answer,
    message: str,
    *,
    errors: list[ErrorProblem] | None = None,
    request_id: str | None = None,
) -> ErrorResult:
    return ErrorResult(
        code=found.code,
        message=redact_text(message),
        errors=errors,
        use_tool=found.use_tool,
        retry_after_seconds=found.retry_after_seconds,
        request_id=request_id,
    )


def _problems(error: StudioError) -> list[ErrorProblem] | None:
    if isinstance(error, ingest.InvalidRequest | RequestInfeasible):
        return [
            ErrorProblem(pointer=redact_text(each.pointer), detail=redact_text(each.detail))
            for each in error.problems
        ]
    return None
