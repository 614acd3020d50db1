"""Places with walls: a corridor, a tunnel of light, a sunlit chamber, a stage with a spotlight.

Corridor and tunnel are one-point perspective: a pixel's distance along the axis is the wall's
half-width divided by the pixel's offset from the vanishing point.
"""

import math
from typing import Final

import numpy as np

from studio.providers.local.art.stage import Anchors, Quad, Stage, as_plane, smoothstep
from studio.providers.local.colour import mix

_DEPTH_MAX: Final = 30.0
_CORRIDOR_WALL: Final = 0.62
_CORRIDOR_FLOOR: Final = 0.40
_CORRIDOR_CEILING: Final = 0.42
_RIB_SPACING: Final = 0.95
_GALLERY_DEPTHS: Final = (0.95, 1.45, 2.05, 2.85, 3.9, 5.2)


def paint_corridor(stage: Stage) -> None:
    """A long hall with ribs of light, a polished floor and room for pictures on both walls."""
    tones, rng = stage.palette, stage.rng
    vanishing = (0.5 + float(rng.uniform(-0.06, 0.06)), 0.46)
    across = (stage.x - vanishing[0]) * stage.aspect
    down = stage.y - vanishing[1]
    to_wall = _CORRIDOR_WALL / np.maximum(np.abs(across), 1e-4)
    to_floor = _CORRIDOR_FLOOR / np.maximum(down, 1e-4)
    to_ceiling = _CORRIDOR_CEILING / np.maximum(-down, 1e-4)
    depth = as_plane(np.minimum(np.minimum(to_wall, np.minimum(to_floor, to_ceiling)), _DEPTH_MAX))
    on_floor = as_plane(((to_floor <= to_wall) & (down > 0)).astype(np.float32))
    on_ceiling = as_plane(((to_ceiling <= to_wall) & (down < 0)).astype(np.float32))
    nearness = as_plane(np.exp(-depth * 0.33))
    stage.rgb[:] = mix(tones.shadow, tones.mid, 0.45)
    wall_height = as_plane(down * depth)
    stage.lay(mix(tones.mid, tones.accent, 0.25), smoothstep(0.5, -0.4, wall_height) * 0.55)
    stage.lay(tones.shadow, on_floor * 0.75)
    stage.lay(mix(tones.shadow, tones.mid, 0.3), on_ceiling * 0.6)
    stage.lay(tones.shadow, nearness * 0.75)
    _paint_ribs(stage, depth, on_floor)
    _paint_ceiling_strip(stage, as_plane(across * depth), on_ceiling, depth)
    fog = as_plane(1 - np.exp(-np.maximum(depth - 1.2, 0) * 0.12))
    stage.lay(mix(tones.key, tones.light, 0.35), fog * 0.85)
    stage.glow(vanishing, 0.10, tones.light, 0.95)
    stage.glow(vanishing, 0.34, tones.key, 0.55)
    sheen = np.exp(-((across / (0.10 + down * 0.25)) ** 2)) * on_floor
    stage.light(tones.key, as_plane(sheen * 0.5 * (0.6 + 0.4 * stage.clouds(60, 2, 6))))
    stage.shafts(vanishing, tones.key, 0.28)
    _haze(stage, 0.10)
    side = 1 if rng.random() < 0.5 else -1  # noqa: PLR2004 - a coin
    stage.anchors = Anchors(
        hero=(vanishing[0] + side * 0.20, 0.43),
        hero_height=0.56,
        gallery=_wall_quads(vanishing, stage.aspect, -side),
        figure=(vanishing[0] - side * 0.07, 0.93),
        figure_height=0.50,
        light=vanishing,
        gallery_motion="sway",
    )


def _paint_ribs(
    stage: Stage,
    depth: np.ndarray[tuple[int, ...], np.dtype[np.float32]],
    on_floor: np.ndarray[tuple[int, ...], np.dtype[np.float32]],
) -> None:
    """Arches every `_RIB_SPACING` along the hall: a dark edge and a thin line of light."""
    tones = stage.palette
    phase = np.abs(np.mod(depth / _RIB_SPACING, 1.0) - 0.5)
    shade = smoothstep(0.40, 0.5, as_plane(phase))
    stage.lay(mix(tones.shadow, (0.0, 0.0, 0.0), 0.3), as_plane(shade * 0.55 * (1 - on_floor)))
    width = 0.010 + 0.012 / np.maximum(depth, 0.5)
    line = np.exp(-(((0.5 - phase) / width) ** 2))
    fade = np.exp(-depth * 0.10) * np.where(on_floor > 0, 0.22, 0.85)
    stage.light(tones.key, as_plane(line * fade))
    stage.light(tones.accent, as_plane(np.exp(-(((0.5 - phase) / 0.09) ** 2)) * fade * 0.35))


