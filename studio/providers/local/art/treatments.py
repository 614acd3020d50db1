"""How a style draws: cel edges, washes, clay, cut paper; and what it lays over the scene."""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageFilter

Pixels = NDArray[np.float32]
"""Shape (height, width, 3), 0 to 1."""

_TEXTURE_SIDE: Final = 512


def treated(picture: Image.Image, name: str, rng: np.random.Generator) -> Image.Image:
    """An RGB picture as the named treatment draws it; unknown names change nothing."""
    return _TREATMENTS[name](picture, rng) if name in _TREATMENTS else picture


def overlaid(picture: Image.Image, name: str, rng: np.random.Generator) -> Image.Image:
    """An RGB picture under the named overlay; unknown names change nothing."""
    return _OVERLAYS[name](picture, rng) if name in _OVERLAYS else picture


def _scaled(picture: Image.Image, share: float) -> float:
    return max(min(picture.size) * share, 0.4)


def _pixels(picture: Image.Image) -> Pixels:
    return np.asarray(picture, np.float32) / np.float32(255)


def _picture(pixels: Pixels) -> Image.Image:
    return Image.fromarray((np.clip(pixels, 0, 1) * 255).astype(np.uint8))


def _steps(pixels: Pixels, count: int, softness: float) -> Pixels:
    """Brightness in `count` steps with edges `softness` of a step wide; hues stay."""
    value = pixels.max(axis=2, keepdims=True)
    place = value * count
    low = np.floor(place)
    share = np.clip((place - low - 0.5) / softness + 0.5, 0, 1)
    stepped = (low + share) / count
    result: Pixels = pixels * (stepped / np.maximum(value, 1e-3))
    return result


def _edges(picture: Image.Image, width: float, strength: float) -> NDArray[np.float32]:
    """Where brightness turns, 0 to 1, shape (height, width, 1)."""
    grey = picture.convert("L").filter(ImageFilter.GaussianBlur(width))
    values = np.asarray(grey, np.float32)
    down, across = np.gradient(values)
    edges: NDArray[np.float32] = np.clip(
        np.hypot(down, across) * width * strength / 255 - 0.12, 0, 1
    )[..., None]
    return edges


