"""Telling from a provider's words that a content filter spoke, and of what.

Only where the answer has no code for it: a wrong guess costs one softened try.
"""

import re
from typing import Final

from studio.providers.errors import RefusedInput

READ_LENGTH_MAX: Final = 2_000
"""A filter says it at the beginning; a search of megabytes that were made for it never ends."""

_FILTER: Final = re.compile(
    r"safety|sensitive|usage guidelines|responsible ai"
    r"|content[ _-]?(?:polic|risk|moderation|filter|checker)"
    r"|moderation|prohibited|nsfw|risk control|policy violation|violat\w* .{0,40}polic"
    r"|raimediafiltered|celebrit",
    re.IGNORECASE,
)
_INPUTS: Final = (
    (RefusedInput.REFERENCES, re.compile(r"reference|element|asset image", re.IGNORECASE)),
    (
        RefusedInput.KEYFRAME,
        re.compile(
            r"(?:input|uploaded|provided|start|first|your)[ _-]?(?:image|photo|picture|frame)"
            r"|image_url|(?:first|last|start|end)_(?:frame|image)|\bin the image",
            re.IGNORECASE,
        ),
    ),
    (RefusedInput.PROMPT, re.compile(r"prompt|\btext\b|\bwords?\b", re.IGNORECASE)),
    (
        RefusedInput.OUTPUT,
        re.compile(r"output|generated|result|\bvideos?\b|audio", re.IGNORECASE),
    ),
    (RefusedInput.KEYFRAME, re.compile(r"\b(?:image|photo|picture|frame)s?\b", re.IGNORECASE)),
)
"""Tried in this order: a sentence about an input mostly mentions the video not made, too."""


def is_moderation(text: str) -> bool:
    """Whether these words are a content filter's."""
    return _FILTER.search(text[:READ_LENGTH_MAX]) is not None


def refused_input(text: str, *, otherwise: RefusedInput) -> RefusedInput:
    """Which part of the order the words name."""
    read = text[:READ_LENGTH_MAX]
    return next((part for part, words in _INPUTS if words.search(read)), otherwise)