def _paint_ceiling_strip(
    stage: Stage,
    sideways: np.ndarray[tuple[int, ...], np.dtype[np.float32]],
    on_ceiling: np.ndarray[tuple[int, ...], np.dtype[np.float32]],
    depth: np.ndarray[tuple[int, ...], np.dtype[np.float32]],
) -> None:
    strip = np.exp(-((sideways / 0.05) ** 2)) + 0.35 * np.exp(-((sideways / 0.22) ** 2))
    dashes = smoothstep(0.30, 0.20, as_plane(np.abs(np.mod(depth * 1.1, 1.0) - 0.5)))
    stage.light(stage.palette.light, as_plane(strip * on_ceiling * dashes * 0.7))


def _wall_quads(vanishing: tuple[float, float], aspect: float, first_side: int) -> list[Quad]:
    """Places for pictures on the walls, nearest first, the two sides in turn."""
    quads: list[Quad] = []
    for depth in _GALLERY_DEPTHS:
        for side in (first_side, -first_side):
            near, far = depth * 0.85, depth * 1.15
            outer, inner = (_CORRIDOR_WALL * 0.96 / d / aspect * side for d in (near, far))
            corners = [(vanishing[0] + outer, near), (vanishing[0] + inner, far)]
            if side > 0:
                corners.reverse()
            (left, left_depth), (right, right_depth) = corners
            top, bottom = -0.235, 0.13
            quads.append(
                (
                    (left, vanishing[1] + top / left_depth),
                    (right, vanishing[1] + top / right_depth),
                    (right, vanishing[1] + bottom / right_depth),
                    (left, vanishing[1] + bottom / left_depth),
                )
            )
    return quads


def paint_tunnel(stage: Stage) -> None:
    """A winding tube of light: rings, streaks and a bright far end."""
    tones, rng = stage.palette, stage.rng
    centre = (0.5 + float(rng.uniform(-0.04, 0.04)), 0.47)
    radius = np.maximum(stage.distance(centre), 1e-3)
    across = (stage.x - centre[0]) * stage.aspect
    angle = np.arctan2(stage.y - centre[1], across)
    depth = 0.36 / radius
    twist = angle + 0.9 * np.log(radius)
    stage.rgb[:] = tones.shadow
    stage.lay(tones.mid, as_plane(smoothstep(1.1, 0.15, as_plane(radius)) * 0.85))
    streaks = np.zeros_like(radius)
    for _ in range(7):
        count, phase = int(rng.integers(3, 19)), float(rng.uniform(0, 2 * math.pi))
        streaks += np.maximum(np.sin(twist * count + phase), 0) ** 6 / 3
    stage.light(
        tones.accent, as_plane(np.clip(streaks, 0, 1) * smoothstep(0.05, 0.5, radius) * 0.75)
    )
    rings = np.exp(-((np.abs(np.mod(depth * 1.15 + 0.05 * streaks, 1) - 0.5) / 0.10) ** 2))
    stage.light(tones.key, as_plane(rings * np.exp(-depth * 0.25) * 0.55))
    stage.glow(centre, 0.15, tones.light, 1.0)
    stage.glow(centre, 0.42, tones.key, 0.65)
    stage.shafts(centre, tones.light, 0.30, rays=14)
    stage.anchors = Anchors(
        hero=(centre[0] + 0.13, 0.44),
        hero_height=0.52,
        gallery=_ring_quads(centre, stage.aspect, rng),
        figure=(centre[0] - 0.19, 0.97),
        figure_height=0.56,
        light=centre,
        gallery_motion="rush",
        tunnel=True,
    )


