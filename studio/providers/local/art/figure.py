"""Silhouettes: a person seen from behind, an airship. Dark shapes with a rim of light."""

from collections.abc import Sequence
from typing import Final

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from studio.providers.local.art.stage import Point
from studio.providers.local.colour import Palette, Rgb, mix

_SUPERSAMPLING: Final = 2

# A standing figure in a long coat, one unit tall, feet at (0, 0), up is negative. Right half; the
# left mirrors it with a small step so that the weight rests on one leg.
_COAT: Final[tuple[Point, ...]] = (
    (0.030, -0.865), (0.040, -0.835), (0.098, -0.805), (0.122, -0.765), (0.132, -0.66),
    (0.136, -0.55), (0.142, -0.465), (0.128, -0.455), (0.112, -0.53), (0.100, -0.62),
    (0.094, -0.55), (0.104, -0.42), (0.120, -0.30), (0.122, -0.265), (0.070, -0.255),
    (0.062, -0.13), (0.058, -0.03), (0.078, -0.006), (0.074, 0.0), (0.022, 0.0),
    (0.020, -0.13), (0.010, -0.25), (0.0, -0.25),
)  # fmt: skip
_HEAD: Final = (-0.052, -1.0, 0.052, -0.868)
_NECK: Final = (-0.027, -0.885, 0.027, -0.83)
_HAIR: Final = (-0.060, -0.985, 0.060, -0.845)


def draw_figure(
    frame: Image.Image, feet: Point, height: float, light: Point, tones: Palette
) -> None:
    """A person of `height` (share of the frame's) standing at `feet`, lit from `light`."""
    tall = height * frame.height
    left, right = int(-0.22 * tall), int(0.22 * tall)
    size = (right - left, int(1.06 * tall))
    mask = Image.new("L", (size[0] * _SUPERSAMPLING, size[1] * _SUPERSAMPLING), 0)
    draw = ImageDraw.Draw(mask)
    unit = tall * _SUPERSAMPLING

    def at(point: Point) -> Point:
        return point[0] * unit + mask.width / 2, point[1] * unit + mask.height * 0.985

    for side in (1, -1):
        outline = [at((x * side, y * (1.0 if side > 0 else 0.992))) for x, y in _COAT]
        draw.polygon([at((0, -0.86)), *outline], fill=255)
    for box in (_HEAD, _HAIR):
        draw.ellipse([*at((box[0], box[1])), *at((box[2], box[3]))], fill=255)
    draw.rectangle([*at((_NECK[0], _NECK[1])), *at((_NECK[2], _NECK[3]))], fill=255)
    _shade(frame, feet, tall, light, tones)
    place = (round(feet[0] * frame.width) + left, round(feet[1] * frame.height - size[1] * 0.985))
    _stamp(frame, mask.resize(size, Image.Resampling.LANCZOS), place, light, tones)


def draw_airship(
    frame: Image.Image, middle: Point, length: float, light: Point, tones: Palette
) -> None:
    """An airship of `length` (share of the frame's height) around `middle`."""
    long = length * frame.height
    size = (int(long * 1.1), int(long * 0.5))
    mask = Image.new("L", (size[0] * _SUPERSAMPLING, size[1] * _SUPERSAMPLING), 0)
    draw = ImageDraw.Draw(mask)
    w, h = mask.size
    draw.ellipse((w * 0.06, h * 0.10, w * 0.94, h * 0.66), fill=255)
    draw.polygon(
        [
            (w * 0.78, h * 0.36),
            (w * 0.97, h * 0.06),
            (w * 0.99, h * 0.10),
            (w * 0.93, h * 0.38),
            (w * 0.99, h * 0.66),
            (w * 0.97, h * 0.70),
        ],
        fill=255,
    )
    draw.rounded_rectangle((w * 0.36, h * 0.70, w * 0.58, h * 0.82), radius=h * 0.05, fill=255)
    for strut in (0.40, 0.54):
        draw.line((w * strut, h * 0.62, w * strut, h * 0.72), fill=255, width=max(w // 200, 1))
    place = (
        round(middle[0] * frame.width - size[0] / 2),
        round(middle[1] * frame.height - size[1] / 2),
    )
    _stamp(frame, mask.resize(size, Image.Resampling.LANCZOS), place, light, tones)


def _shade(frame: Image.Image, feet: Point, tall: float, light: Point, tones: Palette) -> None:
    """The shadow on the floor, away from the light."""
    small = (max(frame.width // 4, 2), max(frame.height // 4, 2))
    shadow = Image.new("L", small, 0)
    x, y = feet[0] * frame.width / 4, feet[1] * frame.height / 4
    lean = (feet[0] - light[0]) * tall / 4 * 0.8
    reach = tall / 4
    ImageDraw.Draw(shadow).polygon(
        [
            (x - reach * 0.09, y),
            (x + reach * 0.09, y),
            (x + lean + reach * 0.2, y + reach * 0.28),
            (x + lean - reach * 0.2, y + reach * 0.28),
        ],
        fill=150,
    )
    soft = shadow.filter(ImageFilter.GaussianBlur(reach * 0.035)).resize(frame.size)
    frame.paste(_solid(frame.size, tones.shadow), (0, 0), soft)


def _stamp(
    frame: Image.Image, mask: Image.Image, place: tuple[int, int], light: Point, tones: Palette
) -> None:
    """Lay the shape: first a rim on the side of the light, then the dark body over it."""
    offset = max(mask.height // 110, 1)
    side = offset if light[0] * frame.width > place[0] + mask.width / 2 else -offset
    inner = ImageChops.offset(mask, -side, offset)
    rim = ImageChops.subtract(mask, inner).filter(ImageFilter.GaussianBlur(offset * 0.45))
    body = mix(tones.shadow, (0.0, 0.0, 0.0), 0.35)
    frame.paste(_solid(mask.size, body), place, mask)
    frame.paste(
        _solid(mask.size, mix(tones.key, tones.light, 0.5)),
        place,
        rim.point([min(round(v * 0.85), 255) for v in range(256)]),
    )


def _solid(size: Sequence[int], colour: Rgb) -> Image.Image:
    red, green, blue = (round(c * 255) for c in colour)
    return Image.new("RGB", (size[0], size[1]), (red, green, blue))
