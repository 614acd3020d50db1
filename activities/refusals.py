"""A refused order, remembered: whoever makes it again is refused in the same way.

A worker may die between writing a refusal down and telling the workflow, and a run that an operator
resets comes by its orders a second time. What is done next depends on how the order was refused.
"""

from typing import Final

from studio.journal.repository import Attempt
from studio.providers.errors import (
    ModelGone,
    ModerationRefused,
    ProviderBusy,
    ProviderDenied,
    ProviderError,
    ProviderRejected,
    RefusedInput,
)

_KINDS: Final = {
    kind.code: kind for kind in (ProviderError, ProviderBusy, ProviderDenied, ModelGone)
}
"""Those that are made of a sentence alone; a moderation also names what it refused."""


def remembered(refusal: ProviderError) -> dict[str, str]:
    """What is kept of a refusal beside its sentence."""
    kept = {"code": refusal.code}
    if isinstance(refusal, ModerationRefused):
        kept["refused"] = refusal.refused.value
    return kept


def recalled(attempt: Attempt) -> ProviderError:
    """The refusal of a rejected attempt. Without a memory of it: one that would come again."""
    sentence = attempt.error or "The provider refused the shot."
    kept = attempt.refusal or {}
    refused = kept.get("refused")
    if refused in set(RefusedInput):
        return ModerationRefused(sentence, refused=RefusedInput(refused))
    return _KINDS.get(kept.get("code", ""), ProviderRejected)(sentence)
