"""Pictures on their way to a model of Google and back. Blocking: call from a thread."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import av
from av.error import FFmpegError
from google.genai import types
from PIL import Image

from studio.providers.pictures import UnreadablePicture, upright_picture

LOOKED_AT_PIXELS: Final = 1_024
"""Longest side of a picture to judge or describe: Gemini tiles at 768, more costs and adds none."""
REFERENCE_PIXELS: Final = 1_536
"""Longest side of a picture to draw from: a face in a full figure still has its features."""
_JPEG_QUALITY: Final = 90
_FRAME_PIXELS_MAX: Final = 4_096 * 2_304
"""A 4K clip's frame with room to spare."""


def picture_part(path: Path, longest_side: int = LOOKED_AT_PIXELS) -> types.Part:
    """A stored picture as a JPEG part, scaled down. Raises UnreadablePicture."""
    return _jpeg_part(upright_picture(path), longest_side)


def write_png(data: bytes, destination: Path) -> None:
    """Write a model's PNG, JPEG or WebP as a plain RGB PNG. Raises UnreadablePicture."""
    picture = upright_picture(io.BytesIO(data))
    part = destination.with_name(destination.name + ".part")
    try:
        picture.save(part, format="PNG")
        part.replace(destination)
    finally:
        part.unlink(missing_ok=True)


def frame_parts(clip: Path, count_max: int) -> Sequence[types.Part]:
    """Up to `count_max` frames spread over a clip, first and last among them, as JPEG parts.

    Raises UnreadablePicture.
    """
    try:
        with av.open(str(clip)) as container:
            if not container.streams.video:
                raise UnreadablePicture("no picture stream")
            return _sampled(container, count_max)
    except (FFmpegError, OSError) as error:
        raise UnreadablePicture(type(error).__name__) from None


def _sampled(container: "av.container.InputContainer", count_max: int) -> Sequence[types.Part]:
    stream = container.streams.video[0]
    if stream.width * stream.height > _FRAME_PIXELS_MAX:
        raise UnreadablePicture("frames too large")
    stream.thread_type = "NONE"
    total = max(stream.frames, 1)
    wanted = {round(i * (total - 1) / max(count_max - 1, 1)) for i in range(count_max)}
    parts = []
    for number, frame in enumerate(container.decode(stream)):
        if number in wanted:
            picture = Image.fromarray(frame.to_ndarray(format="rgb24"))
            parts.append(_jpeg_part(picture, LOOKED_AT_PIXELS))
        if len(parts) == len(wanted):
            break
    if not parts:
        raise UnreadablePicture("no frames")
    return parts


def _jpeg_part(picture: Image.Image, longest_side: int) -> types.Part:
    picture.thumbnail((longest_side, longest_side), Image.Resampling.LANCZOS)
    written = io.BytesIO()
    picture.convert("RGB").save(written, format="JPEG", quality=_JPEG_QUALITY)
    return types.Part.from_bytes(data=written.getvalue(), mime_type="image/jpeg")
