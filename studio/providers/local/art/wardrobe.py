"""How someone looks in every shot of a film: from their picture, or the same pick every time."""

import colorsys
import hashlib
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from studio.providers.local.art.figure import Costume
from studio.providers.local.colour import Rgb, from_hex
from studio.providers.local.words import words_of

_COATS: Final = ("#8c2f39", "#2f5d8c", "#3f7a5a", "#b0803a", "#6b4a8c", "#a04e2c")
_HAIRS: Final = ("#1c1714", "#3b2618", "#5a3a1e", "#241c2a")
_LONG: Final = frozenset({"woman", "girl", "she", "her", "heroine", "queen", "mother", "lady"})
_SHORT: Final = frozenset({"man", "boy", "he", "him", "his", "king", "soldier", "father"})
_SAMPLE: Final = (60, 80)
_DARK_SHARE: Final = 0.15
_VALUE_MIN: Final = 0.42
"""Clothes darker than this would be a hole in the picture."""


def costume_of(film: str, text: str, portrait: Image.Image | None) -> Costume:
    """What the subject of a film wears. The same film, text and portrait give the same."""
    pick = hashlib.sha256(film.encode()).digest()
    words = words_of(text)
    is_long = bool(words & _LONG) if words & (_LONG | _SHORT) else pick[0] % 2 == 0
    if portrait is None:
        return Costume(
            coat=from_hex(_COATS[pick[1] % len(_COATS)]),
            hair=from_hex(_HAIRS[pick[2] % len(_HAIRS)]),
            long_hair=is_long,
        )
    small = np.asarray(portrait.convert("RGB").resize(_SAMPLE, Image.Resampling.BOX), np.float32)
    small = small / np.float32(255)
    body = small[42:78, 26:34].reshape(-1, 3)
    head = small[10:40, 22:38].reshape(-1, 3)
    return Costume(coat=_garment(body), hair=_darkest(head), long_hair=is_long)


def _garment(pixels: NDArray[np.float32]) -> Rgb:
    """The colour in the middle of the body, a little more vivid: it will stand in shade."""
    red, green, blue = (float(v) for v in np.median(pixels, axis=0))
    hue, saturation, value = colorsys.rgb_to_hsv(red, green, blue)
    return colorsys.hsv_to_rgb(hue, min(saturation * 1.15, 1.0), max(value, _VALUE_MIN))


def _darkest(pixels: NDArray[np.float32]) -> Rgb:
    order = np.argsort(pixels.sum(axis=1), kind="stable")
    return _mean(pixels[order[: int(len(pixels) * _DARK_SHARE)]])


def _mean(pixels: NDArray[np.float32]) -> Rgb:
    red, green, blue = (float(v) for v in pixels.mean(axis=0))
    return red, green, blue
