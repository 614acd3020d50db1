"""Stored pictures: opened with care, and as a provider takes them (PNG or JPEG, bounded)."""

import asyncio
import base64
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from PIL import Image, ImageOps

from studio.contracts.limits import IMAGE_PIXELS_MAX
from studio.providers.errors import ProviderRejected

_FORMATS: Final = ("PNG", "JPEG", "WEBP")
_UNREADABLE: Final = (
    OSError,
    SyntaxError,
    ValueError,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)
"""Whatever Pillow raises at bytes that are no picture."""

_SENT_AS_THEY_ARE: Final = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}
_QUALITIES: Final = (95, 88, 80)
_SHRINK: Final = 0.75
_SIDE_PIXELS_MIN: Final = 300
"""No video model takes a smaller picture."""


class UnreadablePicture(ValueError):
    """The bytes are no picture, a damaged one, or one with too many pixels."""


@contextmanager
def opened_picture(source: Path | IO[bytes]) -> Iterator[Image.Image]:
    """A PNG, JPEG or WebP, opened by its header. UnreadablePicture, from the body's decoding, too.

    Blocking: call from a thread.
    """
    try:
        with Image.open(source, formats=_FORMATS) as opened:
            _check_size(opened)
            yield opened
    except UnreadablePicture:
        raise
    except _UNREADABLE as error:
        raise UnreadablePicture(type(error).__name__) from None


def _check_size(picture: Image.Image) -> None:
    """Before a pixel is decoded."""
    if picture.width * picture.height > IMAGE_PIXELS_MAX:
        raise UnreadablePicture("too many pixels")


def upright_picture(source: Path | IO[bytes]) -> Image.Image:
    """A whole picture as it is to be seen, in RGB. Raises UnreadablePicture. Blocking."""
    with opened_picture(source) as opened:
        return ImageOps.exif_transpose(opened).convert("RGB")


@dataclass(frozen=True)
class EncodedPicture:
    data: bytes
    media_type: str

    @property
    def base64(self) -> str:
        return base64.b64encode(self.data).decode()

    @property
    def suffix(self) -> str:
        return ".png" if self.media_type == "image/png" else ".jpg"


async def encoded_picture(path: Path, *, bytes_max: int) -> EncodedPicture:
    """The picture within `bytes_max`: untouched if it is small enough, else as JPEG, as good and
    as large as fits. Raises ProviderRejected for what is no picture.
    """
    return await asyncio.to_thread(_encode, path, bytes_max)


def _encode(path: Path, bytes_max: int) -> EncodedPicture:
    if path.stat().st_size <= bytes_max:
        data = path.read_bytes()
        for magic, media_type in _SENT_AS_THEY_ARE.items():
            if data.startswith(magic):
                return EncodedPicture(data, media_type)
    try:
        picture = upright_picture(path)
    except UnreadablePicture as error:
        raise ProviderRejected(f"A picture of the order cannot be read: {error}.") from None
    while True:
        for quality in _QUALITIES:
            buffer = io.BytesIO()
            picture.save(buffer, "JPEG", quality=quality)
            if buffer.tell() <= bytes_max:
                return EncodedPicture(buffer.getvalue(), "image/jpeg")
        size = (int(picture.width * _SHRINK), int(picture.height * _SHRINK))
        if min(size) < _SIDE_PIXELS_MIN:
            raise ProviderRejected("A picture cannot be made small enough for the provider.")
        picture = picture.resize(size, Image.Resampling.LANCZOS)
