"""Places under a sky: ridges, a forest, the sea, a city, space. Far layers are hazier."""

from typing import Final

import numpy as np

from studio.providers.local.art.interiors import tilted_quad
from studio.providers.local.art.stage import Anchors, Quad, Stage, as_plane, smoothstep
from studio.providers.local.colour import Rgb, mix

_SKY_QUADS: Final = 12
_LIT_FAR: Final = 0.16
_LIT_NEARER: Final = 0.22
"""Share of a tower's windows with light in them: so much far away, and so much more near."""


def _paint_sky(stage: Stage, horizon: float) -> tuple[float, float]:
    """Sky with a low sun and clouds. Returns where the sun stands."""
    tones, rng = stage.palette, stage.rng
    stage.fill_vertical(
        [
            (0.0, mix(tones.shadow, tones.mid, 0.75)),
            (horizon * 0.6, mix(tones.mid, tones.key, 0.4)),
            (horizon, mix(tones.key, tones.light, 0.5)),
            (1.0, tones.mid),
        ]
    )
    sun = (float(rng.uniform(0.28, 0.72)), horizon - float(rng.uniform(0.10, 0.2)))
    billows = smoothstep(0.45, 0.78, stage.clouds(3.5, 5, 2.6))
    fade = smoothstep(horizon, horizon * 0.25, stage.y)
    stage.lay(mix(tones.key, tones.light, 0.4), as_plane(billows * fade * 0.5))
    stage.lay(
        mix(tones.mid, tones.accent, 0.5),
        as_plane(smoothstep(0.55, 0.85, stage.clouds(5, 5, 4)) * fade * 0.4),
    )
    stage.glow(sun, 0.6, tones.accent, 0.4)
    stage.glow(sun, 0.26, tones.key, 0.6)
    stage.glow(sun, 0.075, tones.light, 1.0)
    return sun


