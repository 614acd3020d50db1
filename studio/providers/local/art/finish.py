"""The last touch on a still: grade, the style's way of drawing, shade of the corners, grain."""

from typing import Final

import numpy as np
from PIL import Image, ImageChops, ImageEnhance, ImageFilter

from studio.providers.local.art.grades import Grade
from studio.providers.local.art.treatments import overlaid, treated

_GRAIN_TILE: Final = 256
_SHADE_SIDE: Final = 64


def finished(picture: Image.Image, grade: Grade, rng: np.random.Generator) -> Image.Image:
    """A background in its style. Memory stays a few copies of it, also at 4K."""
    return overlaid(_drawn(picture, grade, rng), grade.overlay, rng)


def finished_cel(picture: Image.Image, grade: Grade, rng: np.random.Generator) -> Image.Image:
    """A cut-out (RGBA) in the same style; its outline stays as it is."""
    drawn = _drawn(picture.convert("RGB"), grade, rng)
    drawn.putalpha(picture.getchannel("A"))
    return drawn


def _drawn(picture: Image.Image, grade: Grade, rng: np.random.Generator) -> Image.Image:
    picture = ImageEnhance.Color(picture).enhance(grade.saturation)
    picture = picture.point(_curves(grade))
    if grade.split:
        picture = _split_toned(picture, grade)
    if grade.bloom:
        picture = _bloomed(picture, grade.bloom)
    return treated(picture, grade.treatment, rng)


def _curves(grade: Grade) -> list[int]:
    """Pillow's table of 3 x 256: an S for contrast, lifted blacks, warm or cold ends."""
    steps = np.linspace(0, 1, 256)
    curved = steps - (grade.contrast - 1) * np.sin(steps * 2 * np.pi) * 0.22
    curved = curved * (1 - 0.14 * grade.fade) + 0.075 * grade.fade
    curved = curved + grade.lift * np.sin(steps * np.pi)
    tables = []
    for tint in (0.035, 0.004, -0.040):
        shifted = curved + tint * grade.warmth * np.sin(steps * np.pi)
        tables += [round(v) for v in np.clip(shifted * 255, 0, 255)]
    return tables


def _split_toned(picture: Image.Image, grade: Grade) -> Image.Image:
    """Dark parts towards one colour, light parts towards another, as bright as they were."""
    grey = picture.convert("L")
    steps = np.linspace(0, 1, 256)
    tables = []
    for dark, light in zip(grade.shadows, grade.lights, strict=True):
        low = dark * (1 - steps) ** 1.5 + steps * light
        tables.append([round(v) for v in np.clip(low * 255, 0, 255)])
    toned = Image.merge("RGB", [grey.point(table) for table in tables])
    return Image.blend(picture, toned, grade.split)


def _bloomed(picture: Image.Image, strength: float) -> Image.Image:
    small = picture.reduce(4) if min(picture.size) > _SHADE_SIDE else picture
    bright = small.point([max(round((v - 110) * 1.7 * strength), 0) for v in range(256)] * 3)
    halo = bright.filter(ImageFilter.GaussianBlur(max(min(small.size) * 0.045, 0.5)))
    return ImageChops.screen(picture, halo.resize(picture.size, Image.Resampling.BICUBIC))


def shaded(picture: Image.Image, strength: float) -> Image.Image:
    """A picture whose corners fall into the dark."""
    if strength <= 0:
        return picture
    dark = shade_of(picture.size, strength)
    return Image.composite(Image.new("RGB", picture.size), picture, dark)


def shade_of(size: tuple[int, int], strength: float) -> Image.Image:
    """How dark each place of a frame is, as an L picture: nothing in the middle."""
    axis = np.linspace(-1, 1, _SHADE_SIDE)
    corner = np.clip((np.hypot(*np.meshgrid(axis, axis)) - 0.55) / 0.86, 0, 1) ** 1.6
    plane = Image.fromarray((255 * np.clip(strength * corner, 0, 1)).astype(np.uint8))
    return plane.resize(size, Image.Resampling.BICUBIC)


def with_grain(picture: Image.Image, strength: float, rng: np.random.Generator) -> Image.Image:
    """A picture (RGB or L) under film grain, `strength` levels of 255 strong."""
    noise = np.clip(128 + rng.normal(0, strength, (_GRAIN_TILE, _GRAIN_TILE)), 0, 255)
    tile = Image.fromarray(noise.round().astype(np.uint8))
    sheet = Image.new("L", picture.size)
    for left in range(0, picture.width, _GRAIN_TILE):
        for top in range(0, picture.height, _GRAIN_TILE):
            sheet.paste(tile, (left, top))
    grain = sheet if picture.mode == "L" else Image.merge("RGB", (sheet, sheet, sheet))
    return ImageChops.add(picture, grain, 1, -128)
