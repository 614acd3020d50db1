"""The dominant colours of a picture of our own making (a re-encoded upload, a frame)."""

import asyncio
from pathlib import Path

COLOURS_MAX = 5
SAMPLE_SIZE = (96, 96)
"""Colours are counted on a small copy: the result is the same and a 4K frame costs nothing."""


async def dominant_colours(picture: Path) -> tuple[str, ...]:
    """Up to five colours as `#rrggbb`, the most frequent first."""
    return await asyncio.to_thread(_dominant_colours, picture)


def _dominant_colours(picture: Path) -> tuple[str, ...]:
    from PIL import Image

    with Image.open(picture) as image:
        small = image.convert("RGB")
        small.thumbnail(SAMPLE_SIZE)
        reduced = small.quantize(colors=COLOURS_MAX)
    palette = reduced.getpalette() or []
    counted = sorted(reduced.getcolors() or [], reverse=True)
    return tuple(
        "#{:02x}{:02x}{:02x}".format(*palette[3 * int(index) : 3 * int(index) + 3])
        for _, index in counted
        if isinstance(index, int)
    )
