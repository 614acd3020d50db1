"""The one map from what went wrong to what the caller is told (RFC 9457).

The domain raises typed errors and knows no HTTP; every status is assigned here and nowhere else.
An error without a line of its own takes its nearest ancestor's.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from gateway.auth import AUTHENTICATE_CHALLENGE
from gateway.console.forms import InvalidForm
from gateway.console.guard import ForeignForm
from gateway.limits import (
    RETRY_AFTER_BUSY_SECONDS,
    BodyTooLarge,
    BodyTooSlow,
    RateExceeded,
    TooManyRenders,
    TooManyUploads,
)
from gateway.methods import methods_at
from gateway.payment_credentials import KeyAndPayment
from gateway.payment_problem import PROBLEM_TYPES, payment_problem
from gateway.problem import ProblemDocument, ProblemError, problem, problem_response
from gateway.services.fingerprint import IdempotencyKeyReused, InvalidIdempotencyKey
from gateway.services.key_limits import KeyCapReached
from gateway.services.keys import TooManyKeys
from gateway.services.operators import InvalidAct
from gateway.services.paid_renders import NotPaid
from gateway.services.payments import PaidByAnother
from gateway.services.watching import TooManyWatches
from gateway.services.workflows import WorkflowsUnavailable
from studio.accounts.errors import (
    AccountSuspended,
    InvalidAccount,
    InvalidKey,
    InvalidKeyTerms,
    KeyLacksScope,
    KeyNotActive,
    UnknownAccount,
    UnknownKey,
)
from studio.catalog.saved_defaults import InvalidDefaults
from studio.contracts.errors import StudioError
from studio.contracts.problems import RequestInfeasible
from studio.contracts.purchase import CheckoutUnavailable
from studio.db.cursor import InvalidCursor
from studio.identity.errors import (
    EmailTaken,
    InvalidEmail,
    InvalidPassword,
    InvalidReset,
    NotSignedIn,
    WrongCredentials,
)
from studio.ingest import errors as ingest
from studio.ledger.errors import IdempotencyConflict, InsufficientCredits, InvalidExpiry
from studio.media.errors import MediaError
from studio.payments.errors import (
    MethodUnsupported,
    PaymentsNotConfigured,
    SeveralCredentials,
    WebhookRefused,
)
from studio.quotes.errors import QuoteConflict, QuoteExpired, QuoteTooDear, UnknownQuote
from studio.renders.errors import UnknownRender
from studio.storage.port import ObjectNotFound, StorageError
from studio.storage.signing import SignatureExpired, SignatureInvalid
from studio.topups.errors import (
    CreditsOwed,
    InvalidTopUp,
    NothingForSale,
    TooManyTopUps,
    TopUpChanged,
    TopUpConflict,
    TopUpOver,
    UnknownTopUp,
)

RETRY_AFTER_UNAVAILABLE_SECONDS: Final = 5
"""A lock's timeout, and more than a restart of Temporal or of a worker takes."""
RETRY_AFTER_SLOT_SECONDS: Final = 5
RETRY_AFTER_SETUP_SECONDS: Final = 3600
"""Somebody has to configure the server first."""
CLIENT_CLOSED_STATUS: Final = 499

_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger("gateway")


