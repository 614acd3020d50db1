"""How a provider can fail, told apart by what may be done next.

What counts is whether something may have been paid for. After an unknown outcome or an unusable
answer it may; everything else says that nothing was.
"""

from enum import StrEnum
from typing import ClassVar

from studio.contracts.errors import StudioError


class ProviderError(StudioError):
    """The provider failed in a way that may pass, and nothing was paid for: try again."""

    code: ClassVar[str] = "provider_unavailable"


class ProviderBusy(ProviderError):
    """The provider took nothing on because of a quota or its load (HTTP 429).

    `retry_after_seconds` is the provider's own wish, None where it named none.
    """

    code: ClassVar[str] = "provider_busy"

    def __init__(self, detail: str, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(detail)
        self.retry_after_seconds = retry_after_seconds


class ProviderRejected(ProviderError):
    """The provider refused the input and will refuse it again (a bad request)."""

    code: ClassVar[str] = "provider_rejected"


class ProviderDenied(ProviderError):
    """The provider refused this server's key or account: an operator has to act."""

    code: ClassVar[str] = "provider_denied"


class ModelGone(ProviderError):
    """The provider no longer offers this model (HTTP 404 for it, or a stated retirement)."""

    code: ClassVar[str] = "model_gone"


class RefusedInput(StrEnum):
    """Which part of an order a moderation refused."""

    PROMPT = "prompt"
    KEYFRAME = "keyframe"
    REFERENCES = "references"
    OUTPUT = "output"
    """Nothing that was handed in: what the model made of it."""


class ModerationRefused(ProviderRejected):
    """A content filter refused, and `refused` names what: softened input may pass."""

    code: ClassVar[str] = "moderation_refused"

    def __init__(self, detail: str, *, refused: RefusedInput) -> None:
        super().__init__(detail)
        self.refused = refused


class SubmissionUnknown(ProviderError):
    """Nobody knows whether the order was accepted. Never order again before asking."""

    code: ClassVar[str] = "submission_unknown"


class UnusableAnswer(ProviderError):
    """The provider answered, and was paid, but what it gave cannot be used: trying again costs."""

    code: ClassVar[str] = "unusable_answer"


class OutputExpired(ProviderError):
    """The job was done, but the provider no longer has what it made."""

    code: ClassVar[str] = "output_expired"
