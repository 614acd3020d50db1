"""What may be repeated of a text that a provider or its model wrote: it is hostile and long."""

import unicodedata
from collections.abc import Iterable
from typing import Final

from studio.contracts.redaction import REDACTED, redact_text

QUOTE_LENGTH_MAX: Final = 300
"""Enough for a reason; the whole of a provider's message is for its own logs."""

_READ_LENGTH_MAX: Final = 8_000
"""Only so much is looked through: a message of megabytes must not cost seconds."""
_CONTROL_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
"""Controls, and what reorders or hides text in a log."""


def quoted(text: object, *, secrets: Iterable[str] = (), length_max: int = QUOTE_LENGTH_MAX) -> str:
    """One line of at most `length_max` characters, without controls and without secrets."""
    kept = str(text or "")[:_READ_LENGTH_MAX]
    for secret in secrets:
        if secret:
            kept = kept.replace(secret, REDACTED)
    return shortened(redact_text(plain(kept)), length_max)


def plain(text: str, *, lines: bool = False) -> str:
    """The text without control characters, its white space single; `lines` keeps the lines."""
    if lines:
        return "\n".join(filter(None, (plain(line) for line in text.splitlines())))
    kept = "".join(
        " " if c.isspace() else "" if unicodedata.category(c) in _CONTROL_CATEGORIES else c
        for c in text
    )
    return " ".join(kept.split())


def shortened(text: str, length_max: int) -> str:
    """The text, cut at a word where it is longer than `length_max`."""
    if len(text) <= length_max:
        return text
    cut = text[: length_max - 1]
    words = cut.rsplit(" ", 1)[0]
    return (words if len(words) > length_max // 2 else cut).rstrip(" ,;:-") + "…"