def _sky_quads(stage: Stage) -> list[Quad]:
    rng = stage.rng
    return [
        tilted_quad(
            (
                (place % 6 + 0.5) / 6 + float(rng.uniform(-0.04, 0.04)),
                0.09 + 0.13 * (place // 6) + float(rng.uniform(-0.03, 0.03)),
            ),
            0.12,
            stage.aspect,
            float(rng.uniform(-0.15, 0.15)),
            1.3,
        )
        for place in range(_SKY_QUADS)
    ]


def _anchors(stage: Stage, light: tuple[float, float], figure_height: float = 0.34) -> Anchors:
    """The main reference stands away from the light; the figure between the two."""
    right = light[0] < 0.5  # noqa: PLR2004 - the middle of the frame
    return Anchors(
        hero=(0.64 if right else 0.36, 0.46),
        hero_height=0.56,
        gallery=_sky_quads(stage),
        figure=(0.25 if right else 0.75, 0.95),
        figure_height=figure_height,
        light=light,
    )


def _ridge(stage: Stage, base: float, height: float, cells: float, colour: Rgb) -> None:
    line = base - height * np.abs(stage.profile(cells, 6))
    stage.lay(colour, smoothstep(-0.0015, 0.0015, as_plane(stage.y - line)))


def _mist(stage: Stage, level: float, thickness: float, strength: float) -> None:
    band = np.exp(-(((stage.y - level) / thickness) ** 2))
    stage.lay(
        mix(stage.palette.key, stage.palette.light, 0.4),
        as_plane(band * strength * (0.5 + stage.clouds(4, 3, 4))),
    )


def paint_landscape(stage: Stage) -> None:
    """Mountain ridges one behind another, mist between them, a dark foreground."""
    tones = stage.palette
    sun = _paint_sky(stage, 0.66)
    stage.shafts(sun, tones.light, 0.45)
    layers = 5
    for layer in range(layers):
        near = (layer + 1) / layers
        colour = mix(mix(tones.key, tones.mid, 0.45 + 0.5 * near), tones.shadow, 0.85 * near**1.5)
        base = 0.60 + 0.34 * near**1.3
        _ridge(stage, base, 0.34 - 0.20 * near, 2.2 + 1.6 * layer, colour)
        _mist(stage, base + 0.02, 0.07, 0.34 * (1 - near))
    stage.glow(sun, 0.30, tones.key, 0.3)
    stage.anchors = _anchors(stage, sun)


def paint_water(stage: Stage) -> None:
    """The sea to the horizon, the sun's path glittering on it."""
    tones = stage.palette
    horizon = 0.55
    sun = _paint_sky(stage, horizon)
    _ridge(stage, horizon, 0.06, 4, mix(tones.mid, tones.key, 0.35))
    below = smoothstep(horizon, horizon + 0.002, stage.y)
    reach = np.clip((stage.y - horizon) / (1 - horizon), 1e-3, 1)
    stage.lay(mix(tones.key, tones.mid, 0.6), below)
    stage.lay(tones.shadow, as_plane(below * reach**0.8 * 0.85))
    waves = stage.clouds(46, 3, 9) - 0.5
    swell = stage.clouds(14, 3, 7) - 0.5
    texture = as_plane(waves * (1 - reach * 0.5) + swell * reach * 1.3)
    stage.light(tones.key, as_plane(below * np.clip(texture, 0, 1) * 1.1))
    path = np.exp(-(((stage.x - sun[0]) * stage.aspect / (0.06 + 0.30 * reach)) ** 2))
    glitter = smoothstep(0.02, 0.16, texture)
    stage.light(tones.light, as_plane(below * path * (0.25 + 0.9 * glitter)))
    _mist(stage, horizon, 0.03, 0.45)
    shore = 0.925 + 0.02 * stage.profile(3, 5)
    stage.lay(mix(tones.shadow, (0.0, 0.0, 0.0), 0.4), smoothstep(-0.003, 0.003, stage.y - shore))
    stage.anchors = _anchors(stage, sun, 0.30)


def paint_forest(stage: Stage) -> None:
    """Trunks in layers that darken towards the viewer, light falling between them."""
    tones, rng = stage.palette, stage.rng
    stage.fill_vertical(
        [
            (0.0, mix(tones.mid, tones.key, 0.5)),
            (0.55, mix(tones.key, tones.light, 0.45)),
            (0.8, mix(tones.mid, tones.key, 0.3)),
            (1.0, mix(tones.shadow, tones.mid, 0.5)),
        ]
    )
    light = (float(rng.uniform(0.35, 0.65)), -0.10)
    stage.glow((light[0], 0.3), 0.5, tones.light, 0.6)
    layers = 4
    for layer in range(layers):
        near = (layer + 1) / layers
        colour = mix(mix(tones.key, tones.mid, 0.5 + 0.4 * near), tones.shadow, near**1.4 * 0.95)
        for _ in range(16 - 3 * layer):
            centre, half = float(rng.uniform(-0.05, 1.05)), (0.003 + 0.017 * near**2)
            sway = centre + 0.012 * near * stage_profile_column(stage)
            trunk = smoothstep(1.0, 0.75, as_plane(np.abs(stage.x - sway) / half))
            ground = 0.66 + 0.34 * near
            stage.lay(colour, as_plane(trunk * smoothstep(ground + 0.01, ground, stage.y)))
        floor = 0.70 + 0.22 * near + 0.03 * stage.profile(6 + 4 * layer, 5)
        stage.lay(colour, smoothstep(-0.004, 0.004, as_plane(stage.y - floor)))
        leaves = smoothstep(0.50, 0.60, stage.clouds(10 + 5 * layer, 4))
        stage.lay(colour, as_plane(leaves * smoothstep(0.30, 0.02, stage.y) * (0.35 + 0.5 * near)))
        _mist(stage, 0.66 + 0.1 * near, 0.10, 0.30 * (1 - near))
    stage.shafts(light, tones.light, 0.6, rays=11)
    stage.anchors = _anchors(stage, light, 0.36)


def stage_profile_column(stage: Stage) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """A slow random curve down the frame, shape (height, 1): trunks are not ruled lines."""
    knots = stage.rng.uniform(-1, 1, 4)
    return as_plane(np.interp(stage.y[:, 0], np.linspace(0, 1, 4), knots)[:, None])


def paint_city(stage: Stage) -> None:
    """Towers in three depths with lit windows, haze in the streets."""
    tones = stage.palette
    sun = _paint_sky(stage, 0.74)
    stage.shafts(sun, tones.light, 0.3)
    layers = 4
    for layer in range(layers):
        near = (layer + 1) / layers
        colour = mix(mix(tones.key, tones.mid, 0.55 + 0.4 * near), tones.shadow, 0.92 * near)
        _paint_towers(stage, near, colour)
        _mist(stage, 0.80 + 0.04 * layer, 0.10, 0.42 * (1 - near) + 0.06)
    stage.glow((sun[0], 0.78), 0.45, tones.key, 0.25)
    stage.anchors = _anchors(stage, sun, 0.30)


def _paint_towers(stage: Stage, near: float, colour: Rgb) -> None:
    """One depth of towers, each painted into its own columns of the frame only."""
    rng = stage.rng
    left = -0.02
    while left < 1.0:
        width = float(rng.uniform(0.03, 0.062)) * (0.6 + 1.1 * near)
        top = 0.80 - float(rng.beta(2, 3)) * (0.70 - 0.30 * near) + 0.10 * near
        first, last = (round(min(max(p, 0.0), 1.0) * stage.width) for p in (left, left + width))
        if last > first:
            _paint_tower(stage, slice(first, last), top, near, colour)
        left += width * float(rng.uniform(0.9, 1.3))


def _paint_tower(stage: Stage, columns: slice, top: float, near: float, colour: Rgb) -> None:
    tones = stage.palette
    area = stage.rgb[:, columns]
    body = smoothstep(-0.001, 0.001, as_plane(stage.y - top))[..., None]
    haze = np.clip((stage.y - top) / 0.5, 0, 1)[..., None] * (1 - near) * 0.6
    hazed = np.asarray(colour, np.float32) * (1 - haze) + np.asarray(tones.key, np.float32) * haze
    area += (hazed - area) * body
    pane = 0.010 + 0.004 * near
    across = np.arange(area.shape[1], dtype=np.float32)[None, :] / stage.height / pane
    down = (stage.y - top) / (pane * 1.35)
    on = stage.rng.random((128, 64)) < _LIT_FAR + _LIT_NEARER * near
    power = (on * stage.rng.uniform(0.3, 1, on.shape)).astype(np.float32)
    rows, sides = np.clip(down.astype(int), 0, 127), np.clip(across.astype(int), 0, 63)
    frame = (np.abs(np.mod(across, 1) - 0.5) < 0.26) & (np.abs(np.mod(down, 1) - 0.5) < 0.22)  # noqa: PLR2004 - a pane's share
    glass = np.asarray(mix(tones.key, tones.light, 0.4), np.float32)
    glint = (power[rows, sides] * frame * (0.2 + 0.6 * near))[..., None] * body
    area += glass * glint * (1 - area)


def paint_space(stage: Stage) -> None:
    """Stars, a nebula and the lit limb of a planet."""
    tones, rng = stage.palette, stage.rng
    stage.rgb[:] = mix(tones.shadow, (0.0, 0.0, 0.0), 0.35)
    veil = smoothstep(0.42, 0.85, stage.clouds(2.5, 6, 1.6))
    stage.light(tones.accent, as_plane(veil * 0.6))
    stage.light(tones.mid, as_plane(smoothstep(0.35, 0.8, stage.clouds(2, 6, 1.3)) * 0.8))
    stage.light(tones.key, as_plane(smoothstep(0.58, 0.9, stage.clouds(4, 6)) * 0.6))
    stars = int(stage.width * stage.height / 900)
    rows, columns = rng.integers(0, stage.height, stars), rng.integers(0, stage.width, stars)
    brightness = (rng.random(stars) ** 6)[:, None].astype(np.float32)
    stage.rgb[rows, columns] = np.maximum(
        stage.rgb[rows, columns], brightness * np.asarray(tones.light, np.float32)
    )
    centre, radius = (float(rng.uniform(0.42, 0.58)), 1.92), 1.08
    disc = stage.distance(centre) / radius
    stage.lay(mix(tones.shadow, tones.mid, 0.4), smoothstep(1.0, 0.992, as_plane(disc)))
    lit = smoothstep(0.86, 1.0, as_plane(disc)) * smoothstep(1.0, 0.992, as_plane(disc))
    stage.light(tones.key, as_plane(lit * (0.55 + 0.45 * stage.clouds(9, 4, 2))))
    stage.light(
        tones.accent,
        as_plane(
            np.exp(-np.maximum(disc - 1, 0) / 0.05) * smoothstep(0.99, 1.0, as_plane(disc)) * 0.75
        ),
    )
    light = (float(rng.choice([0.2, 0.8])), 0.80)
    stage.glow(light, 0.30, tones.key, 0.5)
    stage.glow(light, 0.07, tones.light, 0.9)
    stage.anchors = _anchors(stage, light, 0.26)
    stage.anchors.figure = (centre[0], 0.85)
