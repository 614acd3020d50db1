"""The last touch on a still: grade, vignette, grain, caption and the honest mark."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFont

from studio.providers.local.words import words_of

MARK: Final = "ANIMATIC"
"""On every local still, so that nobody takes it for a generative model's work."""
CAPTION_LENGTH_MAX: Final = 80
_GRAIN_TILE: Final = 256
_MARGIN: Final = 0.035
_FONT_SIZE_MIN: Final = 9


@dataclass(frozen=True)
class Grade:
    """`contrast` and `saturation` 1 = as painted; `warmth` and `fade` 0 = none; `grain` in steps."""

    contrast: float = 1.06
    saturation: float = 1.04
    warmth: float = 0.0
    fade: float = 0.0
    grain: float = 2.2
    vignette: float = 0.42


_GRADES: Final[tuple[tuple[frozenset[str], Grade], ...]] = (
    (frozenset("noir monochrome black bw".split()), Grade(1.22, 0.12, 0.0, 0.0, 6.0, 0.6)),
    (frozenset("anime cartoon toon cel comic pixar animated animation".split()),
     Grade(1.08, 1.35, 0.0, 0.0, 0.6, 0.2)),
    (frozenset("watercolor watercolour painterly storybook pastel sketch illustration".split()),
     Grade(0.92, 0.88, 0.1, 0.5, 4.0, 0.15)),
    (frozenset("vintage retro super film analog analogue nostalgic polaroid".split()),
     Grade(0.98, 0.82, 0.5, 0.55, 7.0, 0.5)),
    (frozenset("documentary natural naturalistic handheld vlog".split()),
     Grade(1.0, 0.92, 0.0, 0.1, 3.5, 0.25)),
    (frozenset("neon cyberpunk synthwave scifi futuristic".split()),
     Grade(1.16, 1.3, -0.35, 0.0, 2.5, 0.5)),
    (frozenset("fantasy dream dreamy surreal ethereal magical".split()),
     Grade(1.0, 1.18, 0.15, 0.3, 1.5, 0.35)),
    (frozenset("horror gothic dark thriller".split()), Grade(1.2, 0.7, -0.3, 0.0, 6.0, 0.65)),
    (frozenset("commercial product clean minimal bright studio".split()),
     Grade(1.04, 1.1, 0.0, 0.12, 0.8, 0.12)),
)  # fmt: skip


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


def write_caption(picture: Image.Image, caption: str) -> None:
    """Write the mark into the lower right corner and the caption, if any, into the lower left.

    Any text goes: what the bundled font has no glyph for comes out as a box.
    """
    overlay = Image.new("L", picture.size, 0)
    draw = ImageDraw.Draw(overlay)
    margin = round(_MARGIN * picture.height)
    bottom = picture.height - margin
    small = ImageFont.load_default(max(round(picture.height * 0.019), _FONT_SIZE_MIN))
    draw.text((picture.width - margin, bottom), MARK, fill=150, font=small, anchor="rs")
    cleaned = " ".join(caption.split())[:CAPTION_LENGTH_MAX]
    if cleaned:
        font = ImageFont.load_default(max(round(picture.height * 0.027), _FONT_SIZE_MIN))
        room = picture.width - 3 * margin - draw.textlength(MARK, font=small)
        while cleaned and draw.textlength(cleaned, font=font) > room:
            cleaned = cleaned[:-2].rstrip() + "…" if len(cleaned) > 2 else ""  # noqa: PLR2004
        draw.text((margin, bottom), cleaned, fill=205, font=font, anchor="ls")
    shadow = ImageChops.offset(overlay, 1, 1).point([v // 2 for v in range(256)])
    picture.paste((0, 0, 0), (0, 0), shadow)
    picture.paste((255, 255, 255), (0, 0), overlay)
