"""Two reference pictures for the demo, drawn here: a corridor of lamps and its visitor."""

import io
from typing import Final

import numpy as np
from PIL import Image

from studio.providers.local.art.figure import Costume, figure_cel
from studio.providers.local.art.interiors import paint_corridor, paint_spotlight
from studio.providers.local.art.stage import Stage
from studio.providers.local.colour import Palette, from_hex

WIDTH: Final = 1280
HEIGHT: Final = 720

LAMPLIGHT: Final = Palette(
    *(from_hex(c) for c in ("#0c1016", "#33405a", "#c9772f", "#f2b35e", "#ffe9bd"))
)
COAT: Final = Costume(coat=from_hex("#9c2f38"), hair=from_hex("#1c1714"))
FIGURE_HEIGHT: Final = 0.84
CORRIDOR_SEED: Final = 11
VISITOR_SEED: Final = 3


def reference_pictures() -> list[tuple[str, bytes]]:
    """File names and JPEG bytes, the same at every call."""
    return [
        ("archive-corridor.jpg", _jpeg(_corridor())),
        ("young-woman.jpg", _jpeg(_visitor())),
    ]


def _jpeg(picture: Image.Image) -> bytes:
    with io.BytesIO() as target:
        picture.save(target, "JPEG", quality=92)
        return target.getvalue()


def _corridor() -> Image.Image:
    stage = Stage(WIDTH, HEIGHT, LAMPLIGHT, np.random.default_rng(CORRIDOR_SEED))
    paint_corridor(stage)
    return stage.picture()


def _visitor() -> Image.Image:
    """A woman in a red coat before the light, seen from behind."""
    stage = Stage(WIDTH, HEIGHT, LAMPLIGHT, np.random.default_rng(VISITOR_SEED))
    paint_spotlight(stage)
    picture = stage.picture()
    figure = figure_cel(FIGURE_HEIGHT * HEIGHT, "stand", COAT, LAMPLIGHT, light=0.3)
    place = ((WIDTH - figure.width) // 2, HEIGHT - figure.height - HEIGHT // 20)
    picture.paste(figure, place, figure.getchannel("A"))
    return picture
