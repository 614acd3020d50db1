"""What fal's answers mean: refusals of an order, and the results of finished requests.

Errors: https://docs.fal.ai/errors, `detail` a sentence or a list of `{loc, msg, type}`.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from studio.providers.errors import (
    ModelGone,
    ModerationRefused,
    ProviderBusy,
    ProviderDenied,
    ProviderError,
    ProviderRejected,
    RefusedInput,
)
from studio.providers.moderation import is_moderation, refused_input
from studio.providers.ports import JobState, JobStatus
from studio.providers.wire import HTTP_BUSY, HTTP_DENIALS, HTTP_NOT_FOUND, JsonCalls, Reply

_CONTENT_POLICY: Final = "content_policy_violation"
_PASSING: Final = frozenset(
    {
        "generation_failed",
        "generation_timeout",
        "internal_server_error",
        "downstream_service_error",
        "downstream_service_unavailable",
    }
)
"""Error types of fal that another try may not meet."""


def refusal(reply: Reply, calls: JsonCalls) -> ProviderError:
    """The error of an order that fal answered with 400 to 499."""
    said = calls.quoted(_reason(reply.document))
    told = f"fal refused the order (HTTP {reply.status}): {said}"
    if reply.status == HTTP_BUSY:
        return ProviderBusy(told, retry_after_seconds=reply.retry_after_seconds)
    if reply.status in HTTP_DENIALS:
        # 403 is also what an account without a balance gets.
        return ProviderDenied(told)
    if reply.status == HTTP_NOT_FOUND:
        return ModelGone(told)
    refused = moderated_part(reply.document, otherwise=RefusedInput.PROMPT)
    if refused is not None:
        return ModerationRefused(told, refused=refused)
    return ProviderRejected(told)


def failure(reply: Reply, calls: JsonCalls) -> JobStatus:
    """The status of a finished request whose answer, or status, is an error."""
    refused = moderated_part(reply.document, otherwise=RefusedInput.OUTPUT)
    said = calls.quoted(_reason(reply.document))
    return JobStatus(
        JobState.FAILED,
        error=f"fal could not film the clip: {said}",
        rejected=refused is not None or _is_bad_request(reply),
        refused=refused,
    )


def _is_bad_request(reply: Reply) -> bool:
    """Whether the model says that the input is wrong; its own failures come as 422, too."""
    kinds = {str(item.get("type")) for item in _details(reply.document)}
    return reply.is_refusal and bool(kinds) and not kinds & _PASSING


def moderated_part(document: object, *, otherwise: RefusedInput) -> RefusedInput | None:
    """What a content filter refused, None where it was no content filter."""
    error_type = document.get("error_type") if isinstance(document, Mapping) else None
    for item in _details(document):
        if item.get("type") == _CONTENT_POLICY:
            return refused_input(f"{item.get('loc')} {item.get('msg')}", otherwise=otherwise)
    reason = _reason(document)
    if error_type == _CONTENT_POLICY or is_moderation(reason):
        return refused_input(reason, otherwise=otherwise)
    return None


def _reason(document: object) -> str:
    """The first sentence that an error answer has."""
    for item in _details(document):
        return str(item.get("msg") or item.get("type") or "")
    if isinstance(document, Mapping):
        for name in ("detail", "error", "message", "error_type"):
            if isinstance(document.get(name), str):
                return str(document[name])
    return ""


def _details(document: object) -> Iterator[Mapping[str, object]]:
    for name in ("detail", "error"):
        listed = document.get(name) if isinstance(document, Mapping) else None
        if isinstance(listed, list):
            yield from (item for item in listed if isinstance(item, Mapping))
