"""The offline keyframe painter. Model id `local-animatic`; it composes, it does not imagine."""

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageFilter, ImageOps
from PIL.PngImagePlugin import PngInfo

from studio.contracts.limits import IMAGE_PIXELS_MAX
from studio.providers.errors import ProviderRejected
from studio.providers.local.art.exteriors import (
    paint_city,
    paint_forest,
    paint_landscape,
    paint_space,
    paint_water,
)
from studio.providers.local.art.figure import draw_airship, draw_figure
from studio.providers.local.art.finish import finished, grade_of
from studio.providers.local.art.interiors import (
    paint_chamber,
    paint_corridor,
    paint_spotlight,
    paint_tunnel,
)
from studio.providers.local.art.lettering import CAPTION_CHUNK, write_lettering
from studio.providers.local.art.panels import (
    blank_photographs,
    cover_fit,
    gallery_places,
    hang,
    hero_quad,
    hero_ratio,
)
from studio.providers.local.art.stage import Anchors, Stage
from studio.providers.local.colour import Palette, palette_from_hexes, palette_from_words
from studio.providers.local.words import (
    AIRSHIP_WORDS,
    PERSON_WORDS,
    PICTURE_WORDS,
    asks_for_lettering,
    scene_of,
    words_of,
)
from studio.providers.ports import ImageRequest

IMAGE_SIDE_MIN: Final = 16
IMAGE_SIDE_MAX: Final = 8192
STAGE_SIDE_MAX: Final = 1280
"""Scenes are painted this large and scaled up: they are soft by nature, and 4K would cost 9 times
the time. Uploads, figures, grain and text are put in at full size."""
REFERENCE_SIDE_MAX: Final = 2048
BACKDROP_SHARE: Final = 0.16
BLANK_PICTURES: Final = 8

_PAINTERS: Final[Mapping[str, Callable[[Stage], None]]] = {
    "corridor": paint_corridor,
    "tunnel": paint_tunnel,
    "chamber": paint_chamber,
    "landscape": paint_landscape,
    "water": paint_water,
    "forest": paint_forest,
    "city": paint_city,
    "space": paint_space,
    "spotlight": paint_spotlight,
}


class LocalImageModel:
    """ImageModel port. The same request draws the same bytes.

    Raises ProviderRejected for sizes that no picture has and for references that are no pictures.
    """

    async def draw(self, request: ImageRequest, destination: Path) -> None:
        await asyncio.to_thread(draw_still, request, destination)


def draw_still(request: ImageRequest, destination: Path) -> None:
    """Compose the still and write it as PNG: about half a second of one core at 1280 x 720."""
    _check_size(request)
    rng = np.random.default_rng(_seed_of(request))
    text = request.shot.description or request.shot.title
    palette = palette_from_hexes(
        request.shot.palette, palette_from_words(f"{text} {request.style}")
    )
    references = [_load(reference.path) for reference in request.references]
    stage = _painted_stage(request, text, palette, rng, references[:1])
    picture = stage.picture().resize((request.width, request.height), Image.Resampling.BICUBIC)
    anchors = stage.anchors
    anchors.pictures_wanted = bool(words_of(text) & PICTURE_WORDS)
    _place_pictures(picture, anchors, references, palette, rng)
    _place_figures(picture, anchors, text, palette)
    picture = finished(picture, grade_of(request.style), rng)
    caption = request.shot.title if asks_for_lettering(request.style) else ""
    write_lettering(picture, caption)
    notes = PngInfo()
    notes.add_itxt(CAPTION_CHUNK, caption)
    picture.save(destination, "PNG", compress_level=1, pnginfo=notes)


def _check_size(request: ImageRequest) -> None:
    width, height = request.width, request.height
    sides_fit = min(width, height) >= IMAGE_SIDE_MIN and max(width, height) <= IMAGE_SIDE_MAX
    if not sides_fit or width * height > IMAGE_PIXELS_MAX:
        raise ProviderRejected(
            f"a still of {width} x {height} pixels cannot be drawn; sides are {IMAGE_SIDE_MIN} to "
            f"{IMAGE_SIDE_MAX} pixels"
        )


def _seed_of(request: ImageRequest) -> int:
    text = f"{request.seed}|{request.shot.index}|{request.shot.description}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def _load(path: Path) -> Image.Image:
    try:
        with Image.open(path) as opened:
            if opened.width * opened.height > IMAGE_PIXELS_MAX:
                raise ProviderRejected(f"the reference {path.name} has too many pixels")
            opened.draft("RGB", (REFERENCE_SIDE_MAX, REFERENCE_SIDE_MAX))
            picture = ImageOps.exif_transpose(opened)
            picture.thumbnail((REFERENCE_SIDE_MAX, REFERENCE_SIDE_MAX))
            return _opaque(picture)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ProviderRejected(f"the reference {path.name} is no picture: {error}") from error


def _opaque(picture: Image.Image) -> Image.Image:
    """Transparent uploads (logos, cut-outs) stand on a light grey, like paper."""
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    layered = picture.convert("RGBA")
    paper = Image.new("RGBA", layered.size, (225, 222, 216, 255))
    return Image.alpha_composite(paper, layered).convert("RGB")


def _painted_stage(
    request: ImageRequest,
    text: str,
    palette: Palette,
    rng: np.random.Generator,
    backdrop: Sequence[Image.Image],
) -> Stage:
    scale = min(1.0, STAGE_SIDE_MAX / max(request.width, request.height))
    width, height = (max(round(side * scale), 2) for side in (request.width, request.height))
    stage = Stage(width, height, palette, rng)
    _PAINTERS[scene_of(text)](stage)
    for picture in backdrop:
        far = cover_fit(picture, max(width // 16, 2), max(height // 16, 2))
        far = far.filter(ImageFilter.GaussianBlur(2)).resize((width, height))
        stage.rgb += (np.asarray(far, np.float32) / 255 - stage.rgb) * BACKDROP_SHARE
    return stage


def _place_pictures(
    frame: Image.Image,
    anchors: Anchors,
    references: Sequence[Image.Image],
    palette: Palette,
    rng: np.random.Generator,
) -> None:
    """Far pictures first, the main reference last: it stands in front of the others."""
    aspect = frame.width / frame.height
    hung = list(references[1:])
    if anchors.pictures_wanted:
        hung += list(blank_photographs(palette, rng, max(BLANK_PICTURES - len(hung), 0)))
    places = gallery_places(anchors.gallery, len(hung), aspect)
    for picture, quad in reversed(list(zip(hung, places, strict=True))):
        hang(frame, picture, quad, palette.key, 0.35)
    for picture in references[:1]:
        yaw = 1.0 if anchors.hero[0] > anchors.light[0] else -1.0
        quad = hero_quad(anchors.hero, anchors.hero_height, hero_ratio(picture), aspect, -yaw)
        hang(frame, picture, quad, palette.light, 0.55)


def _place_figures(frame: Image.Image, anchors: Anchors, text: str, palette: Palette) -> None:
    words = words_of(text)
    if words & AIRSHIP_WORDS:
        middle = (0.5 + (0.5 - anchors.hero[0]) * 0.9, 0.27)
        draw_airship(frame, middle, 0.36, anchors.light, palette)
    if words & PERSON_WORDS:
        draw_figure(frame, anchors.figure, anchors.figure_height, anchors.light, palette)
