"""Cels in motion, pasted into the planes of a frame at sub-pixel precision."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from PIL import Image

from studio.providers.local.art.cels import Cel, Motion
from studio.providers.local.art.stage import Point
from studio.providers.local.motion import View

# Rec. ITU-R BT.709-6, items 3.2 to 3.4, scaled to 16..235 and 16..240 in 8 bits.
LUMA: Final = (0.2126 * 219 / 255, 0.7152 * 219 / 255, 0.0722 * 219 / 255, 16.0)
CB: Final = (-0.1146 * 224 / 255, -0.3854 * 224 / 255, 0.5 * 224 / 255, 128.0)
CR: Final = (0.5 * 224 / 255, -0.4542 * 224 / 255, -0.0458 * 224 / 255, 128.0)

_ORBIT_RADIANS_PER_SECOND: Final = 0.17
_RUSH_PER_SECOND: Final = 0.13
_RUSH_NEAR: Final = 1.0
_RUSH_FAR: Final = 0.14
"""Half a frame's height is 0.5: pictures fly from near the middle to beyond the corners."""
_WALK_PER_SECOND: Final = 0.017
_WALK_MAX: Final = 0.25
_STEPS_RADIANS_PER_SECOND: Final = 5.2
_INVISIBLE_PIXELS: Final = 1.5
_RIM: Final = 2
"""Pixels around a cel: a sample beside its edge finds nothing."""


@dataclass(frozen=True)
class Pose:
    """Where a cel is (fractions of the still), how large, how squeezed, how opaque.

    Nothing is turned in the plane: scaling alone costs a fifth of it, and a picture on a string
    turns about its string.
    """

    x: float
    y: float
    scale: float = 1.0
    squeeze: float = 1.0
    cover: float = 1.0


def pose_of(cel: Cel, size: tuple[int, int], seconds: float) -> Pose:
    """Where a cel of a still of `size` is after so many seconds. Unknown motions rest."""
    tall = cel.picture.height / size[1]
    move = _MOVES.get(cel.motion.kind)
    if move is None:
        return Pose(*cel.middle)
    return move(cel.motion, cel.middle, tall, seconds)


def _swaying(motion: Motion, rest: Point, tall: float, seconds: float) -> Pose:
    swing = math.sin(0.9 * seconds + motion.phase) - math.sin(motion.phase)
    turn = 1 - math.cos(0.55 * seconds)
    return Pose(rest[0] + 0.02 * tall * swing, rest[1], squeeze=1 - 0.14 * turn)


def _floating(motion: Motion, rest: Point, tall: float, seconds: float) -> Pose:
    wave = math.sin(0.9 * seconds + motion.phase)
    scale = 1 + 0.012 * math.sin(0.6 * seconds)
    return Pose(rest[0] + 0.004 * math.sin(0.5 * seconds), rest[1] + 0.02 * tall * wave, scale)


def _breathing(motion: Motion, rest: Point, tall: float, seconds: float) -> Pose:
    scale = 1 + 0.006 * math.sin(1.4 * seconds + motion.phase)
    lean = 0.004 * math.sin(0.6 * seconds + motion.phase) * tall
    return Pose(rest[0] + lean, rest[1] - tall * (scale - 1) / 2, scale)


def _orbiting(motion: Motion, rest: Point, tall: float, seconds: float) -> Pose:
    del rest, tall
    turn = motion.phase + _ORBIT_RADIANS_PER_SECOND * seconds
    near, before = ((1 + math.sin(a)) / 2 for a in (turn, motion.phase))
    return Pose(
        motion.around[0] + motion.reach[0] * math.cos(turn),
        motion.around[1] + motion.reach[1] * math.sin(turn),
        (0.075 + 0.115 * near) / (0.075 + 0.115 * before),
        squeeze=0.80 + 0.20 * math.cos(0.8 * seconds),
    )


def _rushing(motion: Motion, rest: Point, tall: float, seconds: float) -> Pose:
    """Outwards from the middle, ever faster; what has left comes again from afar."""
    del tall
    across, down = (rest[0] - motion.around[0]) * motion.reach[0], rest[1] - motion.around[1]
    start = min(max(math.hypot(across, down), _RUSH_FAR), 0.99 * _RUSH_NEAR)
    span = math.log(_RUSH_NEAR / _RUSH_FAR)
    flown = (math.log(start / _RUSH_FAR) + _RUSH_PER_SECOND * seconds) % span
    scale = _RUSH_FAR * math.exp(flown) / start
    return Pose(
        motion.around[0] + (rest[0] - motion.around[0]) * scale,
        motion.around[1] + down * scale,
        scale,
        cover=min(flown / 0.35, 1.0),
    )


