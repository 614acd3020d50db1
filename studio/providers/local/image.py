"""The offline keyframe painter. Model id `local-animatic`; it composes, it does not imagine."""

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageFilter, ImageOps
from PIL.PngImagePlugin import PngInfo

from studio.contracts.documents import AssetClass
from studio.contracts.limits import IMAGE_PIXELS_MAX
from studio.providers.errors import ProviderRejected
from studio.providers.local.art.cels import CELS_MAX, LAYERS_CHUNK, Layers, composed, packed
from studio.providers.local.art.exteriors import (
    paint_city,
    paint_forest,
    paint_landscape,
    paint_space,
    paint_water,
)
from studio.providers.local.art.finish import finished, finished_cel, shaded, with_grain
from studio.providers.local.art.grades import grade_of
from studio.providers.local.art.interiors import (
    paint_chamber,
    paint_corridor,
    paint_spotlight,
    paint_tunnel,
)
from studio.providers.local.art.lettering import CAPTION_CHUNK, write_lettering
from studio.providers.local.art.panels import cover_fit
from studio.providers.local.art.stage import Stage
from studio.providers.local.art.staging import Scene, staged
from studio.providers.local.art.wardrobe import costume_of
from studio.providers.local.colour import Palette, palette_from_hexes, palette_from_words
from studio.providers.local.words import (
    DEFAULT_SCENE,
    PERSON_WORDS,
    asks_for_lettering,
    scene_of,
    words_of,
)
from studio.providers.pictures import UnreadablePicture, opened_picture
from studio.providers.ports import ImageRequest, Picture

IMAGE_SIDE_MIN: Final = 16
IMAGE_SIDE_MAX: Final = 8192
STAGE_SIDE_MAX: Final = 1280
"""Scenes are painted this large and scaled up: they are soft by nature, and 4K would cost 9 times
the time. Uploads, figures, grain and text are put in at full size."""
REFERENCE_SIDE_MAX: Final = 2048
BACKDROP_SHARE: Final = 0.92
"""How far an uploaded place takes the painted one's: a trace of its light stays."""
REFLECTION_SHARE: Final = 0.16
"""How much of the main reference's colours fall on the scene around it."""

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
    """Compose the still and write it as PNG: about a second of one core at 1280 x 720."""
    _check_size(request)
    rng = np.random.default_rng(_seed_of(request))
    text = request.shot.description or request.shot.title
    palette = palette_from_hexes(
        request.shot.palette, palette_from_words(f"{text} {request.style}")
    )
    uploads = _sorted(request.references, text)
    stage = _painted_stage(request, text, palette, rng, uploads)
    background = stage.picture().resize((request.width, request.height), Image.Resampling.BICUBIC)
    costume = costume_of(request.title, text, uploads.portrait)
    scene = Scene(text, palette, rng, uploads.hero, uploads.gallery, costume)
    cels = staged(background, stage.anchors, scene)
    grade = grade_of(request.style)
    layers = Layers(
        size=background.size,
        background=finished(background, grade, rng),
        cels=[
            replace(cel, picture=finished_cel(cel.picture, grade, rng)) for cel in cels[:CELS_MAX]
        ],
        tunnel=stage.anchors.light if stage.anchors.tunnel else None,
        shade=grade.vignette,
        grain=grade.grain,
    )
    picture = shaded(composed(layers.background, layers.cels), grade.vignette)
    picture = with_grain(picture, grade.grain, rng)
    caption = request.shot.title if asks_for_lettering(request.style) else ""
    write_lettering(picture, caption)
    notes = PngInfo()
    notes.add_itxt(CAPTION_CHUNK, caption)
    notes.add(LAYERS_CHUNK, packed(layers))
    picture.save(destination, "PNG", compress_level=1, pnginfo=notes)


@dataclass(frozen=True)
class _Uploads:
    """What each reference is for: a place to be in, someone's looks, pictures to hang."""

    backdrop: Image.Image | None
    portrait: Image.Image | None
    hero: Image.Image | None
    gallery: Sequence[Image.Image]


def _sorted(references: Sequence[Picture], text: str) -> _Uploads:
    """A place that the text is in becomes the backdrop, and a character's picture their looks,
    beside hanging somewhere. The first of the others stands large in the scene.
    """
    pictures = [(r, _load(r.path)) for r in references]
    has_person = bool(words_of(text) & PERSON_WORDS)
    scene = scene_of(text)
    backdrop = portrait = hero = None
    gallery: list[Image.Image] = []
    for reference, picture in pictures:
        is_here = scene in {DEFAULT_SCENE, scene_of(reference.name)}
        if reference.role is AssetClass.ENVIRONMENT and backdrop is None and is_here:
            backdrop = picture
        elif reference.role is AssetClass.CHARACTER and has_person:
            portrait = portrait or picture
            gallery.append(picture)
        elif reference.role is AssetClass.ENVIRONMENT or hero is not None:
            gallery.append(picture)
        else:
            hero = picture
    return _Uploads(backdrop, portrait, hero, gallery)


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
        with opened_picture(path) as opened:
            opened.draft("RGB", (REFERENCE_SIDE_MAX, REFERENCE_SIDE_MAX))
            picture = ImageOps.exif_transpose(opened)
            picture.thumbnail((REFERENCE_SIDE_MAX, REFERENCE_SIDE_MAX))
            return _opaque(picture)
    except UnreadablePicture as error:
        raise ProviderRejected(f"the reference {path.name} cannot be read: {error}") from None


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
    uploads: _Uploads,
) -> Stage:
    scale = min(1.0, STAGE_SIDE_MAX / max(request.width, request.height))
    width, height = (max(round(side * scale), 2) for side in (request.width, request.height))
    stage = Stage(width, height, palette, rng)
    _PAINTERS[scene_of(text)](stage)
    if uploads.backdrop is not None:
        place = np.asarray(cover_fit(uploads.backdrop, width, height), np.float32) / 255
        stage.rgb += (place - stage.rgb) * BACKDROP_SHARE
    elif uploads.hero is not None:
        far = cover_fit(uploads.hero, max(width // 16, 2), max(height // 16, 2))
        far = far.filter(ImageFilter.GaussianBlur(2)).resize((width, height))
        stage.rgb += (np.asarray(far, np.float32) / 255 - stage.rgb) * REFLECTION_SHARE
    return stage
