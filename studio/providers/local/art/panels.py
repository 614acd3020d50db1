"""Pictures inside the picture: uploads (and blank photographs) hung in perspective, soft-edged."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from studio.providers.local.art.stage import Point, Quad
from studio.providers.local.colour import Rgb

PANEL_RATIO_MIN: Final = 0.55
PANEL_RATIO_MAX: Final = 1.9
"""A panel takes its picture's own shape between these; longer ones are cropped to fit."""
HERO_RATIO_MAX: Final = 1.36
HERO_WIDTH_MAX: Final = 0.74
"""Of the frame's width: the scene must stay visible around the main reference, so a wide one
loses a little on both sides."""
_FEATHER: Final = 0.016
"""Of the panel's height. Soft enough to sit in the scene, sharp enough to be its own thing."""
_TEXTURE_SIDE_MAX: Final = 1600
_PANEL_SIDE_MIN: Final = 6


def hero_quad(middle: Point, height: float, ratio: float, aspect: float, yaw: float) -> Quad:
    """An upright picture facing the viewer, turned by `yaw` (-1 to 1, 0 is flat on).

    `height` is a share of the frame's height; it shrinks where the width would pass
    `HERO_WIDTH_MAX`. The picture is kept inside the frame.
    """
    height = min(height, HERO_WIDTH_MAX * aspect / ratio)
    half_width = height * ratio / aspect / 2
    middle_x = min(max(middle[0], half_width + 0.03), 1 - half_width - 0.03)
    left, right = middle_x - half_width, middle_x + half_width
    tall, short = height / 2 * (1 + 0.07 * yaw), height / 2 * (1 - 0.07 * yaw)
    y = middle[1]
    return (left, y - tall), (right, y - short), (right, y + short), (left, y + tall)


def hero_ratio(picture: Image.Image) -> float:
    """The shape that the main reference is shown in: its own, unless it is very tall or wide."""
    return min(max(picture.width / picture.height, PANEL_RATIO_MIN), HERO_RATIO_MAX)


def quad_ratio(quad: Quad, aspect: float) -> float:
    """Width over height of a place in the frame, perspective averaged out."""
    width = abs(quad[1][0] - quad[0][0] + quad[2][0] - quad[3][0]) / 2 * aspect
    height = abs(quad[3][1] - quad[0][1] + quad[2][1] - quad[1][1]) / 2
    return min(max(width / max(height, 1e-6), PANEL_RATIO_MIN), PANEL_RATIO_MAX)


def cover_fit(picture: Image.Image, width: int, height: int) -> Image.Image:
    """Fill `width` x `height`, cropping what is over, a little more from below than from above."""
    scale = max(width / picture.width, height / picture.height)
    box_width, box_height = min(width / scale, picture.width), min(height / scale, picture.height)
    left, top = (picture.width - box_width) / 2, (picture.height - box_height) * 0.4
    box = (left, top, left + box_width, top + box_height)
    return picture.resize((width, height), Image.Resampling.LANCZOS, box=box)


def hung(
    frame: Image.Image, picture: Image.Image, quad: Quad, glow: Rgb, strength: float
) -> Image.Image | None:
    """A picture as it hangs at a quad: RGBA of the size it takes in the frame, softly edged.

    Light spilling around it goes into `frame`, in place. None where it is too small to be seen.
    """
    corners = np.asarray(quad, np.float64) * np.asarray(frame.size, np.float64)
    low, high = np.floor(corners.min(0)).astype(int), np.ceil(corners.max(0)).astype(int)
    extent = high - low
    if extent.min() < _PANEL_SIDE_MIN:
        return None
    _spill(frame, corners, glow, strength)
    height = min(int(extent[1]), _TEXTURE_SIDE_MAX)
    ratio = quad_ratio(quad, frame.width / frame.height)
    texture = cover_fit(picture.convert("RGB"), max(round(height * ratio), 2), max(height, 2))
    mask = _soft_mask(texture.size)
    coefficients = _perspective(corners - low, texture.size)
    warp = (int(extent[0]), int(extent[1]))
    method, smooth = Image.Transform.PERSPECTIVE, Image.Resampling.BICUBIC
    warped = texture.transform(warp, method, coefficients, smooth)
    warped.putalpha(mask.transform(warp, method, coefficients, smooth))
    return warped


def middle_of(quad: Quad) -> Point:
    """The middle of the box around a quad, where its cel rests."""
    across, down = [x for x, _ in quad], [y for _, y in quad]
    return (min(across) + max(across)) / 2, (min(down) + max(down)) / 2


def _spill(
    frame: Image.Image,
    corners: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    colour: Rgb,
    strength: float,
) -> None:
    """Light around a panel: a blurred copy of its outline, screened onto what is behind it."""
    small = (max(frame.width // 8, 2), max(frame.height // 8, 2))
    outline = Image.new("L", small, 0)
    points = [(float(x) / 8, float(y) / 8) for x, y in corners]
    ImageDraw.Draw(outline).polygon(points, fill=round(255 * strength))
    radius = float(np.ptp(corners[:, 1])) / 8 * 0.14
    soft = outline.filter(ImageFilter.GaussianBlur(radius)).resize(
        frame.size, Image.Resampling.BICUBIC
    )
    light = Image.merge("RGB", [soft.point([round(v * c) for v in range(256)]) for c in colour])
    frame.paste(ImageChops.screen(frame, light))


def _soft_mask(size: tuple[int, int]) -> Image.Image:
    feather = max(size[1] * _FEATHER, 1.0)
    mask = Image.new("L", size, 0)
    inset = feather * 1.2
    ImageDraw.Draw(mask).rounded_rectangle(
        (inset, inset, size[0] - inset, size[1] - inset), radius=feather * 2.2, fill=255
    )
    return mask.filter(ImageFilter.GaussianBlur(feather / 2))


def _perspective(
    corners: np.ndarray[tuple[int, ...], np.dtype[np.float64]], size: tuple[int, int]
) -> list[float]:
    """Pillow's eight coefficients, which map a place in the output to one in the texture."""
    width, height = size
    source = ((0, 0), (width, 0), (width, height), (0, height))
    rows, values = [], []
    for (x, y), (u, v) in zip(corners, source, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    solved = np.linalg.lstsq(np.asarray(rows, np.float64), np.asarray(values, np.float64), None)[0]
    return [float(v) for v in solved]


def gallery_places(quads: Sequence[Quad], count: int, aspect: float) -> list[Quad]:
    """`count` places: the scene's own, and a row along the lower edge for what is over."""
    places = list(quads[:count])
    rest = count - len(places)
    for place in range(rest):
        per_row = max(min(rest, 8), 1)
        column, row = place % per_row, place // per_row
        middle = ((column + 0.5) / per_row, 0.90 - 0.15 * row)
        places.append(hero_quad(middle, 0.13, 1.2, aspect, 0.0))
    return places
