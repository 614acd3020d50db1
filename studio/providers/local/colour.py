"""Colours of the offline provider: five roles a picture, chosen from words and uploads."""

import colorsys
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from studio.providers.local.words import word_set, words_of

Rgb = tuple[float, float, float]
"""Red, green and blue from 0 to 1, gamma-encoded as in sRGB."""

_HEX = re.compile(r"#[0-9a-fA-F]{6}")
_RESCUE_SHARE: Final = 0.7
_LIGHT_LUMINANCE_MIN: Final = 0.5
_UPLOAD_SHARE: Final = 0.55
"""How far an upload's colour pulls the accent: enough to be seen, not enough to turn the mood."""


@dataclass(frozen=True)
class Palette:
    """Five roles, dark to light: `shadow`, `mid`, `accent` (the saturated one), `key`, `light`."""

    shadow: Rgb
    mid: Rgb
    accent: Rgb
    key: Rgb
    light: Rgb

    def tinted(self, other: "Palette", share: float) -> "Palette":
        """Every role mixed with the same role of another palette."""
        pairs = zip(self.roles, other.roles, strict=True)
        return Palette(*(mix(own, theirs, share) for own, theirs in pairs))

    @property
    def roles(self) -> tuple[Rgb, Rgb, Rgb, Rgb, Rgb]:
        return self.shadow, self.mid, self.accent, self.key, self.light

    def as_hex(self) -> tuple[str, ...]:
        return tuple(to_hex(c) for c in self.roles)


def from_hex(text: str) -> Rgb:
    """The colour of `#rrggbb`. Raises ValueError for anything else."""
    if not _HEX.fullmatch(text):
        raise ValueError(f"{text!r} is not a colour of the form #rrggbb")
    red, green, blue = (int(text[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue


def to_hex(colour: Rgb) -> str:
    return "#" + "".join(f"{round(min(max(c, 0.0), 1.0) * 255):02x}" for c in colour)


def mix(first: Rgb, second: Rgb, share: float) -> Rgb:
    """`share` of the second colour, the rest of the first."""
    red, green, blue = (a + (b - a) * share for a, b in zip(first, second, strict=True))
    return red, green, blue


def luminance(colour: Rgb) -> float:
    return 0.2126 * colour[0] + 0.7152 * colour[1] + 0.0722 * colour[2]


def _chroma(colour: Rgb) -> float:
    """How colourful it looks: near-black can be saturated and still look black."""
    return max(colour) - min(colour)


def _named(*hexes: str) -> Palette:
    return Palette(*(from_hex(h) for h in hexes))


DEFAULT_PALETTE: Final = _named("#0b1420", "#27435a", "#d9853b", "#f0b873", "#fff1d6")

_MOODS: Final[tuple[tuple[frozenset[str], Palette], ...]] = (
    (
        word_set("archive library corridor memory photograph candle lamp museum gallery"),
        _named("#0d1219", "#3a3f4a", "#c9772f", "#f2b35e", "#ffe9bd"),
    ),
    (
        word_set("sunlit sun golden dawn sunrise sunset desert amber summer warm honey"),
        _named("#2a1c18", "#8a5a3c", "#e58a3a", "#ffc876", "#fff3d4"),
    ),
    (
        word_set("frozen ice icy snow winter arctic frost glacier glass cold"),
        _named("#0c1a2b", "#365a7d", "#5fb4d8", "#b5dff0", "#f4fbff"),
    ),
    (
        word_set("emerald forest green jungle elf moss garden leaf meadow tree"),
        _named("#08170f", "#24513a", "#3fae6c", "#b9dd8c", "#f5fbd9"),
    ),
    (
        word_set("water sea ocean pond lake river rain wave ripple underwater"),
        _named("#061723", "#1d4d66", "#2fa3a7", "#9fd9d0", "#eefcf4"),
    ),
    (
        word_set("neon cyber cyberpunk club arcade synthwave electric hologram"),
        _named("#0b0618", "#3a1d63", "#f0389a", "#39d6e8", "#f3ecff"),
    ),
    (
        word_set("night moon midnight moonlit dark shadow noir storm haunted"),
        _named("#05070f", "#1c2a44", "#4c6fa8", "#a9c1e6", "#eef4ff"),
    ),
    (
        word_set("space galaxy star cosmos nebula planet orbit astronaut universe"),
        _named("#05040d", "#2a2352", "#8d5bd0", "#e59ac9", "#fff2ea"),
    ),
    (
        word_set("luminous tunnel vortex portal wormhole radiant aurora"),
        _named("#080a24", "#2b2f7a", "#c4567a", "#ffb87a", "#fff1dc"),
    ),
    (
        word_set("fire flame lava volcano ember battle war blaze furnace"),
        _named("#140705", "#5a1d12", "#e2481f", "#ffa24a", "#ffe6b8"),
    ),
    (
        word_set("rose blossom pink love spring dream dreamy pastel wedding"),
        _named("#20121f", "#6d4766", "#e0759a", "#f7c1b8", "#fff3ee"),
    ),
)


def palette_from_words(text: str) -> Palette:
    """The mood with the most of its words in the text; warm light on slate where none has any."""
    present = words_of(text)
    scores = [len(present & words) * _weight(words) for words, _ in _MOODS]
    best = max(scores)
    return _MOODS[scores.index(best)][1] if best else DEFAULT_PALETTE


def _weight(words: frozenset[str]) -> int:
    """Words of light outweigh words of place: a "sunlit memory chamber" is sunlit."""
    return 1 if "archive" in words else 3


def palette_with_uploads(palette: Palette, hexes: Iterable[str]) -> Palette:
    """Pull the accent to the most saturated colour of the uploads, and the mid tone a little."""
    colours = [from_hex(h) for h in hexes if _HEX.fullmatch(h)]
    if not colours:
        return palette
    strongest = max(colours, key=_chroma)
    return replace(
        palette,
        accent=mix(palette.accent, _as_bright(strongest, palette.accent), _UPLOAD_SHARE),
        mid=mix(palette.mid, _as_bright(strongest, palette.mid), _UPLOAD_SHARE / 3),
    )


def _as_bright(colour: Rgb, model: Rgb) -> Rgb:
    """A colour at another one's brightness: a dark upload must not put out the light."""
    hue, saturation, _ = colorsys.rgb_to_hsv(*colour)
    return colorsys.hsv_to_rgb(hue, saturation, colorsys.rgb_to_hsv(*model)[2])


def palette_from_hexes(hexes: Sequence[str], fallback: Palette) -> Palette:
    """Read roles into a list of colours that any planner may have written.

    The darkest is the shadow and the lightest the light; missing roles come from `fallback`, and
    what is no colour is passed over.
    """
    colours = sorted({from_hex(h.lower()) for h in hexes if _HEX.fullmatch(h)}, key=luminance)
    if len(colours) < len(("shadow", "light")):
        return palette_with_uploads(fallback, hexes)
    shadow, *between, light = colours
    if not between:
        return replace(fallback, shadow=shadow, light=light)
    if len(between) == len(("mid", "accent", "key")):
        mid, accent, key = between
    else:
        accent = max(between, key=_chroma)
        rest = [c for c in between if c != accent] or [accent]
        mid, key = rest[0], rest[-1]
    # A pale list still needs a dark to stand on, and a dark list a light to see by.
    if luminance(shadow) > luminance(accent) / 2:
        shadow = mix(shadow, fallback.shadow, _RESCUE_SHARE)
    if luminance(light) < _LIGHT_LUMINANCE_MIN:
        light = mix(light, fallback.light, _RESCUE_SHARE)
    return Palette(shadow, mid, accent, key, light)