def _cel(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    del rng
    smooth = picture.filter(ImageFilter.GaussianBlur(_scaled(picture, 0.006)))
    flat = _steps(_pixels(smooth), 5, 0.12)
    line = _edges(picture, _scaled(picture, 0.0022), 8.0)
    return _picture(flat * (1 - 0.85 * line))


def _wash(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Pigment pools in blots and gathers at their rims."""
    smooth = _pixels(picture.filter(ImageFilter.GaussianBlur(_scaled(picture, 0.011))))
    blots = _texture(picture.size, rng, (4, 9, 22))[..., None]
    flat = _steps(smooth + (blots - 0.5) * 0.20, 6, 0.5)
    rim = _edges(_picture(flat), _scaled(picture, 0.003), 5.0)
    pale = 1 - (1 - flat) * (0.62 + 0.5 * blots)
    return _picture(pale * (1 - 0.28 * rim))


def _cutout(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Flat sheets, each casting a soft shadow down and to the right on the one below."""
    del rng
    smooth = picture.filter(ImageFilter.GaussianBlur(_scaled(picture, 0.006)))
    flat = _picture(_steps(_pixels(smooth), 7, 0.04))
    height = flat.convert("L")
    offset = max(round(_scaled(picture, 0.007)), 1)
    above = ImageChops.offset(height.filter(ImageFilter.GaussianBlur(offset * 0.6)), offset, offset)
    shadow = ImageChops.subtract(above, height).point([min(v * 2, 80) for v in range(256)])
    edge = ImageChops.subtract(height, ImageChops.offset(height, 1, 1)).point(
        [min(v, 40) for v in range(256)]
    )
    dark = ImageChops.subtract(flat, Image.merge("RGB", (shadow,) * 3))
    return ImageChops.add(dark, Image.merge("RGB", (edge,) * 3))


def _clay(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Lumps and thumbprints: the surface is lit from above left."""
    smooth = _pixels(picture.filter(ImageFilter.GaussianBlur(_scaled(picture, 0.004))))
    lumps = _texture(picture.size, rng, (9, 22, 40))
    down, across = np.gradient(lumps * min(picture.size) * 0.05)
    light = np.clip(1 + 0.13 * (across + down), 0.8, 1.2)[..., None]
    return _picture(_steps(smooth, 9, 0.6) * light)


def _soft(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    del rng
    blurred = picture.filter(ImageFilter.GaussianBlur(_scaled(picture, 0.010)))
    return Image.blend(picture, blurred, 0.75)


def _crisp(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    del rng
    return picture.filter(ImageFilter.UnsharpMask(_scaled(picture, 0.004), 90, 2))


def _blinds(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Slanted bars of shadow, as through a Venetian blind."""
    y, x = _grid(picture)
    bars = np.sin((y * 1.0 + x * 0.34) * 2 * np.pi * 11 + float(rng.uniform(0, 6)))
    window = np.exp(-(((x - float(rng.uniform(0.35, 0.65))) / 0.42) ** 2))
    dark = np.clip(bars * 1.6, 0, 1) * window * 0.62
    return _picture(_pixels(picture) * (1 - dark[..., None]))


def _rain(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Streaks of rain, and magenta and cyan signs glowing from both sides."""
    y, x = _grid(picture)
    pixels = _pixels(picture)
    for place, colour in (((-0.05, 0.45), (1.0, 0.1, 0.62)), ((1.05, 0.4), (0.05, 0.85, 1.0))):
        glow = np.exp(-(((x - place[0]) / 0.42) ** 2) - ((y - place[1]) / 0.6) ** 2)[..., None]
        pixels = pixels + np.asarray(colour, np.float32) * glow * 0.42 * (1 - pixels)
    drops = rng.random((picture.height // 14 + 1, picture.width // 2 + 1), np.float32)
    streaks = Image.fromarray(((drops > 0.985) * 90).astype(np.uint8))  # noqa: PLR2004 - few drops
    rain = streaks.resize(picture.size, Image.Resampling.BICUBIC)
    return ImageChops.add(_picture(pixels.astype(np.float32)), Image.merge("RGB", (rain,) * 3))


def _flare(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    y, x = _grid(picture)
    sun = (float(rng.choice([0.16, 0.84])), 0.24)
    near = np.hypot((x - sun[0]) * picture.width / picture.height, y - sun[1])
    glow = 0.75 * np.exp(-((near / 0.5) ** 2)) + 0.5 * np.exp(-((near / 0.12) ** 2))
    pixels = _pixels(picture)
    return _picture(
        pixels + np.asarray((1.0, 0.72, 0.32), np.float32) * glow[..., None] * (1 - pixels)
    )


def _streaks(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Anamorphic streaks: the brightest spots smeared sideways, in blue."""
    del rng
    bright = picture.convert("L").point([max(v - 190, 0) * 3 for v in range(256)])
    thin = bright.resize((max(picture.width // 48, 1), max(picture.height // 3, 1)))
    wide = thin.filter(ImageFilter.BoxBlur(3)).resize(picture.size, Image.Resampling.BICUBIC)
    tint = [wide.point([round(v * c) for v in range(256)]) for c in (0.25, 0.6, 1.0)]
    return ImageChops.screen(picture, Image.merge("RGB", tint))


def _leak(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Light through the gate, and scratches."""
    y, x = _grid(picture)
    side = x if rng.random() < 0.5 else 1 - x  # noqa: PLR2004 - a coin
    glow = np.exp(-((side / 0.20) ** 2)) * (0.6 + 0.4 * np.sin(y * 4 + 1))
    pixels = _pixels(picture)
    pixels = pixels + np.asarray((1.0, 0.36, 0.10), np.float32) * glow[..., None] * 0.8 * (
        1 - pixels
    )
    for _ in range(3):
        column = int(rng.integers(picture.width))
        pixels[:, column : column + max(picture.width // 900, 1)] += 0.10
    return _picture(pixels.astype(np.float32))


def _paper(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Rough paper, left white where the brush did not reach the edge."""
    y, x = _grid(picture)
    ragged = _texture(picture.size, rng, (5, 12, 40))
    edge = np.minimum(np.minimum(x, 1 - x) * picture.width / picture.height, np.minimum(y, 1 - y))
    painted = np.clip((edge - 0.012 - 0.085 * ragged) / 0.012, 0, 1)[..., None]
    tooth = 1 - 0.09 * _texture(picture.size, rng, (150, 260))[..., None]
    paper = np.asarray((0.985, 0.965, 0.925), np.float32)
    return _picture((paper + (_pixels(picture) - paper) * painted) * tooth)


def _fibres(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    tooth = 1 - 0.14 * _texture(picture.size, rng, (60, 200))[..., None]
    return _picture(_pixels(picture) * tooth)


def _backdrop(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A bright seamless backdrop closes in from the corners."""
    del rng
    y, x = _grid(picture)
    corner = np.clip((np.hypot((x - 0.5) * 1.5, y - 0.5) - 0.25) / 0.55, 0, 1)[..., None] * 0.75
    white = np.asarray((0.95, 0.955, 0.965), np.float32)
    return _picture(_pixels(picture) * (1 - corner) + white * corner)


def _grid(picture: Image.Image) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Down and across, 0 to 1, shapes (height, 1) and (1, width)."""
    down = np.linspace(0, 1, picture.height, dtype=np.float32)[:, None]
    return down, np.linspace(0, 1, picture.width, dtype=np.float32)[None, :]


def _texture(
    size: tuple[int, int], rng: np.random.Generator, cells: tuple[int, ...]
) -> NDArray[np.float32]:
    """Smooth noise of several finenesses, 0 to 1, shape (height, width)."""
    side = (min(size[0], 2 * _TEXTURE_SIDE), min(size[1], 2 * _TEXTURE_SIDE))
    total = np.zeros((side[1], side[0]), np.float32)
    for count in cells:
        columns = max(round(count * size[0] / size[1]), 2)
        grid = Image.fromarray(rng.random((max(count, 2), columns), np.float32))
        total += np.asarray(grid.resize(side, Image.Resampling.BICUBIC), np.float32) / len(cells)
    large = Image.fromarray(total).resize(size, Image.Resampling.BICUBIC)
    texture: NDArray[np.float32] = np.clip((np.asarray(large) - 0.5) * 1.5 + 0.5, 0, 1)
    return texture


_Painter = Callable[[Image.Image, np.random.Generator], Image.Image]
_TREATMENTS: Final[Mapping[str, _Painter]] = {
    "cel": _cel, "wash": _wash, "cutout": _cutout, "clay": _clay, "soft": _soft, "crisp": _crisp,
}  # fmt: skip
_OVERLAYS: Final[Mapping[str, _Painter]] = {
    "blinds": _blinds, "rain": _rain, "flare": _flare, "streaks": _streaks, "leak": _leak,
    "paper": _paper, "fibres": _fibres, "backdrop": _backdrop,
}  # fmt: skip