def _ring_quads(centre: tuple[float, float], aspect: float, rng: np.random.Generator) -> list[Quad]:
    """Pictures that tumble around the axis, large at the rim and small towards the end."""
    quads: list[Quad] = []
    turn = float(rng.uniform(0, 2 * math.pi))
    for place in range(12):
        reach = (0.66, 0.46, 0.33)[place // 4]
        angle = turn + place * 2 * math.pi / 4 + (place // 4) * 0.8
        middle = (
            centre[0] + reach * math.cos(angle) / aspect * 1.25,
            centre[1] + reach * math.sin(angle) * 0.8,
        )
        quads.append(tilted_quad(middle, reach * 0.30, aspect, angle * 0.4, ratio=1.2))
    return quads


def paint_chamber(stage: Stage) -> None:
    """A tall vaulted room: arched windows between pillars, beams that fall to a polished floor."""
    tones, rng = stage.palette, stage.rng
    floor = 0.72
    stage.fill_vertical(
        [
            (0.0, mix(tones.shadow, tones.mid, 0.12)),
            (0.35, mix(tones.shadow, tones.mid, 0.55)),
            (floor, mix(tones.mid, tones.key, 0.22)),
            (floor + 0.001, mix(tones.shadow, tones.mid, 0.55)),
            (1.0, mix(tones.shadow, (0.0, 0.0, 0.0), 0.25)),
        ]
    )
    right = rng.random() < 0.5  # noqa: PLR2004 - a coin
    light = (0.70 if right else 0.30, 0.20)
    stage.glow((light[0], 0.36), 0.45, tones.key, 0.40)
    count = 5
    for window in range(count):
        place = (window + 0.5) / count
        _paint_window(stage, place, floor, brightness=1.0 - 0.8 * abs(place - light[0]))
        _paint_pillar(stage, window / count, floor, light[0])
    _paint_pillar(stage, 1.0, floor, light[0])
    stage.lay(mix(tones.mid, tones.key, 0.3), stage.clouds(5, 4) * 0.10)
    away_from_light = smoothstep(0.10, 0.75, as_plane(np.abs(stage.x - light[0])))
    stage.lay(mix(tones.shadow, (0.0, 0.0, 0.0), 0.2), as_plane(away_from_light * 0.62))
    slant = -0.62 if right else 0.62
    for window in range(count):
        place = (window + 0.5) / count
        _paint_beam(stage, place, slant, 0.8 * (1.0 - 0.9 * abs(place - light[0])))
    stage.shafts((light[0], -0.20), tones.light, 0.5, rays=11)
    stage.glow((light[0], 0.10), 0.26, tones.light, 0.5)
    _haze(stage, 0.12)
    away = 0.36 if light[0] > 0.5 else 0.64  # noqa: PLR2004 - the other half
    stage.anchors = Anchors(
        hero=(away, 0.47),
        hero_height=0.54,
        gallery=_orbit_quads(stage.aspect, rng),
        figure=(0.5 + (light[0] - 0.5) * 0.35, 0.94),
        figure_height=0.46,
        light=light,
        gallery_motion="orbit",
        orbit=((0.5, 0.20), (0.46, 0.11)),
    )


def _paint_pillar(stage: Stage, place: float, floor: float, light: float) -> None:
    """A round pillar: dark at its edges, lit on the side of the light, an arch above it."""
    tones = stage.palette
    half = 0.021
    across = (stage.x - place) / half
    body = smoothstep(1.0, 0.9, as_plane(np.abs(across))) * smoothstep(
        floor + 0.03, floor + 0.02, stage.y
    )
    stage.lay(mix(tones.shadow, tones.mid, 0.35), body)
    side = 1 if light > place else -1
    lit = np.exp(-(((across - 0.45 * side) / 0.35) ** 2))
    stage.light(tones.key, as_plane(body * lit * 0.42))
    mirrored = smoothstep(1.2, 0.4, as_plane(np.abs(across))) * smoothstep(
        floor + 0.02, floor + 0.04, stage.y
    )
    stage.lay(tones.shadow, as_plane(mirrored * np.exp(-(stage.y - floor) / 0.14) * 0.5))


def _paint_beam(stage: Stage, place: float, slant: float, strength: float) -> None:
    """Light from a window, slanting through the haze to a bright patch on the floor."""
    tones = stage.palette
    fallen = np.clip((stage.y - 0.18) / 0.74, 0, 1)
    middle = place + slant * 0.30 * fallen
    width = 0.050 + 0.030 * fallen
    across = np.exp(-(np.abs((stage.x - middle) / width) ** 3))
    inside = smoothstep(0.12, 0.30, stage.y) * smoothstep(1.0, 0.90, stage.y)
    stage.light(mix(tones.key, tones.light, 0.5), as_plane(across * inside * strength * 0.85))
    patch = np.exp(-(((stage.y - 0.875) / 0.045) ** 2))
    stage.light(tones.light, as_plane(across * patch * strength * 0.75))


def _paint_window(stage: Stage, place: float, floor: float, brightness: float) -> None:
    tones = stage.palette
    half, top, bottom = 0.062, 0.20, floor - 0.13
    sideways = np.abs(stage.x - place) / half
    arch = np.sqrt(np.clip(1 - sideways**2, 0, 1)) * half * stage.aspect
    inside = (
        smoothstep(0.0, 0.012, as_plane(stage.y - (top - arch)))
        * smoothstep(0.0, 0.008, as_plane(bottom - stage.y))
        * smoothstep(1.0, 0.94, as_plane(sideways))
    )
    bars = 1 - 0.55 * smoothstep(0.06, 0.02, as_plane(np.abs(sideways)))
    rows = 1 - 0.45 * smoothstep(0.05, 0.02, as_plane(np.abs(np.mod(stage.y * 11, 1) - 0.5)))
    stage.lay(mix(tones.key, tones.light, 0.75), as_plane(inside * bars * rows * brightness))
    mirrored = np.exp(-(sideways**2)) * smoothstep(floor, floor + 0.02, stage.y)
    fade = np.exp(-(stage.y - floor) / 0.16)
    stage.light(tones.key, as_plane(mirrored * np.clip(fade, 0, 1) * 0.34 * brightness))


def _orbit_quads(aspect: float, rng: np.random.Generator) -> list[Quad]:
    """Pictures on an ellipse overhead, the near ones larger."""
    quads: list[tuple[float, Quad]] = []
    turn = float(rng.uniform(0, 2 * math.pi))
    for place in range(14):
        angle = turn + place * 2 * math.pi / 14
        nearness = (1 + math.sin(angle)) / 2
        middle = (0.5 + 0.46 * math.cos(angle), 0.20 + 0.11 * math.sin(angle))
        height = 0.075 + 0.115 * nearness
        quads.append(
            (nearness, tilted_quad(middle, height, aspect, 0.25 * math.cos(angle * 2), 1.25))
        )
    return [quad for _, quad in sorted(quads, key=lambda item: -item[0])]


def tilted_quad(
    middle: tuple[float, float], height: float, aspect: float, angle: float, ratio: float
) -> Quad:
    """A rectangle turned by `angle` radians in the plane of the frame."""
    half_width, half_height = height * ratio / 2, height / 2
    corners = []
    for across, down in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
        dx = across * half_width * math.cos(angle) - down * half_height * math.sin(angle)
        dy = across * half_width * math.sin(angle) + down * half_height * math.cos(angle)
        corners.append((middle[0] + dx / aspect, middle[1] + dy))
    return corners[0], corners[1], corners[2], corners[3]


def paint_spotlight(stage: Stage) -> None:
    """Where the words name no place: a dark stage, a cone of light, a pool on the floor."""
    tones, rng = stage.palette, stage.rng
    stage.fill_vertical(
        [
            (0.0, mix(tones.shadow, (0.0, 0.0, 0.0), 0.2)),
            (0.74, mix(tones.shadow, tones.mid, 0.75)),
            (0.76, mix(tones.shadow, tones.mid, 0.45)),
            (1.0, tones.shadow),
        ]
    )
    source = (0.5 + float(rng.uniform(-0.18, 0.18)), -0.08)
    sideways = (stage.x - source[0]) * stage.aspect
    reach = stage.y - source[1]
    cone = np.exp(-((sideways / (0.06 + 0.42 * reach)) ** 2)) * np.exp(-reach * 0.9)
    stage.light(tones.key, as_plane(cone * (0.55 + 0.45 * stage.clouds(4, 4))))
    pool = ((sideways / 0.55) ** 2) + (((stage.y - 0.87) / 0.085) ** 2)
    stage.light(tones.light, as_plane(np.exp(-pool) * 0.7))
    stage.shafts(source, tones.accent, 0.5, rays=12)
    stage.glow((source[0], 0.0), 0.30, tones.light, 0.7)
    _haze(stage, 0.18)
    stage.anchors = Anchors(
        hero=(0.5, 0.45),
        hero_height=0.62,
        figure=(0.24, 0.93),
        light=(source[0], 0.02),
        gallery_motion="orbit",
        orbit=((0.5, 0.20), (0.46, 0.11)),
        gallery=_orbit_quads(stage.aspect, rng),
    )


def _haze(stage: Stage, strength: float) -> None:
    stage.light(stage.palette.key, as_plane(stage.clouds(3, 4, 2.5) ** 2 * strength))
