"""Reads what reached the providers, out of the vendors' books."""

import base64
import io
from dataclasses import dataclass

import httpx2
from PIL import Image

from tests.kit.vendors.books import Books, Job
from tests.kit.vendors.documents import dig, items_at, text_at

Colour = tuple[int, int, int]
COLOUR_DISTANCE_MAX = 12
"""JPEG changes a flat colour by less."""


@dataclass(frozen=True)
class Reference:
    """A picture that went with an order: the text before it, and the picture."""

    introduction: str
    picture: bytes


def drawings(books: Books, matching: str = "") -> list[Job]:
    """Orders of pictures whose prompt has that text."""
    return [job for job in books.jobs("google.image") if matching in words_of(job)]


def words_of(job: Job) -> str:
    """All text of a generateContent or an interaction."""
    contents = items_at(job.payload, "contents")
    parts = [part for content in contents for part in items_at(content, "parts")]
    given = dig(job.payload, "input")
    if isinstance(given, str):
        return given
    steps = given if isinstance(given, list) else []
    parts += [part for step in steps for part in (items_at(step, "content") or [step])]
    return "\n".join(text for part in parts if (text := text_at(part, "text")))


def system_of(job: Job) -> str:
    parts = items_at(job.payload, "systemInstruction", "parts")
    return "\n".join(text_at(part, "text") for part in parts)


def references_of(job: Job) -> list[Reference]:
    """The pictures of an order to generateContent, each with its introduction.

    The books keep small pictures only: a test's uploads are.
    """
    parts = items_at(job.payload, "contents", 0, "parts")
    found, said = [], ""
    for part in parts:
        if data := text_at(part, "inlineData", "data"):
            picture = b"" if data.startswith("sha256:") else base64.urlsafe_b64decode(data)
            found.append(Reference(said, picture))
        said = text_at(part, "text")
    return found


def models_of(jobs: list[Job]) -> set[str]:
    return {job.model for job in jobs}


def is_picture_of(picture: bytes, colour: Colour) -> bool:
    """Whether a picture is all of one colour, as a test's uploads are."""
    with Image.open(io.BytesIO(picture)) as image:
        channels = image.convert("RGB").resize((1, 1)).getpixel((0, 0))
    assert isinstance(channels, tuple)
    return all(abs(a - b) <= COLOUR_DISTANCE_MAX for a, b in zip(channels, colour, strict=True))


def fetched(url: str) -> bytes:
    """A file that a status links: its URL is all that it takes."""
    answer = httpx2.get(url, timeout=30)
    assert answer.status_code == 200, answer.text
    return answer.content


def picture_size(data: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(data)) as image:
        return image.size
