"""The one map from what google-genai raises to `studio/providers/errors.py`.

Three families reach us (google-genai 3.6.1, `google/genai/errors.py` and
`_interactions_errors.py`): `errors.APIError` from `models`, a hierarchy of its own from
`interactions`, and httpx2's transport errors, which `interactions` wraps. A call answers once:
where the request was handed over and no usable answer came back, something may have been paid, and
that is SubmissionUnknown, a 5xx included, because Google documents none of them as not executed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from google.auth import exceptions as auth_errors
from google.genai import _interactions_errors as interactions_errors
from google.genai import errors as genai_errors

from studio.providers.errors import (
    ModelGone,
    ModerationRefused,
    ProviderBusy,
    ProviderDenied,
    ProviderError,
    ProviderRejected,
    RefusedInput,
    SubmissionUnknown,
)
from studio.providers.moderation import is_moderation, refused_input
from studio.providers.quoting import quoted
from studio.providers.wire import (
    HTTP_BUSY,
    HTTP_DENIALS,
    HTTP_REFUSALS,
    NOTHING_SENT,
    wait_seconds,
)

_KEY_REASONS: Final = frozenset(
    {"API_KEY_INVALID", "API_KEY_SERVICE_BLOCKED", "BILLING_DISABLED", "SERVICE_DISABLED"}
)
"""Of `google.rpc.ErrorInfo`: what Google answers to a wrong key with, under HTTP 400 and 403."""
_HTTP_REDIRECTS: Final = range(300, 400)
_KINDS: Final[Mapping[int, type[ProviderError]]] = {
    404: ModelGone,  # the model is all that a synchronous call addresses
    408: SubmissionUnknown,
    499: SubmissionUnknown,  # CANCELLED: google.rpc.Code does not say how far it had come
}


@dataclass(frozen=True)
class _Answer:
    """An error answer of either family. `reasons` are those of its `ErrorInfo` details."""

    code: int
    status: str
    message: str
    details: Sequence[Mapping[str, object]] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def reasons(self) -> frozenset[str]:
        return frozenset(str(detail.get("reason", "")) for detail in self.details)


def provider_error(error: BaseException, *, secrets: Iterable[str] = ()) -> ProviderError:
    """What `error`, raised by a call of google-genai, means. `secrets` appear in no text."""
    if isinstance(error, ProviderError):
        return error
    if isinstance(error, genai_errors.APIError):
        return _answered(_of_models(error), tuple(secrets))
    if isinstance(error, interactions_errors.APIStatusError):
        return _answered(_of_interactions(error), tuple(secrets))
    return _unanswered(error)


def refused_input_of(message: str) -> RefusedInput | None:
    """Which input an error's words say a content filter refused; None where they speak of none.

    Interactions and old models have no field for it, only a sentence. The pictures of a call that
    answers at once are its references.
    """
    if not is_moderation(message):
        return None
    refused = refused_input(message, otherwise=RefusedInput.PROMPT)
    return RefusedInput.REFERENCES if refused is RefusedInput.KEYFRAME else refused


def _unanswered(error: BaseException) -> ProviderError:
    if isinstance(error, auth_errors.TransportError):
        return ProviderError("Google's sign-in could not be reached; nothing was sent.")
    if isinstance(error, auth_errors.GoogleAuthError):
        return ProviderDenied("Google refused this server's credentials at sign-in.")
    # `interactions` wraps what httpx2 raised and keeps it as the cause.
    cause = error.__cause__ if isinstance(error, interactions_errors.APIError) else None
    if isinstance(cause or error, NOTHING_SENT):
        return ProviderError("Google could not be reached; nothing was sent.")
    kind = type(cause or error).__name__
    return SubmissionUnknown(
        f"Google's answer did not come or could not be read ({kind}); the call may be billed."
    )


def _answered(answer: _Answer, secrets: Iterable[str]) -> ProviderError:
    said = quoted(answer.message, secrets=secrets) or "no reason given"
    told = f"Google answered {answer.code} {quoted(answer.status, secrets=secrets)}: {said}"
    if answer.code == HTTP_BUSY:
        return ProviderBusy(told, retry_after_seconds=_retry_after_seconds(answer))
    kind = _kind_of(answer)
    refused = refused_input_of(said)
    if kind is ProviderRejected and refused is not None:
        return ModerationRefused(told, refused=refused)
    return kind(told)


def _kind_of(answer: _Answer) -> type[ProviderError]:
    if _is_denial(answer):
        return ProviderDenied
    if answer.code in _KINDS:
        return _KINDS[answer.code]
    if answer.code in HTTP_REFUSALS:
        return ProviderRejected
    return ProviderError if answer.code in _HTTP_REDIRECTS else SubmissionUnknown


def _is_denial(answer: _Answer) -> bool:
    if answer.code in HTTP_DENIALS:
        return True
    # A wrong key is 400 INVALID_ARGUMENT, a region or billing that is missing FAILED_PRECONDITION:
    # https://ai.google.dev/gemini-api/docs/troubleshooting
    return bool(answer.reasons & _KEY_REASONS) or answer.status == "FAILED_PRECONDITION"


def _retry_after_seconds(answer: _Answer) -> float | None:
    """`google.rpc.RetryInfo`'s delay, else the header's."""
    for detail in answer.details:
        if str(detail.get("@type", "")).endswith("google.rpc.RetryInfo"):
            seconds = wait_seconds(detail.get("retryDelay"))
            if seconds is not None:
                return seconds
    return wait_seconds(answer.headers.get("retry-after"))


def _of_models(error: genai_errors.APIError) -> _Answer:
    body = _error_body(error.details)
    return _Answer(
        code=error.code if isinstance(error.code, int) else 0,
        status=str(error.status or ""),
        message=str(error.message or ""),
        details=_details_of(body),
        headers=_headers_of(error.response),
    )


def _of_interactions(error: interactions_errors.APIStatusError) -> _Answer:
    body = _error_body(error.body)
    return _Answer(
        code=error.status_code or 0,
        status=str(body.get("status") or body.get("code") or ""),
        message=str(body.get("message") or error.message),
        details=_details_of(body),
        headers=_headers_of(error.response),
    )


def _error_body(body: object) -> Mapping[str, object]:
    """`{"error": {…}}` or what is inside of it; Google also sends it as a list of one."""
    if isinstance(body, list) and len(body) == 1:
        body = body[0]
    if not isinstance(body, Mapping):
        return {}
    inner = body.get("error")
    return inner if isinstance(inner, Mapping) else body


def _details_of(body: Mapping[str, object]) -> Sequence[Mapping[str, object]]:
    details = body.get("details")
    return [d for d in details if isinstance(d, Mapping)] if isinstance(details, list) else []


def _headers_of(response: object) -> Mapping[str, str]:
    headers = getattr(response, "headers", None)
    return headers if isinstance(headers, Mapping) else {}
