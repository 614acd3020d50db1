"""Reads what generateContent answered: text, media, or which filter stopped it.

A block is no HTTP error and google-genai raises nothing: the prompt's is `promptFeedback` without
candidates, the output's a candidate's `finishReason` (google-genai 3.6.1, `types.BlockedReason`
and `types.FinishReason`).
"""

from dataclasses import dataclass
from typing import Final

from google.genai import types

from studio.providers.errors import ModerationRefused, ProviderDenied, RefusedInput
from studio.providers.quoting import quoted

TEXT_LENGTH_MAX: Final = 1_000_000
"""64 shots take some 100,000 characters, ten minutes of transcript fewer. What is longer is JSON
that was cut, and so of no use."""

_OUTPUT_BLOCKED: Final = frozenset(
    {
        "SAFETY",
        "RECITATION",
        "BLOCKLIST",
        "PROHIBITED_CONTENT",
        "SPII",
        "MODEL_ARMOR",
        "ESCALATION",
        "IMAGE_SAFETY",
        "IMAGE_PROHIBITED_CONTENT",
        "IMAGE_RECITATION",
    }
)
_ACCOUNT_BLOCKED: Final = "PUP_LIMITED_DISABLED"
_PICTURES_BLOCKED: Final = "IMAGE_SAFETY"
"""Of a prompt: it "contains content that is unsafe for image generation"."""


@dataclass(frozen=True)
class Media:
    data: bytes
    mime_type: str


def refuse_blocked(response: types.GenerateContentResponse, *, pictures_sent: bool = False) -> None:
    """Raise ModerationRefused where a filter stopped the call; `refused` says at which input.

    A prompt that is blocked over an image's safety was blocked for the pictures in it, where there
    were any. ProviderDenied where Google has limited the account itself.
    """
    feedback = response.prompt_feedback
    if feedback is not None and feedback.block_reason is not None:
        reason = _name_of(feedback.block_reason)
        over_pictures = pictures_sent and (
            reason == _PICTURES_BLOCKED or "image" in str(feedback.block_reason_message).lower()
        )
        raise ModerationRefused(
            _sentence("the prompt", reason, feedback.block_reason_message),
            refused=RefusedInput.REFERENCES if over_pictures else RefusedInput.PROMPT,
        )
    for candidate in response.candidates or ():
        reason = finish_reason_of(candidate)
        if reason == _ACCOUNT_BLOCKED:
            raise ProviderDenied("Google has limited this account over its use policy.")
        if reason in _OUTPUT_BLOCKED:
            raise ModerationRefused(
                _sentence("what the model made", reason, candidate.finish_message),
                refused=RefusedInput.OUTPUT,
            )


def text_of(response: types.GenerateContentResponse) -> str:
    """The answer's text without the model's thoughts, cut to size; "" where there is none."""
    told = (part.text for part in _parts_of(response) if part.text and not part.thought)
    return "".join(told)[:TEXT_LENGTH_MAX]


def media_of(response: types.GenerateContentResponse, kind: str) -> Media | None:
    """The last finished blob of a kind ("image", "audio"): thoughts hold drafts of it."""
    for part in reversed(_parts_of(response)):
        blob = part.inline_data
        if blob is None or part.thought or not blob.data:
            continue
        if (blob.mime_type or "").lower().startswith(f"{kind}/"):
            return Media(blob.data, blob.mime_type or "")
    return None


def finish_reason_of(candidate: types.Candidate) -> str:
    return _name_of(candidate.finish_reason) if candidate.finish_reason is not None else ""


def _parts_of(response: types.GenerateContentResponse) -> list[types.Part]:
    for candidate in response.candidates or ():
        if candidate.content is not None and candidate.content.parts:
            return candidate.content.parts
    return []


def _name_of(reason: object) -> str:
    """An enum's value; one that google-genai does not know yet comes as it was sent."""
    return str(getattr(reason, "value", reason)).upper()


def _sentence(what: str, reason: str, message: str | None) -> str:
    said = quoted(message)
    return f"Google's filter refused {what} ({quoted(reason)})" + (f": {said}" if said else ".")
