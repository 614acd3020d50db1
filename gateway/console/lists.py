"""What pages with lists share: what is looked for, and where the next page is."""

from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import Query

CURSOR_LENGTH_MAX: Final = 200

CursorText = Annotated[str, Query(max_length=CURSOR_LENGTH_MAX)]


def wanted_text(text: str) -> str:
    """What was searched for. PostgreSQL takes no text with a NUL, not even to look for it."""
    return text.replace("\0", "").strip()


def list_address(path: str, wanted: dict[str, str]) -> str:
    """A list with these filters, but for the empty ones."""
    query = urlencode({name: text for name, text in wanted.items() if text})
    return f"{path}?{query}" if query else path
