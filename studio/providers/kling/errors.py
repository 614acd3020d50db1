"""Kling's own error codes. Source: 'Error Code' of its API reference (kling.ai/document-api).

The code decides before the HTTP status: an account without a balance is answered with 429, too.
"""

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
from studio.providers.wire import HTTP_BUSY, HTTP_DENIALS, HTTP_NOT_FOUND, JsonCalls, Reply

KEY_REFUSED: Final = frozenset({1000, 1001, 1002, 1003, 1004})
BALANCE_USED_UP: Final = frozenset({1101, 1102})
"""In arrears; the resource pack is used up or has run out."""
ACCOUNT_REFUSED: Final = frozenset({1100, 1103, 1304})
"""Account exception; no right to the resource; an address that is not on the allow-list."""
NO_SUCH_RESOURCE: Final = 1203
CONTENT_REFUSED: Final = frozenset({1300, 1301})
RATE_LIMITED: Final = frozenset({1302, 1303})
"""Too many requests; more tasks at once than the resource pack allows."""
FAILED_INSIDE: Final = range(5000, 6000)
"""Kling's own failures, its time-out among them: the task may have been made."""


def code_of(reply: Reply) -> int:
    """0 is success; -1 where the answer has no code."""
    code = reply.at("code")
    return code if isinstance(code, int) and not isinstance(code, bool) else -1


def refusal(reply: Reply, calls: JsonCalls) -> ProviderError:
    """The error of an order that Kling took nothing of."""
    code, said = code_of(reply), calls.quoted(reply.text("message"))
    told = f"Kling refused the order (HTTP {reply.status}, code {code}): {said}"
    if code in BALANCE_USED_UP:
        return ProviderDenied(f"The Kling account's balance is used up: top it up. {told}")
    if code in KEY_REFUSED | ACCOUNT_REFUSED or reply.status in HTTP_DENIALS:
        return ProviderDenied(told)
    if code in RATE_LIMITED or reply.status == HTTP_BUSY:
        return ProviderBusy(told, retry_after_seconds=reply.retry_after_seconds)
    if code in CONTENT_REFUSED or is_moderation(said):
        return ModerationRefused(told, refused=refused_input(said, otherwise=RefusedInput.PROMPT))
    if code == NO_SUCH_RESOURCE or reply.status == HTTP_NOT_FOUND:
        return ModelGone(told)
    return ProviderRejected(told)
