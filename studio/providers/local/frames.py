"""Frames of a moving camera over a still, as planes of 8-bit YUV 4:2:0 (BT.709, limited range).

Working in planes and not in RGB costs less than half: Pillow keeps RGB in four bytes a pixel, and
colour is needed at a quarter of the size. Pillow and numpy release the interpreter's lock.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops

from studio.providers.local.art.cels import Layers
from studio.providers.local.art.finish import shade_of, with_grain
from studio.providers.local.art.lettering import CAPTION_CHUNK, lettering_of, lift_lettering
from studio.providers.local.art.panels import cover_fit
from studio.providers.local.art.stage import Point
from studio.providers.local.layers import CB, CR, LUMA, CelPlanes
from studio.providers.local.motion import ROOM, Camera, View

Bytes = NDArray[np.uint8]

_BLACK: Final = 16
_WHITE: Final = 235

_MOTES: Final = 34
_MOTE_PHASES: Final = 4
_SWEEP_STRENGTH: Final = 20
_SWEEP_SECONDS: Final = 7.0
_CAPTION_SECONDS: Final = 3.0
_CAPTION_FADE_SECONDS: Final = 0.6
_FLIGHT_ZOOM: Final = 1.5
_FLIGHT_SECONDS: Final = 4.5
"""In a tunnel two views of it, one this much nearer, take turns without end: a flight."""


@dataclass(frozen=True)
class _Mote:
    """A speck of dust in the air. `depth` over 1 is nearer than the still, so it moves more."""

    x: float
    y: float
    depth: float
    drift: tuple[float, float]
    twinkle: float
    sprites: tuple[Bytes, ...]


class MovingStill:
    """A still prepared for one clip. Memory: about 1.5 x 1.5 bytes a pixel of the frame, and a
    light of twice the frame's width.
    """

    def __init__(
        self,
        still: Image.Image,
        width: int,
        height: int,
        move: str,
        *,
        seed: int,
        layers: Layers | None = None,
    ) -> None:
        """`layers` are what the still was composed of, where that is known: they move apart."""
        self._size = (width, height)
        still = still.convert("RGB")
        lift_lettering(still)
        caption = still.info.get(CAPTION_CHUNK, "")
        self._letters = lettering_of(self._size, caption)
        self._mark = self._letters.ink(0.0)
        self._has_caption = bool(self._letters.caption.any())
        large = (_even(width * ROOM), _even(height * ROOM))
        fitted = cover_fit(still if layers is None else layers.background, *large)
        self._luma = fitted.convert("L", LUMA)
        small = fitted.reduce(2)
        self._chroma = (small.convert("L", CB), small.convert("L", CR))
        self._cels = [] if layers is None else [CelPlanes(c, layers.size) for c in layers.cels]
        self._tunnel = None if layers is None else layers.tunnel
        self._shade: Image.Image | None = None
        if layers is not None:
            self._luma = with_grain(self._luma, layers.grain, np.random.default_rng([seed, 6]))
            self._shade = shade_of(self._size, layers.shade)
        self._distant = self._luma.reduce(2)
        self._camera = Camera(move, seed)
        rng = np.random.default_rng([seed, 1])
        self._motes = [_mote(rng, height) for _ in range(_MOTES)]
        self._sweep = _sweep(width, height)
        self._sweep_start = float(rng.uniform(0, 1))

    def frames(self, count: int, frames_per_second: int) -> Iterator[tuple[bytes, bytes, bytes]]:
        """`count` frames, each as its Y, U and V plane."""
        for number in range(count):
            share = number / max(count - 1, 1)
            yield self._frame(
                self._camera.view(share, number / frames_per_second), number / frames_per_second
            )

    def _frame(self, view: View, seconds: float) -> tuple[bytes, bytes, bytes]:
        width, height = self._size
        half = (width // 2, height // 2)
        luma = self._background(view, seconds)
        blue, red = (_seen(plane, half, view) for plane in self._chroma)
        for cel in self._cels:
            cel.paste((luma, blue, red), view, seconds)
        if self._shade is not None:
            luma.paste(_BLACK, (0, 0, *luma.size), self._shade)
        travel = (seconds / _SWEEP_SECONDS + self._sweep_start) % 1.0
        left = round((1 - travel) * width)
        luma = ImageChops.add(luma, self._sweep.crop((left, 0, left + width, height)))
        plane = np.array(luma)
        for mote in self._motes:
            _float(plane, mote, view, seconds)
        self._write(plane, seconds)
        return plane.tobytes(), blue.tobytes(), red.tobytes()

    def _background(self, view: View, seconds: float) -> Image.Image:
        """Its luma; colour is too soft for anyone to see it stand still in a tunnel."""
        if self._tunnel is None:
            return _seen(self._luma, self._size, view)
        flown = seconds / _FLIGHT_SECONDS % 1.0
        half = (self._size[0] // 2, self._size[1] // 2)
        near, far = (
            _seen(self._distant, half, _nearer(view, self._tunnel, _FLIGHT_ZOOM ** (flown + turn)))
            for turn in (1, 0)
        )
        both = Image.blend(near, far, _eased(flown))
        return both.resize(self._size, Image.Resampling.BILINEAR)

    def _write(self, plane: Bytes, seconds: float) -> None:
        """The mark stands throughout; the caption fades after a moment."""
        strength = min(max((_CAPTION_SECONDS - seconds) / _CAPTION_FADE_SECONDS, 0.0), 1.0)
        fading = self._has_caption and strength > 0
        ink = self._letters.ink(strength) if fading else self._mark
        if ink is not None:
            part = plane[ink.rows, ink.columns]
            part[:] = (part * ink.keep + _WHITE * ink.add).astype(np.uint8)


def _nearer(view: View, middle: Point, zoom: float) -> View:
    """The view with everything `zoom` times larger around `middle` of the still."""
    x = middle[0] + (view.x - middle[0]) / zoom
    y = middle[1] + (view.y - middle[1]) / zoom
    half = 0.5 / (view.zoom * zoom)
    inside_x, inside_y = (min(max(p, half), 1 - half) for p in (x, y))
    return View(view.zoom * zoom, inside_x, inside_y)


def _eased(share: float) -> float:
    return share * share * (3 - 2 * share)


def _even(length: float) -> int:
    return 2 * math.ceil(length / 2)


def _seen(plane: Image.Image, size: tuple[int, int], view: View) -> Image.Image:
    """The part of a plane that the camera sees, resampled to `size` at sub-pixel precision."""
    half_width, half_height = plane.width / view.zoom / 2, plane.height / view.zoom / 2
    x, y = view.x * plane.width, view.y * plane.height
    box = (
        max(x - half_width, 0.0),
        max(y - half_height, 0.0),
        min(x + half_width, plane.width),
        min(y + half_height, plane.height),
    )
    return plane.resize(size, Image.Resampling.BILINEAR, box=box)


def _sweep(width: int, height: int) -> Image.Image:
    """A soft slanted band of light, twice as wide as the frame so that it can pass through it.

    Dark at both ends: it enters and leaves unseen, and starts over without a jump.
    """
    x = np.linspace(-1, 1, 128)[None, :] + np.linspace(-0.12, 0.12, 36)[:, None]
    band = _SWEEP_STRENGTH * np.exp(-((x / 0.16) ** 2))
    small = Image.fromarray(band.astype(np.uint8))
    return small.resize((2 * width, height), Image.Resampling.BICUBIC)


def _mote(rng: np.random.Generator, height: int) -> _Mote:
    depth = float(rng.uniform(1.1, 3.2))
    radius = max(height / 720 * (0.6 + 1.5 * (depth - 1)) * float(rng.uniform(0.6, 1.2)), 0.5)
    strength = float(rng.uniform(22, 60)) / depth
    sprites = tuple(
        _sprite(radius, strength, column / _MOTE_PHASES, row / _MOTE_PHASES)
        for row in range(_MOTE_PHASES)
        for column in range(_MOTE_PHASES)
    )
    drift = (float(rng.uniform(-0.012, 0.012)), float(rng.uniform(-0.016, -0.002)))
    return _Mote(
        float(rng.uniform(0, 1)),
        float(rng.uniform(0, 1)),
        depth,
        drift,
        float(rng.uniform(0, 2 * math.pi)),
        sprites,
    )


def _sprite(radius: float, strength: float, shift_x: float, shift_y: float) -> Bytes:
    reach = math.ceil(radius * 2.5) + 1
    axis = np.arange(-reach, reach + 1, dtype=np.float32)
    squared = (axis[None, :] - shift_x) ** 2 + (axis[:, None] - shift_y) ** 2
    spot: Bytes = np.round(strength * np.exp(-squared / radius**2)).astype(np.uint8)
    return spot


def _float(plane: Bytes, mote: _Mote, view: View, seconds: float) -> None:
    """Add a mote where it is now. It wraps around the frame, a little outside of it."""
    x = (mote.x + mote.drift[0] * seconds - (view.x - 0.5) * mote.depth) % 1.0
    y = (mote.y + mote.drift[1] * seconds - (view.y - 0.5) * mote.depth) % 1.0
    spread = 1.08 * (1 + (view.zoom - 1) * mote.depth)
    across = ((x - 0.5) * spread + 0.5) * plane.shape[1]
    down = ((y - 0.5) * spread + 0.5) * plane.shape[0]
    column, row = math.floor(across), math.floor(down)
    phase = int((down - row) * _MOTE_PHASES) * _MOTE_PHASES + int((across - column) * _MOTE_PHASES)
    sprite = mote.sprites[phase]
    reach = sprite.shape[0] // 2
    top, left = row - reach, column - reach
    if top < 0 or left < 0 or row + reach >= plane.shape[0] or column + reach >= plane.shape[1]:
        return
    area = plane[top : row + reach + 1, left : column + reach + 1]
    glint = sprite if math.sin(seconds * 1.3 + mote.twinkle) > -0.6 else sprite // 2  # noqa: PLR2004
    area += np.minimum(glint, _WHITE - np.minimum(area, _WHITE))
