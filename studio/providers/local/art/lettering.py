"""The caption and the honest mark on local pictures: written, lifted off again, shown in clips.

A clip's camera moves, but lettering must stand still and stay whole. So the video model takes the
painter's lettering off the keyframe (the blend is known, and can be undone) and lays its own over
every frame. What the keyframe carries is noted in a PNG text chunk.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

MARK: Final = "ANIMATIC"
"""On every local picture, so that nobody takes it for a generative model's work."""
CAPTION_CHUNK: Final = "fvs-animatic-caption"
"""Keyword of the PNG text chunk (at most 79 Latin-1 characters) that holds the caption."""
CAPTION_LENGTH_MAX: Final = 80
_MARGIN: Final = 0.035
_FONT_SIZE_MIN: Final = 9
_MARK_STRENGTH: Final = 140
_CAPTION_STRENGTH: Final = 190
_SHADOW_SHARE: Final = 0.4

Cover = NDArray[np.float32]
"""How much of a pixel a letter covers, 0 to 1, shape (strip height, width)."""


@dataclass(frozen=True)
class Ink:
    """What lettering does to the part of a frame that it is in: `keep` of what is there, plus
    `add` (1 is white). Both have the shape of the two slices, which are rows and columns.
    """

    rows: slice
    columns: slice
    keep: Cover
    add: Cover


@dataclass(frozen=True)
class Lettering:
    """Covers of the strip of a frame that begins at row `top`."""

    top: int
    mark: Cover
    caption: Cover

    def ink(self, caption_strength: float) -> Ink | None:
        """The smallest part of a frame that has letters in it; None where there are none."""
        ink, shadow = self.ink_and_shadow(caption_strength)
        rows, columns = np.nonzero(np.maximum(ink, shadow))
        if not len(rows):
            return None
        down = slice(int(rows.min()), int(rows.max()) + 1)
        across = slice(int(columns.min()), int(columns.max()) + 1)
        keep = (1 - shadow[down, across]) * (1 - ink[down, across])
        below = slice(down.start + self.top, down.stop + self.top)
        return Ink(below, across, keep, ink[down, across])

    def ink_and_shadow(self, caption_strength: float) -> tuple[Cover, Cover]:
        """White cover and black cover, the caption faded to `caption_strength` (0 to 1)."""
        ink = np.maximum(self.mark, self.caption * np.float32(caption_strength))
        shadow = np.roll(ink, (1, 1), axis=(0, 1)) * np.float32(_SHADOW_SHARE)
        return ink, shadow


def lettering_of(size: tuple[int, int], caption: str) -> Lettering:
    """The mark in the lower right corner and the caption, if any, in the lower left.

    Any text goes: what the bundled font has no glyph for comes out as a box.
    """
    width, height = size
    margin = round(_MARGIN * height)
    small = ImageFont.load_default(max(round(height * 0.019), _FONT_SIZE_MIN))
    large = ImageFont.load_default(max(round(height * 0.027), _FONT_SIZE_MIN))
    strip_height = min(height, margin + 2 * max(round(height * 0.027), _FONT_SIZE_MIN))
    baseline = strip_height - margin
    mark = Image.new("L", (width, strip_height), 0)
    draw = ImageDraw.Draw(mark)
    draw.text((width - margin, baseline), MARK, fill=_MARK_STRENGTH, font=small, anchor="rs")
    room = width - 3 * margin - draw.textlength(MARK, font=small)
    words = Image.new("L", mark.size, 0)
    if fitted := _fitted(caption, room, ImageDraw.Draw(words), large):
        ImageDraw.Draw(words).text(
            (margin, baseline), fitted, fill=_CAPTION_STRENGTH, font=large, anchor="ls"
        )
    return Lettering(height - strip_height, _cover(mark), _cover(words))


def _fitted(
    caption: str,
    room: float,
    draw: ImageDraw.ImageDraw,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
) -> str:
    cleaned = " ".join(caption.split())[:CAPTION_LENGTH_MAX]
    while cleaned and draw.textlength(cleaned, font=font) > room:
        shorter = cleaned.rstrip("…")[:-1].rstrip()
        cleaned = f"{shorter}…" if shorter else ""
    return cleaned


def _cover(mask: Image.Image) -> Cover:
    return (np.asarray(mask) / 255).astype(np.float32)


def write_lettering(picture: Image.Image, caption: str) -> None:
    """Write caption and mark into an RGB picture, in place."""
    letters = lettering_of(picture.size, caption)
    ink, shadow = (cover[..., None] for cover in letters.ink_and_shadow(1.0))
    strip = _strip(picture, letters.top)
    _put(picture, letters.top, strip * (1 - shadow) * (1 - ink) + 255 * ink)


def lift_lettering(picture: Image.Image) -> None:
    """Undo `write_lettering` on a picture whose text chunk says that it was written."""
    caption = picture.info.get(CAPTION_CHUNK)
    if not isinstance(caption, str):
        return
    letters = lettering_of(picture.size, caption)
    ink, shadow = (cover[..., None] for cover in letters.ink_and_shadow(1.0))
    strip = _strip(picture, letters.top)
    _put(picture, letters.top, (strip - 255 * ink) / (1 - ink) / (1 - shadow))


def _strip(picture: Image.Image, top: int) -> NDArray[np.float32]:
    lower = picture.crop((0, top, picture.width, picture.height))
    return np.asarray(lower, np.float32)


def _put(picture: Image.Image, top: int, strip: NDArray[np.float32]) -> None:
    rounded = np.clip(np.round(strip), 0, 255).astype(np.uint8)
    picture.paste(Image.fromarray(rounded), (0, top))
