"""The picture that stands for a finished film."""

from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from studio.media.errors import MediaError
from studio.media.normalise import thumbnail
from studio.media.probe import probe

POSTER_WIDTH_MAX: Final = 1920
POSTER_POSITIONS: Final = (0.1, 0.3, 0.5, 0.7)
"""A tenth into the film: past fades and titles, before anything is given away. The others are
looked at only where nothing is to be seen there.
"""

GRAY_MIN, GRAY_MAX = 24.0, 232.0
CONTRAST_MIN: Final = 12.0
"""Of 255: what is darker, brighter or flatter on the whole is a fade, a flash or an empty frame."""

LOOK_SIZE: Final = (64, 36)


async def poster(film: Path, destination_jpg: Path, *, timeout_seconds: float = 60.0) -> None:
    """Write a full-size JPEG of the first frame that shows something. Raises MediaError."""
    info = await probe(film)
    if info.video is None:
        raise MediaError(f"{film.name} holds no picture.")
    best, candidate = 0.0, destination_jpg.with_suffix(".candidate.jpg")
    for position in POSTER_POSITIONS:
        await thumbnail(
            film,
            candidate,
            info.video.duration_seconds * position,
            width_max=POSTER_WIDTH_MAX,
            timeout_seconds=timeout_seconds,
        )
        worth = _worth(candidate)
        if position == POSTER_POSITIONS[0] or worth > best:
            best = worth
            candidate.replace(destination_jpg)
        if best >= 1:
            break
    candidate.unlink(missing_ok=True)


def _worth(picture: Path) -> float:
    """How much there is to see: 1 is enough, and above it there is no better."""
    with Image.open(picture) as image:
        gray = np.asarray(image.convert("L").resize(LOOK_SIZE), dtype=np.float64)
    if not GRAY_MIN <= gray.mean() <= GRAY_MAX:
        return 0.0
    return min(float(gray.std()) / CONTRAST_MIN, 1.0)
