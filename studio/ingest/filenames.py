"""A caller's file name as a label. It is shown and matched, never used as a path."""

import unicodedata
from typing import Final

from studio.contracts.limits import ASSET_TEXT_LENGTH_MAX

_EXTENSION_LENGTH_MAX: Final = 10
_INVISIBLE: Final = frozenset(
    "\u061c\u200b\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e"
    "\u2060\u2066\u2067\u2068\u2069\ufeff"
)
"""Direction marks and other characters that make a name look like another (Unicode TR 36).

The zero-width joiner stays: emoji are made with it.
"""


def file_label(raw: str, *, fallback: str) -> str:
    """The base name without control and direction characters, at most 500 characters long.

    Folders of either slash are dropped and the text is NFC, so that names from different systems
    match. What leaves nothing to show becomes `fallback`.
    """
    # By hand: Path would keep a backslash, and normalise what is not a path of this machine.
    name = raw.replace("\\", "/").rpartition("/")[2]
    kept = "".join(char for char in name if not _is_hidden(char))
    label = unicodedata.normalize("NFC", kept).strip()
    if not label.strip(". "):
        return fallback
    return _shortened(label)


def extension_of(filename: str) -> str:
    """The extension in lower case with its dot, or nothing.

    Only a few letters and digits with at least one letter count: `v1.2` has no extension.
    """
    stem, dot, tail = filename.rpartition(".")
    is_extension = (
        bool(stem)
        and tail.isascii()
        and tail.isalnum()
        and not tail.isdigit()
        and len(tail) < _EXTENSION_LENGTH_MAX
    )
    return (dot + tail).lower() if is_extension else ""


def _is_hidden(char: str) -> bool:
    return char in _INVISIBLE or unicodedata.category(char) in {"Cc", "Cs"}


def _shortened(label: str) -> str:
    if len(label) <= ASSET_TEXT_LENGTH_MAX:
        return label
    extension = extension_of(label)
    return label[: ASSET_TEXT_LENGTH_MAX - len(extension)] + extension
