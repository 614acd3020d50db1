"""The painter's stage: a picture in floating point with light, haze, noise and places for things.

Positions are fractions of the frame (0,0 top left; 1,1 bottom right); lengths named `radius` or
`height` are fractions of the frame's height.
"""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from studio.providers.local.colour import Palette, Rgb

Plane = NDArray[np.float32]
"""One value a pixel, shape (height, width)."""

Point = tuple[float, float]
Quad = tuple[Point, Point, Point, Point]
"""Corners in the frame: top left, top right, bottom right, bottom left."""

_NOISE_CELLS_MAX: Final = 512


@dataclass
class Anchors:
    """Where a scene has room: the main reference, the smaller pictures (nearest first), a figure,
    and where the light comes from. `gallery_motion` is how the smaller pictures move, `orbit` the
    middle and half-axes of their way round; a `tunnel` is flown through, towards the light.
    """

    hero: Point = (0.5, 0.46)
    hero_height: float = 0.6
    gallery: list[Quad] = field(default_factory=list)
    figure: Point = (0.3, 0.93)
    figure_height: float = 0.42
    light: Point = (0.5, 0.4)
    gallery_motion: str = "float"
    orbit: tuple[Point, Point] = ((0.5, 0.2), (0.4, 0.1))
    tunnel: bool = False


class Stage:
    """A picture being painted. `rgb` has shape (height, width, 3), 0 to 1, gamma-encoded."""

    def __init__(self, width: int, height: int, palette: Palette, rng: np.random.Generator) -> None:
        self.width, self.height = width, height
        self.palette, self.rng = palette, rng
        self.aspect = width / height
        self.x: Plane = as_plane((np.arange(width) + 0.5) / width)[None, :]
        self.y: Plane = as_plane((np.arange(height) + 0.5) / height)[:, None]
        self.rgb: NDArray[np.float32] = np.zeros((height, width, 3), np.float32)
        self.anchors = Anchors()

    def fill_vertical(self, stops: list[tuple[float, Rgb]]) -> None:
        """Fill with a vertical gradient through `(y, colour)` stops."""
        places = [place for place, _ in stops]
        for channel in range(3):
            values = np.interp(self.y[:, 0], places, [colour[channel] for _, colour in stops])
            self.rgb[..., channel] = values[:, None]

    def lay(self, colour: Rgb, cover: Plane) -> None:
        """Cover with a colour, `cover` 0 to 1 (its shape may broadcast)."""
        share = np.clip(cover, 0, 1)[..., None]
        self.rgb += (np.asarray(colour, np.float32) - self.rgb) * share

    def light(self, colour: Rgb, strength: Plane) -> None:
        """Add light: it never takes away, and it saturates softly ("screen")."""
        added = np.asarray(colour, np.float32) * np.clip(strength, 0, 1)[..., None]
        self.rgb += added * (1 - np.clip(self.rgb, 0, 1))

    def glow(self, place: Point, radius: float, colour: Rgb, strength: float) -> None:
        self.light(colour, strength * np.exp(-(self.distance(place) ** 2) / radius**2))

    def distance(self, place: Point) -> Plane:
        across = (self.x - place[0]) * self.aspect
        down = self.y - place[1]
        return as_plane(np.hypot(across, down))

    def clouds(self, cells: float, octaves: int = 4, stretch: float = 1.0) -> Plane:
        """Smooth noise, 0 to 1, about `cells` blobs a frame height, `stretch` times wider."""
        total = np.zeros((self.height, self.width), np.float32)
        weight, weights = 1.0, 0.0
        for _ in range(octaves):
            rows = min(max(int(cells), 2), _NOISE_CELLS_MAX)
            columns = min(max(int(cells * self.aspect / stretch), 2), _NOISE_CELLS_MAX)
            grid = Image.fromarray(self.rng.random((rows, columns), np.float32))
            fine = grid.resize((self.width, self.height), Image.Resampling.BICUBIC)
            total += weight * np.asarray(fine, np.float32)
            weights += weight
            weight, cells = weight / 2, cells * 2
        return as_plane(np.clip(total / weights, 0, 1))

    def profile(self, cells: float, octaves: int = 5) -> Plane:
        """A fractal line across the frame, shape (1, width), values about -1 to 1."""
        total = np.zeros(self.width, np.float32)
        weight = 1.0
        for _ in range(octaves):
            knots = self.rng.uniform(-1, 1, int(cells) + 3)
            places = np.linspace(0, len(knots) - 2, self.width)
            low = places.astype(int)
            ease = places - low
            ease = ease * ease * (3 - 2 * ease)
            total += (weight * (knots[low] * (1 - ease) + knots[low + 1] * ease)).astype(np.float32)
            weight, cells = weight / 2, cells * 2
        return as_plane(total[None, :] / 1.6)

    def shafts(self, place: Point, colour: Rgb, strength: float, rays: float = 9.0) -> None:
        """Beams of light that fan out from a place and fade with distance."""
        across = (self.x - place[0]) * self.aspect
        down = self.y - place[1]
        angle = np.arctan2(down, across)
        count = round(rays * 4)
        knots = self.rng.random(count).astype(np.float32)
        position = (angle / (2 * np.pi) + 0.5) * count
        low = np.floor(position).astype(int)
        ease = position - low
        ease = ease * ease * (3 - 2 * ease)
        beam = knots[low % count] * (1 - ease) + knots[(low + 1) % count] * ease
        fade = np.exp(-np.hypot(across, down) / 0.55)
        self.light(colour, as_plane(strength * fade * smoothstep(0.35, 1.0, as_plane(beam))))

    def picture(self) -> Image.Image:
        """The stage as an 8-bit RGB picture; noise of half a step keeps gradients from banding."""
        dither = self.rng.random(self.rgb.shape, np.float32)
        return Image.fromarray((np.clip(self.rgb, 0, 1) * 254.0 + dither).astype(np.uint8))


def as_plane(values: NDArray[np.floating]) -> Plane:
    return values.astype(np.float32, copy=False)


def smoothstep(low: float, high: float, values: Plane) -> Plane:
    """0 below `low`, 1 above `high`, eased between."""
    share = np.clip((values - low) / (high - low), 0, 1)
    return as_plane(share * share * (3 - 2 * share))
