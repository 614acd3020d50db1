"""People seen from behind, and an airship: shapes with colour of their own and a rim of light."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from studio.providers.local.art.stage import Point
from studio.providers.local.colour import Palette, Rgb, mix

_SUPERSAMPLING: Final = 3
_SPLINE_STEPS: Final = 10
_HALF_WIDTH: Final = 0.40
"""Room beside the middle, in heights: an outstretched arm."""
_ABOVE: Final = 1.07
_BELOW: Final = 0.02


@dataclass(frozen=True)
class Costume:
    """What someone wears in every shot. `long_hair` also means a longer coat."""

    coat: Rgb
    hair: Rgb
    skin: Rgb = (0.74, 0.55, 0.44)
    long_hair: bool = True


# One unit tall, feet at (0, 0), up is negative; the right half of the outline, top to bottom.
_COAT_LONG: Final[tuple[Point, ...]] = (
    (0.026, -0.852), (0.070, -0.832), (0.103, -0.800), (0.108, -0.74), (0.094, -0.66),
    (0.076, -0.585), (0.088, -0.50), (0.106, -0.38), (0.124, -0.25), (0.134, -0.165),
    (0.072, -0.150), (0.0, -0.158),
)  # fmt: skip
_COAT_SHORT: Final[tuple[Point, ...]] = (
    (0.030, -0.852), (0.085, -0.835), (0.122, -0.80), (0.126, -0.73), (0.112, -0.62),
    (0.098, -0.54), (0.104, -0.44), (0.108, -0.375), (0.05, -0.365), (0.0, -0.37),
)  # fmt: skip
_HAIR_LONG: Final[tuple[Point, ...]] = (
    (0.0, -1.004), (0.030, -0.998), (0.050, -0.968), (0.055, -0.92), (0.057, -0.86),
    (0.066, -0.79), (0.066, -0.71), (0.048, -0.655), (0.022, -0.64), (0.0, -0.652),
)  # fmt: skip
_HAIR_SHORT: Final[tuple[Point, ...]] = (
    (0.0, -1.003), (0.032, -0.996), (0.049, -0.962), (0.050, -0.918), (0.036, -0.892),
    (0.018, -0.880), (0.0, -0.878),
)  # fmt: skip
_FOLDS: Final = (
    (0.0, -0.62, 0.004, -0.17),
    (0.036, -0.56, 0.062, -0.18),
    (-0.04, -0.55, -0.07, -0.18),
)


@dataclass(frozen=True)
class _Limb:
    """A tapered limb through two or three joints, `thick` at its start and `thin` at its end."""

    joints: tuple[Point, ...]
    thick: float
    thin: float


_ARM_DOWN: Final = _Limb(((0.098, -0.795), (0.124, -0.64), (0.116, -0.485)), 0.030, 0.019)
_ARM_SWUNG: Final = _Limb(((0.098, -0.795), (0.136, -0.655), (0.150, -0.52)), 0.030, 0.019)
_ARM_REACHING: Final = _Limb(((0.096, -0.800), (0.205, -0.815), (0.318, -0.905)), 0.030, 0.017)
_ARM_RAISED: Final = _Limb(((0.098, -0.795), (0.142, -0.655), (0.168, -0.525)), 0.030, 0.018)
_ARMS: Final = {
    "stand": (_ARM_DOWN, _ARM_DOWN),
    "walk": (_ARM_SWUNG, _ARM_DOWN),
    "reach": (_ARM_REACHING, _ARM_DOWN),
    "look_up": (_ARM_RAISED, _ARM_RAISED),
}
_LEG: Final = _Limb(((0.034, -0.40), (0.036, -0.20), (0.032, -0.025)), 0.042, 0.023)
_LEG_BACK: Final = _Limb(((0.030, -0.40), (0.046, -0.22), (0.060, -0.075)), 0.042, 0.022)


def figure_cel(
    tall: float, pose: str, costume: Costume, tones: Palette, *, facing: int = 1, light: float = 0
) -> Image.Image:
    """A person `tall` pixels high as RGBA, the feet at the lower edge's middle.

    `facing` is the side (1 right, -1 left) that a reaching arm points to; `light` the side that
    the light comes from, from -1 (left) to 1 (right).
    """
    size = (max(round(2 * _HALF_WIDTH * tall), 4), max(round((_ABOVE + _BELOW) * tall), 4))
    painter = _Painter(size, tall, facing)
    painter.person(pose, costume, tones)
    flat = painter.picture.resize(size, Image.Resampling.LANCZOS)
    return _lit(flat, light, tones)


class _Painter:
    def __init__(self, size: tuple[int, int], tall: float, facing: int) -> None:
        self.picture = Image.new("RGBA", (size[0] * _SUPERSAMPLING, size[1] * _SUPERSAMPLING))
        self._draw = ImageDraw.Draw(self.picture)
        self._unit = tall * _SUPERSAMPLING
        self._facing = facing

    def person(self, pose: str, costume: Costume, tones: Palette) -> None:
        trousers = mix(mix(costume.coat, tones.shadow, 0.72), (0.0, 0.0, 0.0), 0.35)
        boots = mix(trousers, (0.0, 0.0, 0.0), 0.4)
        for side in (-1, 1):
            leg = _LEG_BACK if pose == "walk" and side > 0 else _LEG
            self._limb(leg, side, trousers)
            self._foot(leg.joints[-1], side, boots)
        arms = _ARMS.get(pose, _ARMS["stand"])
        sleeve = mix(costume.coat, tones.shadow, 0.18)
        for side, arm in ((1, arms[0]), (-1, arms[1])):
            self._hand(arm.joints[-1], side, costume.skin)
            self._limb(arm, side, sleeve)
        coat = _COAT_LONG if costume.long_hair else _COAT_SHORT
        self._mirrored(coat, costume.coat)
        for x0, y0, x1, y1 in _FOLDS if costume.long_hair else _FOLDS[:1]:
            line = [self._at((x0, y0)), self._at((x1, min(y1, coat[-1][1])))]
            self._draw.line(line, fill=_solid(mix(costume.coat, (0.0, 0.0, 0.0), 0.38)),
                            width=max(round(self._unit * 0.006), 1))  # fmt: skip
        self._draw.rectangle([*self._ordered((-0.022, -0.885), (0.022, -0.835))],
                             fill=_solid(costume.skin))  # fmt: skip
        self._draw.ellipse([*self._ordered((-0.044, -0.995), (0.044, -0.872))],
                           fill=_solid(costume.skin))  # fmt: skip
        self._mirrored(_HAIR_LONG if costume.long_hair else _HAIR_SHORT, costume.hair)

    def _at(self, point: Point) -> Point:
        x = self.picture.width / 2 + point[0] * self._facing * self._unit
        return x, self.picture.height - (_BELOW - point[1]) * self._unit

    def _ordered(self, first: Point, second: Point) -> tuple[float, float, float, float]:
        (x0, y0), (x1, y1) = self._at(first), self._at(second)
        return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)

    def _mirrored(self, half: Sequence[Point], colour: Rgb) -> None:
        """A shape given by its right half. The left is a shade fuller: nobody is symmetrical."""
        whole = [*half, *((-x * 1.04, y * 0.998) for x, y in reversed(half))]
        self._draw.polygon([self._at(p) for p in _spline(whole)], fill=_solid(colour))

    def _limb(self, limb: _Limb, side: int, colour: Rgb) -> None:
        joints = _dense([(x * side, y) for x, y in limb.joints])
        for number, joint in enumerate(joints):
            share = number / (len(joints) - 1)
            radius = limb.thick + (limb.thin - limb.thick) * share
            self._dot(joint, radius, colour)

    def _hand(self, wrist: Point, side: int, colour: Rgb) -> None:
        self._dot((wrist[0] * side, wrist[1] + 0.006), 0.017, colour)

    def _foot(self, ankle: Point, side: int, colour: Rgb) -> None:
        x, y = ankle[0] * side, ankle[1]
        box = self._ordered((x - 0.026, y - 0.022), (x + 0.026, y + 0.028))
        self._draw.ellipse([*box], fill=_solid(colour))

    def _dot(self, middle: Point, radius: float, colour: Rgb) -> None:
        x, y = self._at(middle)
        reach = radius * self._unit
        self._draw.ellipse((x - reach, y - reach, x + reach, y + reach), fill=_solid(colour))


def _spline(points: Sequence[Point]) -> list[Point]:
    """A closed Catmull-Rom curve through the points."""
    count = len(points)
    curve: list[Point] = []
    for i in range(count):
        p0, p1, p2, p3 = (points[(i + k) % count] for k in (-1, 0, 1, 2))
        for step in range(_SPLINE_STEPS):
            t = step / _SPLINE_STEPS
            curve.append((_catmull(p0[0], p1[0], p2[0], p3[0], t),
                          _catmull(p0[1], p1[1], p2[1], p3[1], t)))  # fmt: skip
    return curve


def _catmull(a: float, b: float, c: float, d: float, t: float) -> float:
    return 0.5 * (
        2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3
    )


def _dense(joints: Sequence[Point]) -> list[Point]:
    """A limb's middle line, bent softly at the elbow or the knee (a quadratic Bézier's way)."""
    (x0, y0), (x1, y1), (x2, y2) = joints
    x1, y1 = 2 * x1 - (x0 + x2) / 2, 2 * y1 - (y0 + y2) / 2
    steps = [i / 40 for i in range(41)]
    return [
        (
            (1 - t) ** 2 * x0 + 2 * (1 - t) * t * x1 + t**2 * x2,
            (1 - t) ** 2 * y0 + 2 * (1 - t) * t * y1 + t**2 * y2,
        )
        for t in steps
    ]


def _lit(flat: Image.Image, light: float, tones: Palette) -> Image.Image:
    """Backlight: the body in shade, more so away from the light, and a bright edge towards it."""
    mask = flat.getchannel("A")
    colour = np.asarray(flat.convert("RGB"), np.float32) / 255
    across = np.linspace(-1, 1, flat.width, dtype=np.float32)[None, :, None]
    down = np.linspace(0, 1, flat.height, dtype=np.float32)[:, None, None]
    shade = 1.02 + 0.45 * np.clip(across * light * 3.0, -0.8, 1) - 0.30 * down
    soft = np.asarray(mask.filter(ImageFilter.GaussianBlur(flat.height * 0.018)), np.float32)
    round_off = (soft[..., None] / 255) ** 0.7
    body = np.clip(np.minimum(colour, 1) * (shade * (1.22 - 0.35 * round_off)), 0, 1)
    body += (np.asarray(tones.shadow, np.float32) - body) * (0.06 + 0.20 * down)
    reach = max(flat.height * 0.007, 1.0)
    drift = round(reach * (1.4 if light >= 0 else -1.4) * max(abs(light), 0.35))
    inner = ImageChops.offset(mask, -drift, max(round(reach * 0.8), 1))
    rim = ImageChops.subtract(mask, inner).filter(ImageFilter.GaussianBlur(reach * 0.55))
    edge = np.clip(np.asarray(rim, np.float32)[..., None] / 255 * 1.3, 0, 1)
    body += (np.asarray(mix(tones.key, tones.light, 0.55), np.float32) - body) * edge
    lit = Image.fromarray((np.clip(body, 0, 1) * 255).astype(np.uint8))
    lit.putalpha(mask)
    return lit


def floor_shadow(
    frame: Image.Image, feet: Point, tall: float, light: Point, tones: Palette
) -> None:
    """The shadow on the floor, away from the light, drawn into the background."""
    small = (max(frame.width // 4, 2), max(frame.height // 4, 2))
    shadow = Image.new("L", small, 0)
    x, y = feet[0] * small[0], feet[1] * small[1]
    reach = tall / 4
    lean = math.copysign(min(abs(feet[0] - light[0]) * 1.2, 0.5), feet[0] - light[0]) * reach
    draw = ImageDraw.Draw(shadow)
    draw.ellipse((x - reach * 0.13, y - reach * 0.03, x + reach * 0.13, y + reach * 0.03), fill=190)
    points = [(x - reach * 0.09, y), (x + reach * 0.09, y)]
    points += [(x + lean + reach * 0.2, y + reach * 0.3), (x + lean - reach * 0.2, y + reach * 0.3)]
    draw.polygon(points, fill=130)
    soft = shadow.filter(ImageFilter.GaussianBlur(max(reach * 0.04, 0.5))).resize(frame.size)
    frame.paste(Image.new("RGB", frame.size, _solid(tones.shadow)[:3]), (0, 0), soft)


def airship_cel(long: float, light: float, tones: Palette) -> Image.Image:
    """An airship `long` pixels from nose to tail as RGBA."""
    size = (max(int(long * 1.1), 4), max(int(long * 0.5), 4))
    flat = Image.new("RGBA", (size[0] * _SUPERSAMPLING, size[1] * _SUPERSAMPLING))
    draw = ImageDraw.Draw(flat)
    w, h = flat.size
    hull = _solid(mix(tones.mid, tones.accent, 0.35))
    dark = _solid(mix(tones.shadow, tones.mid, 0.3))
    tail = [(0.78, 0.36), (0.97, 0.06), (0.99, 0.10), (0.93, 0.38), (0.99, 0.66), (0.97, 0.70)]
    draw.polygon([(w * x, h * y) for x, y in tail], fill=dark)
    draw.ellipse((w * 0.06, h * 0.10, w * 0.94, h * 0.66), fill=hull)
    for rib in (0.25, 0.38, 0.62, 0.75):
        draw.arc((w * rib - w * 0.05, h * 0.12, w * rib + w * 0.05, h * 0.64), 90, 270, fill=dark,
                 width=max(w // 220, 1))  # fmt: skip
    draw.rounded_rectangle((w * 0.36, h * 0.70, w * 0.58, h * 0.82), radius=h * 0.05, fill=dark)
    for strut in (0.40, 0.54):
        draw.line((w * strut, h * 0.62, w * strut, h * 0.72), fill=dark, width=max(w // 200, 1))
    return _lit(flat.resize(size, Image.Resampling.LANCZOS), light, tones)


def _solid(colour: Rgb) -> tuple[int, int, int, int]:
    red, green, blue = (round(min(max(c, 0.0), 1.0) * 255) for c in colour)
    return red, green, blue, 255
