"""Stripe's refusals: its envelope, its codes and, where they are known, its sentences.

Forms: docs.stripe.com/api/errors and /error-codes. `executed` tells validation from execution:
only what was executed is kept under an idempotency key (docs.stripe.com/api/idempotent_requests).
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

INVALID_REQUEST: Final = "invalid_request_error"
CARD_ERROR: Final = "card_error"
IDEMPOTENCY_ERROR: Final = "idempotency_error"
API_ERROR: Final = "api_error"


class StripeRefusal(Exception):
    """An answer other than success. `details` are further fields of the error object."""

    def __init__(
        self,
        status: int,
        kind: str,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        details: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        executed: bool = False,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.message = message
        self.code = code
        self.param = param
        self.details = details or {}
        self.headers = headers or {}
        self.executed = executed

    def document(self) -> dict[str, object]:
        error: dict[str, object] = {"type": self.kind, "message": self.message, **self.details}
        if self.code is not None:
            error["code"] = self.code
            error["doc_url"] = doc_url(self.code)
        if self.param is not None:
            error["param"] = self.param
        return {"error": error}


def doc_url(code: str) -> str:
    return f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}"


def invalid(
    message: str, *, param: str | None, code: str | None = None, executed: bool = False
) -> StripeRefusal:
    return StripeRefusal(
        HTTPStatus.BAD_REQUEST, INVALID_REQUEST, message, code=code, param=param, executed=executed
    )


def missing(param: str) -> StripeRefusal:
    return invalid(f"Missing required param: {param}.", param=param, code="parameter_missing")


def unknown(param: str) -> StripeRefusal:
    return invalid(f"Received unknown parameter: {param}", param=param, code="parameter_unknown")


def no_such(what: str, found_by: str, param: str, *, status: int) -> StripeRefusal:
    """404 where the id is in the path, 400 where it is a parameter."""
    return StripeRefusal(
        status,
        INVALID_REQUEST,
        f"No such {what}: '{found_by}'",
        code="resource_missing",
        param=param,
        executed=True,
    )


def no_route(method: str, path: str) -> StripeRefusal:
    return StripeRefusal(
        HTTPStatus.NOT_FOUND,
        INVALID_REQUEST,
        f"Unrecognized request URL ({method}: {path}).",
    )


def not_authenticated(message: str) -> StripeRefusal:
    return StripeRefusal(
        HTTPStatus.UNAUTHORIZED,
        INVALID_REQUEST,
        message,
        headers={"WWW-Authenticate": 'Basic realm="Stripe"'},
    )


def key_in_use(key: str) -> StripeRefusal:
    return StripeRefusal(
        HTTPStatus.CONFLICT,
        INVALID_REQUEST,
        "There is currently another in-progress request using this Idempotent Key (that probably "
        f"means you submitted twice, and the other request is still going through): {key}. "
        "Please try again later.",
        code="idempotency_key_in_use",
        headers={"Stripe-Should-Retry": "true"},
    )


def key_reused(key: str, first: str, now: str) -> StripeRefusal:
    """The key was used for another endpoint, or with other parameters."""
    used = (
        "with the same parameters they were first used with"
        if first == now
        else f"for the same endpoint they were first used for ('{now}' vs '{first}')"
    )
    return StripeRefusal(
        HTTPStatus.BAD_REQUEST,
        IDEMPOTENCY_ERROR,
        f"Keys for idempotent requests can only be used {used}. Try using a key other than "
        f"'{key}' if you meant to execute a different request.",
    )


def rate_limited(retry_after_seconds: float | None) -> StripeRefusal:
    after = {} if retry_after_seconds is None else {"Retry-After": f"{retry_after_seconds:g}"}
    return StripeRefusal(
        HTTPStatus.TOO_MANY_REQUESTS,
        INVALID_REQUEST,
        "Too many requests. Slow down and try again.",
        code="rate_limit",
        headers={"Stripe-Rate-Limited-Reason": "global-rate", **after},
    )


def broken(status: int) -> StripeRefusal:
    return StripeRefusal(status, API_ERROR, "An unknown error occurred.", executed=True)