@dataclass(frozen=True)
class Answer:
    """The status of an error and the headers that go with it."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)


def _retry(status: int, seconds: int) -> Answer:
    return Answer(status, {"Retry-After": str(seconds)})


_UNAVAILABLE: Final = _retry(503, RETRY_AFTER_UNAVAILABLE_SECONDS)

ANSWERS: Final[dict[type[StudioError], Answer]] = {
    WebhookRefused: Answer(400),
    InvalidKey: Answer(401, {"WWW-Authenticate": AUTHENTICATE_CHALLENGE}),
    WrongCredentials: Answer(401, {"WWW-Authenticate": AUTHENTICATE_CHALLENGE}),
    NotSignedIn: Answer(401, {"WWW-Authenticate": AUTHENTICATE_CHALLENGE}),
    InsufficientCredits: Answer(402),
    KeyCapReached: Answer(402),
    AccountSuspended: Answer(403),
    KeyLacksScope: Answer(403),
    SignatureInvalid: Answer(403),
    SignatureExpired: Answer(403),
    ForeignForm: Answer(403),
    UnknownRender: Answer(404),
    ObjectNotFound: Answer(404),
    UnknownAccount: Answer(404),
    UnknownKey: Answer(404),
    BodyTooSlow: Answer(408, {"Connection": "close"}),
    IdempotencyKeyReused: Answer(409),
    IdempotencyConflict: Answer(409),
    EmailTaken: Answer(409),
    KeyNotActive: Answer(409),
    TooManyKeys: Answer(409),
    BodyTooLarge: Answer(413),
    ingest.FormTooLarge: Answer(413),
    ingest.TooManyFiles: Answer(413),
    ingest.UnsupportedUpload: Answer(415),
    ingest.IngestError: Answer(422),
    ingest.StagingUnavailable: _UNAVAILABLE,
    RequestInfeasible: Answer(422),
    InvalidForm: Answer(422),
    InvalidCursor: Answer(422),
    InvalidAccount: Answer(422),
    InvalidKeyTerms: Answer(422),
    InvalidAct: Answer(422),
    InvalidExpiry: Answer(422),
    InvalidDefaults: Answer(422),
    InvalidEmail: Answer(422),
    InvalidPassword: Answer(422),
    InvalidReset: Answer(422),
    InvalidIdempotencyKey: Answer(422),
    TooManyRenders: _retry(429, RETRY_AFTER_BUSY_SECONDS),
    TooManyUploads: _retry(429, RETRY_AFTER_SLOT_SECONDS),
    TooManyWatches: _retry(429, RETRY_AFTER_SLOT_SECONDS),
    RateExceeded: Answer(429),  # the error knows when
    WorkflowsUnavailable: _UNAVAILABLE,
    KeyAndPayment: Answer(400),
    MethodUnsupported: Answer(400),
    SeveralCredentials: Answer(400),
    PaidByAnother: Answer(403),
    UnknownQuote: Answer(404),
    NotPaid: Answer(409),
    QuoteExpired: Answer(410),
    QuoteTooDear: Answer(422),
    QuoteConflict: _UNAVAILABLE,
    PaymentsNotConfigured: _retry(503, RETRY_AFTER_SETUP_SECONDS),
    CheckoutUnavailable: _UNAVAILABLE,
    CreditsOwed: Answer(402),
    NothingForSale: Answer(403),
    UnknownTopUp: Answer(404),
    TopUpConflict: Answer(409),
    TopUpOver: Answer(409),
    InvalidTopUp: Answer(422),
    TooManyTopUps: _retry(429, RETRY_AFTER_SETUP_SECONDS),
    TopUpChanged: _UNAVAILABLE,
    StorageError: _UNAVAILABLE,
    MediaError: _UNAVAILABLE,  # what a file itself did wrong is a BrokenUpload
    StudioError: Answer(500),
}

_OF_PAYMENTS: Final = (MethodUnsupported, SeveralCredentials, QuoteExpired)

_DETAILS: Final = {
    404: "There is nothing at this address.",
    405: "This address does not take that method.",
    406: "The answer cannot be had in any of the accepted types.",
}
"""What a framework's own refusal says, in a sentence."""

DATABASE_SENTENCE: Final = "The record of renders cannot be reached right now; try again shortly."
INTERNAL_SENTENCE: Final = (
    "Something went wrong on our side. Quote the request id if you report it."
)


def answer_of(error: StudioError) -> Answer:
    """The line of the error's class or of its nearest ancestor."""
    return next(ANSWERS[kind] for kind in type(error).__mro__ if kind in ANSWERS)


def register_errors(app: FastAPI) -> None:
    """Hang the map into an application."""
    for kind, handler in (
        (StudioError, _on_studio_error),
        (OperationalError, _on_database_error),
        (InterfaceError, _on_database_error),
        (PoolTimeout, _on_database_error),
        (RequestValidationError, _on_invalid_parameters),
        (HTTPException, _on_http_exception),
        (ClientDisconnect, _on_disconnect),
    ):
        app.add_exception_handler(kind, handler)


