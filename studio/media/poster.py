"""The picture that stands for a finished film."""

from pathlib import Path
from typing import Final

from studio.media.errors import MediaError
from studio.media.normalise import thumbnail
from studio.media.probe import probe

POSTER_WIDTH_MAX: Final = 1920
POSTER_POSITION: Final = 0.1
"""A tenth into the film: past fades and titles, before anything is given away."""


async def poster(film: Path, destination_jpg: Path, *, timeout_seconds: float = 60.0) -> None:
    """Write a full-size JPEG from the first tenth of the film. Raises MediaError."""
    info = await probe(film)
    if info.video is None:
        raise MediaError(f"{film.name} holds no picture.")
    await thumbnail(
        film,
        destination_jpg,
        info.video.duration_seconds * POSTER_POSITION,
        width_max=POSTER_WIDTH_MAX,
        timeout_seconds=timeout_seconds,
    )
