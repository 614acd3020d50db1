"""Two reference pictures for the demo, drawn here: a corridor of photographs and its visitor."""

import io
import math
from collections.abc import Callable
from typing import Final

from PIL import Image, ImageDraw, ImageFilter

Color = tuple[int, int, int]

WIDTH: Final = 1280
HEIGHT: Final = 720
LARGE_WIDTH: Final = 2 * WIDTH
LARGE_HEIGHT: Final = 2 * HEIGHT
"""Drawn at twice the size: edges are smooth once it is scaled down."""

NIGHT: Final[Color] = (16, 20, 38)
GLOW: Final[Color] = (255, 196, 120)
PAPER: Final[Color] = (242, 228, 200)
INK: Final[Color] = (28, 26, 40)


def reference_pictures() -> list[tuple[str, bytes]]:
    """File names and JPEG bytes, the same at every call."""
    return [
        ("archive-corridor.jpg", _jpeg(_corridor())),
        ("young-woman.jpg", _jpeg(_visitor())),
    ]


def _jpeg(picture: Image.Image) -> bytes:
    with io.BytesIO() as target:
        picture.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS).save(target, "JPEG", quality=88)
        return target.getvalue()


def _corridor() -> Image.Image:
    """One-point perspective: walls of hanging photographs that lead to a glowing door."""
    picture = _shaded(lambda x, y: math.hypot(x - 0.5, (y - 0.46) * 0.7) * 1.9)
    draw = ImageDraw.Draw(picture)
    centre_x, centre_y = LARGE_WIDTH * 0.5, LARGE_HEIGHT * 0.46
    floor = [(centre_x - 70, centre_y + 140), (centre_x + 70, centre_y + 140)]
    floor += [(LARGE_WIDTH * 0.86, LARGE_HEIGHT), (LARGE_WIDTH * 0.14, LARGE_HEIGHT)]
    draw.polygon(floor, fill=_mix(GLOW, NIGHT, 0.55))
    for depth in range(11, 1, -1):
        scale = 4.4 / depth
        for side in (-1, 1):
            for row in (-1, 0, 1):
                x = centre_x + side * 560 * scale
                y = centre_y + (row * 330 + 26 * ((depth + row) % 3)) * scale
                _photograph(draw, (x, y), 150 * scale, depth)
    door = (centre_x - 70, centre_y - 130, centre_x + 70, centre_y + 142)
    draw.rounded_rectangle(door, 60, fill=PAPER)
    return picture.filter(ImageFilter.GaussianBlur(1.2))


def _photograph(
    draw: ImageDraw.ImageDraw, centre: tuple[float, float], width: float, depth: int
) -> None:
    frame = _mix(PAPER, NIGHT, depth / 16)
    inside = _mix((96, 132, 158), NIGHT, depth / 15)
    sun = _mix(GLOW, NIGHT, depth / 18)
    (x, y), height = centre, width * 1.3
    left, top, right, bottom = x - width / 2, y - height / 2, x + width / 2, y + height / 2
    draw.line((x, 0, x, top), fill=_mix(frame, NIGHT, 0.7), width=2)
    draw.rectangle((left, top, right, bottom), fill=frame)
    edge = width * 0.08
    inner = (left + edge, top + edge, right - edge, bottom - edge * 2.6)
    draw.rectangle(inner, fill=inside)
    draw.ellipse((x - width * 0.16, y - width * 0.36, x + width * 0.16, y - width * 0.04), fill=sun)
    hill = [(inner[0], inner[3]), (x - width * 0.1, y + width * 0.08), (inner[2], inner[3])]
    draw.polygon(hill, fill=_mix(inside, INK, 0.55))


def _visitor() -> Image.Image:
    """A figure in a long coat before the light, seen from behind."""
    picture = _shaded(lambda x, y: math.hypot(x - 0.5, (y - 0.4) * 0.8) * 1.7)
    draw = ImageDraw.Draw(picture)
    x = LARGE_WIDTH * 0.5
    draw.ellipse((x - 430, 110, x + 430, 970), fill=_mix(GLOW, PAPER, 0.4))
    coat = [(x - 120, 560), (x + 120, 560), (x + 176, 660), (x + 206, 1000), (x + 190, 1010)]
    coat += [(x + 250, 1440), (x - 250, 1440), (x - 190, 1010), (x - 206, 1000), (x - 176, 660)]
    draw.polygon(coat, fill=(112, 40, 46))
    draw.line((x, 700, x, 1440), fill=(70, 24, 30), width=8)
    for side in (-1, 1):
        draw.line((x + side * 132, 720, x + side * 150, 1060), fill=(84, 30, 36), width=10)
    draw.rounded_rectangle((x - 104, 320, x + 104, 640), 100, fill=INK)
    draw.polygon([(x - 104, 440), (x + 104, 440), (x + 124, 690), (x - 124, 690)], fill=INK)
    return picture.filter(ImageFilter.GaussianBlur(2.0))


def _shaded(distance: Callable[[float, float], float]) -> Image.Image:
    """Light in the middle, night at the edges; `distance` is of a point in the unit square."""
    small = Image.new("RGB", (WIDTH // 8, HEIGHT // 8))
    for row in range(small.height):
        for column in range(small.width):
            share = min(1.0, distance(column / small.width, row / small.height))
            small.putpixel((column, row), _mix(GLOW, NIGHT, share**0.8))
    return small.resize((LARGE_WIDTH, LARGE_HEIGHT), Image.Resampling.BICUBIC)


def _mix(first: Color, second: Color, share: float) -> Color:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue
