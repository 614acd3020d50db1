"""What each style preset does to a picture, as numbers. Ids are those of the style catalogue."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from studio.providers.local.colour import Rgb, from_hex
from studio.providers.local.words import word_set, words_of


@dataclass(frozen=True)
class Grade:
    """`contrast` and `saturation`: 1 is as painted. `warmth`, `fade`, `split`, `bloom`: 0 is none.

    `lift` brightens (over 0) or darkens. `split` is how far dark parts go to `shadows` and light
    ones to `lights`. `treatment` changes how things are drawn, `overlay` lies over the scene.
    """

    contrast: float = 1.10
    saturation: float = 1.06
    warmth: float = 0.0
    fade: float = 0.0
    grain: float = 2.2
    vignette: float = 0.46
    lift: float = 0.0
    split: float = 0.0
    shadows: Rgb = (0.0, 0.0, 0.0)
    lights: Rgb = (1.0, 1.0, 1.0)
    bloom: float = 0.0
    treatment: str = ""
    overlay: str = ""


def _toned(shadows: str, lights: str, split: float, grade: Grade) -> Grade:
    return replace(grade, split=split, shadows=from_hex(shadows), lights=from_hex(lights))


GRADES: Final[Mapping[str, Grade]] = {
    "realistic_cinematic": _toned(
        "#0a2a38", "#ffd9a6", 0.24, Grade(contrast=1.16, bloom=0.10)
    ),
    "documentary": _toned(
        "#2a2c28", "#f0eee2", 0.14,
        Grade(contrast=1.0, saturation=0.62, fade=0.25, grain=3.0, vignette=0.12, lift=0.10),
    ),
    "film_noir": Grade(
        contrast=1.75, saturation=0.0, grain=5.0, vignette=0.66, lift=-0.03, overlay="blinds"
    ),
    "neon_noir": _toned(
        "#2b0a58", "#39e0f0", 0.52,
        Grade(contrast=1.3, saturation=1.7, vignette=0.5, bloom=0.5, overlay="rain"),
    ),
    "golden_hour": _toned(
        "#4a2410", "#ffd88a", 0.46,
        Grade(contrast=1.04, saturation=1.25, warmth=1.6, bloom=0.42, vignette=0.3, lift=0.05,
              overlay="flare"),
    ),
    "epic_fantasy": _toned(
        "#06331f", "#f4dc86", 0.46, Grade(contrast=1.2, saturation=1.3, bloom=0.26)
    ),
    "science_fiction": _toned(
        "#04162e", "#b8e6ff", 0.62,
        Grade(contrast=1.34, saturation=0.85, warmth=-1.2, bloom=0.2, overlay="streaks"),
    ),
    "horror": _toned(
        "#020806", "#a9b894", 0.60,
        Grade(contrast=1.5, saturation=0.32, warmth=-0.4, grain=5.0, vignette=0.9, lift=-0.04),
    ),
    "vintage_super8": _toned(
        "#5a2a18", "#ffe9b8", 0.36,
        Grade(contrast=0.86, saturation=0.72, warmth=1.2, fade=1.1, grain=9.0, vignette=0.6,
              overlay="leak"),
    ),
    "dreamlike": _toned(
        "#6a5a9c", "#ffeaf2", 0.5,
        Grade(contrast=0.78, saturation=0.85, fade=0.9, bloom=0.85, vignette=0.06, lift=0.14,
              grain=1.0, treatment="soft"),
    ),
    "anime": Grade(
        contrast=1.18, saturation=1.75, grain=0.0, vignette=0.10, lift=0.06, treatment="cel"
    ),
    "stop_motion": _toned(
        "#2e1a10", "#ffe6c0", 0.22,
        Grade(contrast=1.12, saturation=1.45, warmth=0.8, grain=2.0, vignette=0.5,
              treatment="clay"),
    ),
    "watercolour": _toned(
        "#3d6478", "#fffaf0", 0.30,
        Grade(contrast=0.80, saturation=1.25, fade=0.3, vignette=0.0, lift=0.22, grain=1.0,
              treatment="wash", overlay="paper"),
    ),
    "paper_cutout": _toned(
        "#22223b", "#f7ede2", 0.20,
        Grade(contrast=1.1, saturation=1.55, vignette=0.16, grain=1.2, lift=0.05,
              treatment="cutout", overlay="fibres"),
    ),
    "product_studio": _toned(
        "#565c66", "#ffffff", 0.62,
        Grade(contrast=1.0, saturation=0.42, lift=0.30, vignette=0.0, grain=0.4,
              treatment="crisp", overlay="backdrop"),
    ),
}  # fmt: skip

_WORDS: Final[tuple[tuple[frozenset[str], str], ...]] = (
    (word_set("neon cyberpunk synthwave"), "neon_noir"),
    (word_set("futuristic science scifi"), "science_fiction"),
    (word_set("noir monochrome bw"), "film_noir"),
    (word_set("anime cartoon toon cel comic animated animation"), "anime"),
    (word_set("watercolor watercolour painterly storybook sketch illustration"), "watercolour"),
    (word_set("vintage retro analog analogue nostalgic polaroid"), "vintage_super8"),
    (word_set("documentary natural naturalistic handheld vlog"), "documentary"),
    (word_set("dream dreamy dreamlike surreal ethereal pastel"), "dreamlike"),
    (word_set("fantasy magical"), "epic_fantasy"),
    (word_set("horror gothic thriller"), "horror"),
    (word_set("golden sunset"), "golden_hour"),
    (word_set("clay claymation puppet"), "stop_motion"),
    (word_set("cutout paper papercraft"), "paper_cutout"),
    (word_set("commercial product clean minimal studio"), "product_studio"),
    (word_set("cinematic realistic photorealistic film"), "realistic_cinematic"),
)


def grade_of(style: str) -> Grade:
    """The look of a preset's id, or the one that a style's words ask for; else a mild one."""
    preset = style.split(".", 1)[0].strip()
    if preset in GRADES:
        return GRADES[preset]
    present = words_of(style.replace("_", " "))
    return next((GRADES[name] for words, name in _WORDS if words & present), Grade())
