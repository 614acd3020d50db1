"""What counts as plain text in a request, and how sentences count things."""

import unicodedata
from typing import Annotated

from pydantic import AfterValidator

_ALLOWED_CONTROLS = frozenset("\t\n")


def _normalise_newlines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _refuse_control_characters(text: str) -> str:
    text = _normalise_newlines(text)
    for position, character in enumerate(text):
        category = unicodedata.category(character)
        if category in {"Cc", "Cs"} and character not in _ALLOWED_CONTROLS:
            msg = (
                f"contains the control character U+{ord(character):04X} at position {position}; "
                "only tab and newline are allowed"
            )
            raise ValueError(msg)
    return text


PlainText = Annotated[str, AfterValidator(_refuse_control_characters)]
"""Text without control characters but tab and newline; CR LF is read as newline."""


def counted(count: int, noun: str) -> str:
    """Such as `1 shot` and `3 shots`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
