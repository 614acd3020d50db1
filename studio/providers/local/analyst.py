"""The offline analyst. Model id `local-analyst`: it says what can be measured, and guesses nothing.

It recognises neither people nor places: what an upload is for comes from the caller's own words.
"""

import asyncio
import colorsys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from studio.contracts.assets import AssetKind
from studio.contracts.documents import AssetClass, Transcript
from studio.providers.pictures import UnreadablePicture, opened_picture
from studio.providers.ports import DescribeRequest, Description, TranscribeRequest

COLOURS_NAMED_MAX: Final = 3
_SAMPLE_SIZE: Final = (48, 48)
_COLOUR_SHARE_MIN: Final = 0.08
"""A colour on less of the picture than this is a detail."""

Pixels = NDArray[np.float32]
"""Red, green and blue from 0 to 1, shape (height, width, 3)."""

_HUES: Final = (
    (0.045, "red"), (0.11, "orange"), (0.18, "yellow"), (0.42, "green"), (0.53, "teal"),
    (0.70, "blue"), (0.80, "violet"), (0.93, "magenta"), (1.01, "red"),
)  # fmt: skip
"""Where on the colour circle, from 0 to 1, each name ends."""
_GREY_SATURATION: Final = 0.14
_BLACK_VALUE: Final = 0.16
_WHITE_VALUE: Final = 0.84
_BROWN_VALUE: Final = 0.55

_BRIGHTNESS: Final = ((0.14, "very dark"), (0.34, "dark"), (0.62, "evenly lit"), (1.01, "bright"))
_MOVEMENT: Final = (
    (0.008, "It hardly moves."), (0.05, "It moves a little."), (0.12, "It moves clearly."),
    (1.01, "It moves a lot."),
)  # fmt: skip
"""Mean difference of neighbouring sampled frames, as a share of full scale."""


class LocalAnalyst:
    """Analyst port. Pictures that cannot be opened are passed over."""

    async def describe(self, request: DescribeRequest) -> Description | None:
        return await asyncio.to_thread(_described, request)

    async def transcribe(self, request: TranscribeRequest) -> Transcript | None:
        """None: nothing here understands speech."""
        del request
        return None


def _described(request: DescribeRequest) -> Description | None:
    opened = [found for path in request.pictures if (found := _opened(path)) is not None]
    if not opened:
        return None
    size, first = opened[0]
    pixels = [sample for _, sample in opened]
    light = float(np.mean([p.mean() for p in pixels]))
    noun = "video" if request.kind is AssetKind.VIDEO else "picture"
    text = f"{_shape(size)} {noun}, {_named(light, _BRIGHTNESS)}, mostly {_colours(first)}."
    if len(pixels) > 1:
        text += f" {_named(_movement(pixels), _MOVEMENT)}"
    return Description(text=text, asset_class=AssetClass.OTHER, name=request.label.strip())


def _opened(path: Path) -> tuple[tuple[int, int], Pixels] | None:
    try:
        with opened_picture(path) as picture:
            size = picture.size
            picture.draft("RGB", _SAMPLE_SIZE)
            small = picture.convert("RGB").resize(_SAMPLE_SIZE, Image.Resampling.BOX)
    except UnreadablePicture:
        return None
    return size, np.asarray(small, np.float32) / np.float32(255)


def _shape(size: tuple[int, int]) -> str:
    width, height = size
    shape = "square" if width == height else "wide" if width > height else "upright"
    return f"{'An' if shape[0] in 'aeiou' else 'A'} {shape}"


def _named(value: float, names: Sequence[tuple[float, str]]) -> str:
    return next(name for limit, name in names if value < limit)


def _movement(pixels: Sequence[Pixels]) -> float:
    steps = [np.abs(a - b).mean() for a, b in pairwise(pixels)]
    return float(np.mean(steps))


def _colours(pixels: Pixels) -> str:
    """The names of the colours that cover most of it, most first."""
    counts: dict[str, int] = {}
    for red, green, blue in pixels.reshape(-1, 3):
        name = colour_name(float(red), float(green), float(blue))
        counts[name] = counts.get(name, 0) + 1
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:COLOURS_NAMED_MAX]
    total = sum(counts.values())
    names = [name for name, count in ordered if count / total >= _COLOUR_SHARE_MIN]
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]


def colour_name(red: float, green: float, blue: float) -> str:
    """A plain English word for a colour given by its channels from 0 to 1."""
    hue, saturation, value = colorsys.rgb_to_hsv(red, green, blue)
    if value < _BLACK_VALUE:
        return "black"
    if saturation < _GREY_SATURATION:
        return "white" if value > _WHITE_VALUE else "grey"
    name = _named(hue, _HUES)
    return "brown" if name == "orange" and value < _BROWN_VALUE else name
