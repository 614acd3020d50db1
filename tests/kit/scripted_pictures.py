"""Stills and a film for tests that show them: landscapes at dusk, drawn and not photographed."""

import io
import subprocess
from functools import cache
from tempfile import TemporaryDirectory
from typing import Final

from imageio_ffmpeg import get_ffmpeg_exe
from PIL import Image, ImageDraw

SIZE: Final = (480, 270)
ENCODE: Final = "-v error -f png_pipe -loop 1 -i - -t 2 -pix_fmt yuv420p -movflags +faststart"
SKIES: Final = (
    ((18, 30, 44), (214, 150, 92)),
    ((30, 26, 48), (226, 128, 96)),
    ((12, 34, 44), (120, 170, 168)),
    ((40, 24, 22), (240, 178, 98)),
    ((10, 14, 30), (96, 116, 170)),
)
ENCODE_SECONDS_MAX: Final = 60


@cache
def still_bytes(shot: int) -> bytes:
    """A PNG of a shot's landscape."""
    above, below = SKIES[(shot - 1) % len(SKIES)]
    width, height = SIZE
    picture = Image.new("RGB", SIZE)
    draw = ImageDraw.Draw(picture)
    for y in range(height):
        part = min(1.0, y / (height * 0.72))
        draw.line([(0, y), (width, y)], fill=_between(above, below, part))
    sun = (width * (0.24 + 0.13 * (shot % 5)), height * 0.56)
    draw.ellipse([sun[0] - 22, sun[1] - 22, sun[0] + 22, sun[1] + 22], fill=_lighter(below))
    for hill, part in ((0.66, 0.35), (0.78, 0.12)):
        points = [(x, height * hill + 14 * ((x * shot // 60) % 3 - 1)) for x in range(0, 481, 60)]
        draw.polygon([(0, height), *points, (width, height)], fill=_between(above, below, part))
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


@cache
def film_bytes() -> bytes:
    """Two seconds of the first landscape, as MP4."""
    with TemporaryDirectory() as folder:
        film = f"{folder}/film.mp4"
        subprocess.run(
            f"{get_ffmpeg_exe()} {ENCODE} {film}".split(),
            input=still_bytes(1),
            check=True,
            timeout=ENCODE_SECONDS_MAX,
        )
        with open(film, "rb") as file:  # noqa: PTH123 - read once
            return file.read()


def _between(
    above: tuple[int, int, int], below: tuple[int, int, int], part: float
) -> tuple[int, int, int]:
    red, green, blue = (
        int(high + (low - high) * part) for high, low in zip(above, below, strict=True)
    )
    return red, green, blue


def _lighter(colour: tuple[int, int, int]) -> tuple[int, int, int]:
    return _between(colour, (255, 244, 222), 0.7)
