"""Cut-outs before the background: a figure, hanging pictures. A clip moves each on its own.

A still is drawn as one picture; the layers it was made of travel in a private PNG chunk beside
it. Whoever copies the pixels loses them and gets a still like any other.
"""

import io
import json
import struct
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Final

from PIL import Image

from studio.providers.local.art.stage import Point

LAYERS_CHUNK: Final = b"fvLY"
"""Ancillary, private, not safe to copy (PNG specification, 'Chunk naming conventions')."""
CELS_MAX: Final = 48
LAYERS_BYTES_MAX: Final = 32 * 1024 * 1024
BACKGROUND_SIDE_MAX: Final = 1920
"""Backgrounds are soft: a larger one would weigh more and show no more."""
_BACKGROUND_QUALITY: Final = 93
_LENGTH: Final = struct.Struct(">I")


@dataclass(frozen=True)
class Motion:
    """How a cel moves. `phase` (radians) and `depth` (1: with the background, more: nearer).

    `around` is the middle of an orbit, the far end of a rush or a walk; `reach` an orbit's
    half-axes, or a rush's frame shape (width over height, 1).
    """

    kind: str = "still"
    depth: float = 1.0
    phase: float = 0.0
    around: Point = (0.5, 0.5)
    reach: Point = (0.0, 0.0)


@dataclass(frozen=True)
class Cel:
    """An RGBA picture whose middle rests at `middle` (fractions of the frame)."""

    picture: Image.Image
    middle: Point
    motion: Motion = field(default_factory=Motion)

    def place(self, frame: Image.Image) -> tuple[int, int]:
        left = self.middle[0] * frame.width - self.picture.width / 2
        return round(left), round(self.middle[1] * frame.height - self.picture.height / 2)


@dataclass(frozen=True)
class Layers:
    """What a still was composed of. `size` is the still's; `tunnel` the middle of an endless one.

    `shade` is a screen-wide darkening towards the corners, 0 to 1.
    """

    size: tuple[int, int]
    background: Image.Image
    cels: Sequence[Cel]
    tunnel: Point | None = None
    shade: float = 0.0
    grain: float = 0.0


def composed(background: Image.Image, cels: Sequence[Cel]) -> Image.Image:
    """The picture with its cels at rest, in their order."""
    picture = background.copy()
    for cel in cels:
        picture.paste(cel.picture, cel.place(picture), cel.picture.getchannel("A"))
    return picture


def packed(layers: Layers) -> bytes:
    """The chunk's content: a length, a JSON head, then the background (JPEG) and cels (PNG)."""
    background = layers.background.copy()
    background.thumbnail((BACKGROUND_SIDE_MAX, BACKGROUND_SIDE_MAX))
    blobs = [_encoded(background, "JPEG", quality=_BACKGROUND_QUALITY, subsampling=0)]
    blobs += [_encoded(cel.picture, "PNG", compress_level=3) for cel in layers.cels]
    head = {
        "size": layers.size,
        "tunnel": layers.tunnel,
        "shade": layers.shade,
        "grain": layers.grain,
        "lengths": [len(blob) for blob in blobs],
        "cels": [{"middle": c.middle, "motion": asdict(c.motion)} for c in layers.cels],
    }
    text = json.dumps(head, separators=(",", ":")).encode()
    return b"".join([_LENGTH.pack(len(text)), text, *blobs])


def layers_of(picture: Image.Image) -> Layers | None:
    """The layers of an opened still; None for one that has none or none that can be read."""
    picture.load()
    chunks = getattr(picture, "private_chunks", ())
    data = next((chunk[1] for chunk in chunks if chunk[0] == LAYERS_CHUNK), None)
    if data is None or len(data) > LAYERS_BYTES_MAX:
        return None
    try:
        return _unpacked(data)
    except (ValueError, KeyError, TypeError, OSError, struct.error, Image.DecompressionBombError):
        return None


def _unpacked(data: bytes) -> Layers | None:
    (length,) = _LENGTH.unpack_from(data)
    start = _LENGTH.size + length
    head = json.loads(data[_LENGTH.size : start])
    blobs = []
    for size in head["lengths"][: CELS_MAX + 1]:
        blobs.append(data[start : start + size])
        start += size
    width, height = (int(side) for side in head["size"])
    if len(blobs) != len(head["cels"]) + 1 or min(width, height) < 1:
        return None
    return Layers(
        size=(width, height),
        background=_decoded(blobs[0], "RGB"),
        cels=[
            Cel(_decoded(blob, "RGBA"), _point(cel["middle"]), _motion(cel["motion"]))
            for blob, cel in zip(blobs[1:], head["cels"], strict=True)
        ],
        tunnel=None if head["tunnel"] is None else _point(head["tunnel"]),
        shade=float(head["shade"]),
        grain=float(head["grain"]),
    )


def _motion(stored: dict[str, object]) -> Motion:
    return Motion(
        kind=str(stored["kind"]),
        depth=float(str(stored["depth"])),
        phase=float(str(stored["phase"])),
        around=_point(stored["around"]),
        reach=_point(stored["reach"]),
    )


def _point(stored: object) -> Point:
    if not isinstance(stored, list):
        raise TypeError("a point is a list")
    x, y = stored
    return float(x), float(y)


def _encoded(picture: Image.Image, name: str, **options: int) -> bytes:
    with io.BytesIO() as target:
        picture.save(target, name, **options)
        return target.getvalue()


def _decoded(blob: bytes, mode: str) -> Image.Image:
    with Image.open(io.BytesIO(blob)) as opened:
        return opened.convert(mode)