def _walking(motion: Motion, rest: Point, tall: float, seconds: float) -> Pose:
    """Towards `around` over a level floor: the feet rise to it as the figure grows smaller."""
    gone = min(_WALK_PER_SECOND * seconds, _WALK_MAX)
    feet = rest[1] + tall / 2
    feet += (motion.around[1] - feet) * gone
    step = math.sin(_STEPS_RADIANS_PER_SECOND * seconds)
    return Pose(
        rest[0] + (motion.around[0] - rest[0]) * gone + 0.0012 * step,
        feet - tall / 2 * (1 - gone) - 0.0035 * abs(step),
        1 - gone,
    )


_MOVES: Final[Mapping[str, Callable[[Motion, Point, float, float], Pose]]] = {
    "sway": _swaying,
    "float": _floating,
    "breathe": _breathing,
    "orbit": _orbiting,
    "rush": _rushing,
    "walk": _walking,
}


class _Texture:
    """Planes of a cel at one resolution, with an empty rim to sample into."""

    def __init__(self, planes: Sequence[Image.Image], cover: Image.Image) -> None:
        self.planes = [_rimmed(plane, _edge_tone(plane)) for plane in planes]
        self.cover = _rimmed(cover, 0)

    def stamp(
        self, frame: Sequence[Image.Image], middle: Point, scale: Point, cover: float
    ) -> None:
        """Lay the planes over those of a frame, `scale` across and down, around `middle`."""
        columns = _span(middle[0], self.cover.width, scale[0], frame[0].width)
        rows = _span(middle[1], self.cover.height, scale[1], frame[0].height)
        if columns is None or rows is None:
            return
        box = (columns.source[0], rows.source[0], columns.source[1], rows.source[1])
        size = (columns.length, rows.length)
        mask = self.cover.resize(size, Image.Resampling.BILINEAR, box=box)
        if cover < 1:
            mask = mask.point([round(v * cover) for v in range(256)])
        for plane, texture in zip(frame, self.planes, strict=True):
            shown = texture.resize(size, Image.Resampling.BILINEAR, box=box)
            plane.paste(shown, (columns.start, rows.start), mask)


@dataclass(frozen=True)
class _Span:
    """Whole pixels of a frame along one axis, and the part of the texture that falls on them."""

    start: int
    length: int
    source: tuple[float, float]


def _span(middle: float, texture: int, scale: float, frame: int) -> _Span | None:
    extent = texture * scale
    if extent < _INVISIBLE_PIXELS:
        return None
    first = middle - extent / 2
    start, end = max(math.ceil(first), 0), min(math.floor(first + extent), frame)
    if end <= start:
        return None
    source = ((start - first) / scale, min((end - first) / scale, float(texture)))
    return _Span(start, end - start, source)


def _rimmed(plane: Image.Image, tone: int) -> Image.Image:
    wider = Image.new("L", (plane.width + 2 * _RIM, plane.height + 2 * _RIM), tone)
    wider.paste(plane, (_RIM, _RIM))
    return wider


def _edge_tone(plane: Image.Image) -> int:
    tone = plane.getpixel((plane.width // 2, 0))
    return tone if isinstance(tone, int) else 0


class CelPlanes:
    """One cel as planes of BT.709 YUV 4:2:0 beside its cover."""

    def __init__(self, cel: Cel, size: tuple[int, int]) -> None:
        self._cel, self._size = cel, size
        picture, cover = cel.picture.convert("RGB"), cel.picture.getchannel("A")
        small = picture.reduce(2)
        self._luma = _Texture([picture.convert("L", LUMA)], cover)
        self._chroma = _Texture([small.convert("L", CB), small.convert("L", CR)], cover.reduce(2))

    def paste(
        self, planes: tuple[Image.Image, Image.Image, Image.Image], view: View, seconds: float
    ) -> None:
        """Lay the cel over the planes of a frame as the camera sees it now."""
        luma, blue, red = planes
        pose, depth = pose_of(self._cel, self._size, seconds), self._cel.motion.depth
        zoom = 1 + (view.zoom - 1) * depth
        fit = max(luma.width / self._size[0], luma.height / self._size[1])
        # The still fills the frame, cropped as `cover_fit` crops it.
        left, top = (
            (luma.width - self._size[0] * fit) * 0.5,
            (luma.height - self._size[1] * fit) * 0.4,
        )
        x = (pose.x * self._size[0] * fit + left) / luma.width
        y = (pose.y * self._size[1] * fit + top) / luma.height
        x = (x - 0.5 - (view.x - 0.5) * depth) * zoom + 0.5
        y = (y - 0.5 - (view.y - 0.5) * depth) * zoom + 0.5
        scale = pose.scale * zoom * fit
        both = (scale * pose.squeeze, scale)
        self._luma.stamp((luma,), (x * luma.width, y * luma.height), both, pose.cover)
        half = (x * blue.width, y * blue.height)
        self._chroma.stamp((blue, red), half, both, pose.cover)
