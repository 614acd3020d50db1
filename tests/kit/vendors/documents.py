"""JSON from outside, read without trusting its shape.

Google's SDK sends some names as `mimeType` and some as `mime_type`, for proto JSON takes both: so
does every reader here.
"""

import hashlib
import json
import re

Json = dict[str, object]

TEXT_CHARACTERS_KEPT = 4096
"""Longer texts are media in base64: the books keep their hash and size."""


def parsed(body: bytes) -> Json:
    """The body as a JSON object, or an empty one where it is none."""
    try:
        document = json.loads(body)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def dig(value: object, *path: str | int) -> object:
    """What is at `path`, or None. A name is tried as it is and in snake case."""
    for step in path:
        if isinstance(step, int) and isinstance(value, list):
            value = value[step] if step < len(value) else None
        elif isinstance(step, str) and isinstance(value, dict):
            value = value.get(step, value.get(_snake(step)))
        else:
            return None
    return value


def text_at(value: object, *path: str | int) -> str:
    found = dig(value, *path)
    return found if isinstance(found, str) else ""


def items_at(value: object, *path: str | int) -> list[object]:
    found = dig(value, *path)
    return found if isinstance(found, list) else []


def number_at(value: object, *path: str | int) -> float | None:
    """A number, also one written as text such as "5" or "4s"."""
    found = dig(value, *path)
    if isinstance(found, bool):
        return None
    if isinstance(found, int | float):
        return float(found)
    if isinstance(found, str) and (digits := re.fullmatch(r"(\d+(?:\.\d+)?)s?", found)):
        return float(digits[1])
    return None


def redacted(value: object) -> object:
    """The same document with media replaced by what identifies it."""
    if isinstance(value, dict):
        return {name: redacted(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [redacted(inner) for inner in value]
    if isinstance(value, str) and len(value) > TEXT_CHARACTERS_KEPT:
        digest = hashlib.sha256(value.encode()).hexdigest()
        return f"sha256:{digest} ({len(value)} characters)"
    return value


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()
