"""One short scene in a style preset, for people who choose between them."""

from pathlib import Path
from typing import Final

from studio.catalog.catalogue import load_catalogue
from studio.catalog.models import LOCAL_PROVIDER
from studio.contracts.documents import ShotScript
from studio.providers.local.colour import palette_from_hexes, palette_from_words
from studio.providers.local.image import draw_still
from studio.providers.ports import ImageRequest

SPECIMEN_TEXT: Final = "A woman in a red coat stands in a quiet city street at dusk."
SPECIMEN_TITLE: Final = "Style specimen"
SPECIMEN_SEED: Final = 4
STYLE_SHARE: Final = 0.55
"""How far the preset's palette pulls the scene's own colours: more than in a film, to be seen."""


def draw_specimen(style: str, destination: Path, width: int, height: int) -> None:
    """Write a PNG of the same scene for every preset; blocking, about a second at 1280 x 720.

    Unknown styles are drawn as their words ask. Raises ProviderRejected for sizes that no picture
    has.
    """
    own = palette_from_words(SPECIMEN_TEXT)
    presets = {preset.id: tuple(preset.palette) for preset in load_catalogue().styles()}
    palette = own.tinted(palette_from_hexes(presets.get(style, ()), own), STYLE_SHARE)
    shot = ShotScript(
        index=1,
        title=SPECIMEN_TITLE,
        description=SPECIMEN_TEXT,
        camera_move="static",
        palette=palette.as_hex(),
    )
    request = ImageRequest(
        model=LOCAL_PROVIDER,
        title=SPECIMEN_TITLE,
        shot=shot,
        shot_count=1,
        style=style,
        resolution="1K",
        width=width,
        height=height,
        seed=SPECIMEN_SEED,
    )
    draw_still(request, destination)
