"""A stored picture as a provider takes it: PNG or JPEG of a bounded size."""

import asyncio
import base64
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PIL import Image, UnidentifiedImageError

from studio.providers.errors import ProviderRejected

PIXELS_MAX: Final = 50_000_000
"""As for uploads: a 4K keyframe has 8.3 million, and Pillow itself warns at 89."""

_SENT_AS_THEY_ARE: Final = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}
_QUALITIES: Final = (95, 88, 80)
_SHRINK: Final = 0.75
_SIDE_PIXELS_MIN: Final = 300
"""No video model takes a smaller picture."""


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
        with Image.open(path, formats=("PNG", "JPEG", "WEBP")) as opened:
            if opened.width * opened.height > PIXELS_MAX:
                raise ProviderRejected("A picture has too many pixels to be sent to the provider.")
            picture = opened.convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError) as error:
        raise ProviderRejected("A picture of the order cannot be read.") from error
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
