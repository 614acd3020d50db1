"""What a download's conditional headers ask for (RFC 9110, sections 13 and 14).

The framework answers a Range that it does not like in plain text, also where the header is to be
ignored; so it only sees those that can be answered.
"""

import re
from enum import Enum, auto
from typing import Final

from starlette.datastructures import Headers
from starlette.responses import FileResponse
from starlette.types import Receive, Scope, Send

_RANGE: Final = re.compile(r"([0-9]{1,19})-([0-9]{0,19})|-([0-9]{1,19})", re.ASCII)


class Part(Enum):
    """`WHOLE` where there is no Range, or one that is to be ignored; `BEYOND` is a 416."""

    WHOLE = auto()
    AS_ASKED = auto()
    BEYOND = auto()


class WholeFileResponse(FileResponse):
    """The file from its first to its last byte, whatever range was asked for."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [pair for pair in scope["headers"] if pair[0] != b"range"]
        await super().__call__({**scope, "headers": headers}, receive, send)


def is_named(etag: str, if_none_match: str | None) -> bool:
    """Whether an If-None-Match names this ETag; weakly, as it is to be compared."""
    if if_none_match is None:
        return False
    named = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return etag in named or "*" in named


def wanted_part(headers: Headers, etag: str, size_bytes: int) -> Part:
    """What the Range header asks for, of a file of this size."""
    asked = headers.get("range")
    if asked is None or headers.get("if-range", etag) != etag:
        return Part.WHOLE
    unit, _, ranges = asked.partition("=")
    if unit.strip().lower() != "bytes":
        return Part.WHOLE
    starts = [_start(text.strip(), size_bytes) for text in ranges.split(",")]
    if None in starts:
        return Part.WHOLE
    beyond = any(start is not None and start >= size_bytes for start in starts)
    return Part.BEYOND if beyond else Part.AS_ASKED


def _start(text: str, size_bytes: int) -> int | None:
    """Where a range begins; None if it is none."""
    found = _RANGE.fullmatch(text)
    if found is None:
        return None
    first, last, suffix = found.groups()
    if suffix:
        return max(0, size_bytes - int(suffix))
    if last and int(last) < int(first):
        return None
    return int(first)