def error_response(error: StudioError, request_id: str | None) -> Response:
    """The problem document of a domain error. What is ours to mend is said only in the log."""
    answer = answer_of(error)
    if answer.status >= 500:  # noqa: PLR2004 - HTTP's own boundary
        _log.warning("refused", code=error.code, detail=error.detail, status=answer.status)
    document = problem(
        answer.status,
        error.code,
        INTERNAL_SENTENCE if answer.status == 500 else error.detail,  # noqa: PLR2004
        errors=_problem_errors(error),
        request_id=request_id,
    )
    document = document.model_copy(update=shortfall_of(error))
    if isinstance(error, _OF_PAYMENTS):
        document = _typed_by_the_protocol(document, error)
    return problem_response(document, headers_of(error))


def _typed_by_the_protocol(document: ProblemDocument, error: StudioError) -> ProblemDocument:
    """Paying clients look for the types that their protocol names."""
    found = payment_problem(error)
    if found is None:
        return document
    return document.model_copy(update={"type": PROBLEM_TYPES + found.slug, "code": found.code})


def shortfall_of(error: StudioError) -> dict[str, int]:
    """How many credits it takes and how many there are, where that is what is wrong."""
    if isinstance(error, InsufficientCredits):
        return {
            "credits_required": error.credits_required,
            "credits_available": error.credits_available,
        }
    if isinstance(error, KeyCapReached):
        return {"credits_required": error.credits_required, "credits_left": error.credits_left}
    return {}


def headers_of(error: StudioError) -> dict[str, str]:
    """The headers of an error's line, and what it knows better than its class."""
    headers = answer_of(error).headers
    if isinstance(error, RateExceeded):
        return headers | {"Retry-After": str(error.retry_after_seconds)}
    return headers


def _problem_errors(error: StudioError) -> list[ProblemError] | None:
    if isinstance(error, ingest.InvalidRequest | RequestInfeasible):
        return [ProblemError(pointer=each.pointer, detail=each.detail) for each in error.problems]
    if isinstance(error, ingest.InvalidJson):
        return [ProblemError(pointer=error.pointer, detail=error.detail)]
    return None


def request_id_of(request: Request) -> str | None:
    found: object = request.scope.get("state", {}).get("request_id")
    return found if isinstance(found, str) else None


async def _on_studio_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, StudioError)  # noqa: S101 - by registration
    return error_response(error, request_id_of(request))


async def _on_database_error(request: Request, error: Exception) -> Response:
    _log.warning("database unavailable", error=type(error).__name__)
    document = problem(
        503, "database_unavailable", DATABASE_SENTENCE, request_id=request_id_of(request)
    )
    return problem_response(document, dict(_UNAVAILABLE.headers))


async def _on_invalid_parameters(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - by registration
    errors = _parameter_errors(error.errors())
    document = problem(
        422,
        "invalid_request",
        " ".join(each.detail for each in errors),
        errors=errors,
        request_id=request_id_of(request),
    )
    return problem_response(document)


def _parameter_errors(found: Sequence[dict[str, object]]) -> list[ProblemError]:
    errors = []
    for each in found:
        location = each.get("loc")
        names = [str(part) for part in location[1:]] if isinstance(location, tuple) else []
        message = str(each.get("msg", "is not valid"))
        errors.append(
            ProblemError(
                pointer="".join(f"/{name}" for name in names),
                detail=f"{'.'.join(names) or 'The request'}: {message}.",
            )
        )
    return errors


async def _on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - by registration
    detail = _DETAILS.get(error.status_code, f"{error.detail}".rstrip(".") + ".")
    document = problem(
        error.status_code,
        f"http_{error.status_code}",
        detail,
        request_id=request_id_of(request),
    )
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(methods_at(request.scope))
    return problem_response(document, headers)


async def _on_disconnect(_request: Request, _error: Exception) -> Response:
    """The caller left in the middle of an upload: nobody reads this, the access log counts it."""
    return Response(status_code=CLIENT_CLOSED_STATUS)
