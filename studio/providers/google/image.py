"""ImageModel over generateContent with the IMAGE modality (gemini-3-pro-image and its like)."""

import asyncio
from pathlib import Path
from typing import Final

from google.genai import types

from studio.providers.errors import ModerationRefused, RefusedInput, UnusableAnswer
from studio.providers.google.answers import (
    finish_reason_of,
    media_of,
    refuse_blocked,
    text_of,
)
from studio.providers.google.client import GoogleClient
from studio.providers.google.image_prompt import aspect_of, image_prompt, introduction
from studio.providers.google.pictures import REFERENCE_PIXELS, picture_part, write_png
from studio.providers.pictures import UnreadablePicture
from studio.providers.ports import ImageRequest
from studio.providers.quoting import quoted

REFERENCES_MAX: Final = 14
"""What gemini-3-pro-image takes; the catalogue may say less, and the caller keeps to it."""
SEED_MAX: Final = 2**31 - 1
"""`generationConfig.seed` is an int32."""


class GoogleImageModel:
    """ImageModel port.

    A finished call without a picture (finish reasons NO_IMAGE and IMAGE_OTHER, or words instead)
    is a paid call, and the same order mostly ends the same way: it counts as refused output, so
    that the order is toned down a bounded number of times and never merely repeated. Bytes that
    are no picture are an UnusableAnswer: they were paid for, and another call may go well.
    """

    def __init__(self, client: GoogleClient) -> None:
        self._client = client

    async def draw(self, request: ImageRequest, destination: Path) -> None:
        references = await asyncio.to_thread(_reference_parts, request)
        config = types.GenerateContentConfig(
            response_modalities=["IMAGE"],
            seed=request.seed % (SEED_MAX + 1),
            image_config=types.ImageConfig(
                aspect_ratio=aspect_of(request.width, request.height),
                image_size=request.resolution,
            ),
        )
        parts = [*references, types.Part.from_text(text=image_prompt(request))]
        response = await self._client.generate(request.model, parts, config)
        refuse_blocked(response, pictures_sent=bool(references))
        picture = media_of(response, "image")
        if picture is None:
            raise ModerationRefused(_no_picture(response), refused=RefusedInput.OUTPUT)
        try:
            await asyncio.to_thread(write_png, picture.data, destination)
        except UnreadablePicture as error:
            raise UnusableAnswer(f"Google's picture cannot be read: {error}.") from None


def _reference_parts(request: ImageRequest) -> list[types.Part]:
    """Each readable reference after a text that names it; one that cannot be read is left out."""
    parts: list[types.Part] = []
    for reference in request.references[:REFERENCES_MAX]:
        try:
            picture = picture_part(reference.path, REFERENCE_PIXELS)
        except UnreadablePicture:
            continue
        number = len(parts) // 2 + 1
        parts += [types.Part.from_text(text=introduction(number, reference)), picture]
    return parts


def _no_picture(response: types.GenerateContentResponse) -> str:
    reasons = {finish_reason_of(candidate) for candidate in response.candidates or ()}
    said = quoted(text_of(response))
    named = quoted(", ".join(sorted(filter(None, reasons)))) or "no reason"
    return f"The model made no picture ({named})" + (f": {said}" if said else ".")
