"""The last touch on a still: grade, vignette and grain."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image, ImageChops, ImageEnhance

from studio.providers.local.words import word_set, words_of

_GRAIN_TILE: Final = 256


@dataclass(frozen=True)
class Grade:
    """`contrast` and `saturation`: 1 is as painted. `warmth` and `fade`: 0 is none."""

    contrast: float = 1.06
    saturation: float = 1.04
    warmth: float = 0.0
    fade: float = 0.0
    grain: float = 2.2
    vignette: float = 0.42


_GRADES: Final[tuple[tuple[frozenset[str], Grade], ...]] = (
    (
        word_set("neon cyberpunk synthwave futuristic science"),
        Grade(1.16, 1.3, -0.35, 0.0, 2.5, 0.5),
    ),
    (word_set("noir monochrome bw"), Grade(1.22, 0.06, 0.0, 0.0, 5.0, 0.6)),
    (
        word_set("anime cartoon toon cel comic animated animation"),
        Grade(1.08, 1.35, 0.0, 0.0, 0.6, 0.2),
    ),
    (
        word_set("watercolor watercolour painterly storybook pastel sketch illustration"),
        Grade(0.92, 0.88, 0.1, 0.5, 3.0, 0.1),
    ),
    (
        word_set("vintage retro analog analogue nostalgic polaroid"),
        Grade(0.98, 0.82, 0.5, 0.55, 6.0, 0.5),
    ),
    (
        word_set("documentary natural naturalistic handheld vlog"),
        Grade(1.0, 0.92, 0.0, 0.1, 3.0, 0.25),
    ),
    (
        word_set("fantasy dream dreamy dreamlike surreal ethereal magical"),
        Grade(1.0, 1.18, 0.15, 0.3, 1.5, 0.35),
    ),
    (word_set("horror gothic thriller"), Grade(1.2, 0.6, -0.3, 0.0, 5.0, 0.65)),
    (
        word_set("golden sunset clay stop motion cutout paper"),
        Grade(1.05, 1.15, 0.5, 0.1, 2.0, 0.3),
    ),
    (
        word_set("commercial product clean minimal studio"),
        Grade(1.04, 1.1, 0.0, 0.12, 0.8, 0.12),
    ),
)


def grade_of(style: str) -> Grade:
    """The look that a style's words ask for; a mild filmic one where they name none."""
    present = words_of(style)
    return next((grade for words, grade in _GRADES if words & present), Grade())


def finished(picture: Image.Image, grade: Grade, rng: np.random.Generator) -> Image.Image:
    """A graded copy of the picture. Memory stays a few copies of it, also at 4K."""
    picture = ImageEnhance.Color(picture).enhance(grade.saturation)
    picture = picture.point(_curves(grade))
    picture = ImageChops.multiply(picture, _vignette(picture.size, grade.vignette))
    return _with_grain(picture, grade.grain, rng)


def _curves(grade: Grade) -> list[int]:
    """Pillow's table of 3 x 256: an S for contrast, lifted blacks, warm or cold ends."""
    steps = np.linspace(0, 1, 256)
    curved = steps + (grade.contrast - 1) * np.sin((steps - 0.5) * 2 * np.pi) * 0.22
    curved = curved * (1 - 0.14 * grade.fade) + 0.075 * grade.fade
    tables = []
    for tint in (0.035, 0.004, -0.040):
        shifted = curved + tint * grade.warmth * np.sin(steps * np.pi)
        tables += [round(v) for v in np.clip(shifted * 255, 0, 255)]
    return tables


def _vignette(size: tuple[int, int], strength: float) -> Image.Image:
    small = 64
    axis = np.linspace(-1, 1, small)
    corner = np.clip((np.hypot(*np.meshgrid(axis, axis)) - 0.55) / 0.86, 0, 1) ** 1.6
    plane = Image.fromarray((255 * (1 - strength * corner)).astype(np.uint8))
    plane = plane.resize(size, Image.Resampling.BICUBIC)
    return Image.merge("RGB", (plane, plane, plane))


def _with_grain(picture: Image.Image, strength: float, rng: np.random.Generator) -> Image.Image:
    noise = np.clip(128 + rng.normal(0, strength, (_GRAIN_TILE, _GRAIN_TILE)), 0, 255)
    tile = Image.fromarray(noise.round().astype(np.uint8))
    sheet = Image.new("L", picture.size)
    for left in range(0, picture.width, _GRAIN_TILE):
        for top in range(0, picture.height, _GRAIN_TILE):
            sheet.paste(tile, (left, top))
    return ImageChops.add(picture, Image.merge("RGB", (sheet, sheet, sheet)), 1, -128)
