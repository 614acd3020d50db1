"""Photographs of places that nobody has been to: small scenes in faded print, framed in white."""

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from studio.providers.local.art.exteriors import (
    paint_city,
    paint_forest,
    paint_landscape,
    paint_water,
)
from studio.providers.local.art.stage import Stage
from studio.providers.local.colour import Palette, mix, palette_from_words

_SCENES: Final[tuple[tuple[Callable[[Stage], None], str], ...]] = (
    (paint_water, "sea dawn"),
    (paint_landscape, "golden summer"),
    (paint_forest, "forest leaf"),
    (paint_landscape, "winter snow"),
    (paint_city, "night neon"),
    (paint_water, "rose spring"),
    (paint_landscape, "ember"),
)
_WIDTH: Final = 240
_HEIGHT: Final = 180
_LARGE: Final = 2.5
"""How many times larger the one that stands in the middle of a scene is painted."""
_BORDER: Final = 0.055
_FADED: Final = 0.22
"""How far a print's colours have gone towards the scene's own."""


def photographs(palette: Palette, rng: np.random.Generator, count: int) -> Iterator[Image.Image]:
    """`count` prints, no two neighbours of the same place."""
    first = int(rng.integers(len(_SCENES)))
    for number in range(count):
        yield _printed(first + number * 3, palette, rng, 1.0)


def large_photograph(palette: Palette, rng: np.random.Generator) -> Image.Image:
    """One print to be looked at closely."""
    return _printed(int(rng.integers(len(_SCENES))), palette, rng, _LARGE)


def _printed(number: int, palette: Palette, rng: np.random.Generator, scale: float) -> Image.Image:
    paint, mood = _SCENES[number % len(_SCENES)]
    tones = palette_from_words(mood).tinted(palette, _FADED)
    stage = Stage(round(_WIDTH * scale), round(_HEIGHT * scale), tones, rng)
    paint(stage)
    picture = stage.picture()
    if rng.random() < 0.4:  # noqa: PLR2004 - two of five
        _draw_people(picture, tones, rng)
    return _framed(picture.filter(ImageFilter.GaussianBlur(0.5)), palette)


def _draw_people(picture: Image.Image, tones: Palette, rng: np.random.Generator) -> None:
    draw = ImageDraw.Draw(picture)
    red, green, blue = (round(c * 200) for c in mix(tones.shadow, (0.0, 0.0, 0.0), 0.4))
    unit = picture.height / 100
    x, ground = float(rng.uniform(0.3, 0.7)) * picture.width, picture.height * 0.95
    for person in range(int(rng.integers(1, 4))):
        tall = float(rng.uniform(24, 36)) * unit
        at, top = x + person * 12 * unit, ground - tall
        head = 3.2 * unit
        draw.ellipse((at - head, top, at + head, top + 2.2 * head), fill=(red, green, blue))
        wide, narrow = 6.0 * unit, 2.6 * unit
        body = [(at - narrow, top + 2 * head), (at + narrow, top + 2 * head)]
        body += [(at + wide, ground), (at - wide, ground)]
        draw.polygon(body, fill=(red, green, blue))


def _framed(picture: Image.Image, palette: Palette) -> Image.Image:
    edge = round(picture.height * _BORDER)
    paper = mix(palette.light, (1.0, 1.0, 1.0), 0.25)
    red, green, blue = (round(c * 246) for c in paper)
    size = (picture.width + 2 * edge, picture.height + 3 * edge)
    framed = Image.new("RGB", size, (red, green, blue))
    framed.paste(picture, (edge, edge))
    return framed
