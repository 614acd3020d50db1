"""Put pictures and people on a painted stage, each as a cel of its own."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from PIL import Image, ImageDraw

from studio.providers.local.art.cels import Cel, Motion
from studio.providers.local.art.figure import Costume, airship_cel, figure_cel, floor_shadow
from studio.providers.local.art.panels import (
    gallery_places,
    hero_quad,
    hero_ratio,
    hung,
    middle_of,
)
from studio.providers.local.art.photographs import large_photograph, photographs
from studio.providers.local.art.stage import Anchors, Point, Quad
from studio.providers.local.colour import Palette, mix
from studio.providers.local.words import AIRSHIP_WORDS, PERSON_WORDS, PICTURE_WORDS, words_of

PHOTOGRAPHS: Final = 11
"""How many pictures hang where a text speaks of them, uploads included."""
PHOTOGRAPHS_IN_FLIGHT: Final = 7
"""As many where they fly past: they come near and large, and the tunnel is to be seen."""
_POSES: Final = (
    (r"\breach|\btouch|\bgrasp|\bpoint(s|ing)?\b|\bholds?\b|\boffer", "reach"),
    (r"\boverhead\b|\blooks? up\b|\bgaz(es|ing)\b|\babove\b|\bstars?\b|\bawe\b", "look_up"),
    (r"\benter|\bwalk|\bsteps?\b|\bapproach|\bcross|\bruns?\b|\barriv|\bwander|\bleav", "walk"),
)
_HANGING: Final = re.compile(r"\bsuspend|\bhang|\bhung\b|\bstrings?\b|\bthread")
_CLOSE_HEIGHT: Final = 1.0
_CLOSE_FEET: Final = 1.24
"""Who reaches for something is seen from the knees up."""
_NARROW: Final = 1.35
"""Frames narrower than this show smaller people: an outstretched arm must have room."""
_FIGURE_DEPTH: Final = 1.35


@dataclass(frozen=True)
class Scene:
    """What a shot shows: its text, its colours, the pictures to hang and who is there."""

    text: str
    palette: Palette
    rng: np.random.Generator
    hero: Image.Image | None
    gallery: Sequence[Image.Image]
    costume: Costume


def pose_in(text: str) -> str:
    """What a person does, as one of the poses that can be drawn."""
    lowered = text.lower()
    return next((pose for pattern, pose in _POSES if re.search(pattern, lowered)), "stand")


def staged(frame: Image.Image, anchors: Anchors, scene: Scene) -> list[Cel]:
    """The scene's cels, farthest first. Light and shadows they cast go into `frame`, in place."""
    words = words_of(scene.text)
    has_person = bool(words & PERSON_WORDS)
    pose = pose_in(scene.text) if has_person else "stand"
    anchors = _framed(anchors, pose, frame.width / frame.height)
    hero = scene.hero
    hanging = list(scene.gallery)
    if words & PICTURE_WORDS:
        wanted = PHOTOGRAPHS_IN_FLIGHT if anchors.tunnel else PHOTOGRAPHS
        hanging += photographs(scene.palette, scene.rng, max(wanted - len(hanging), 0))
        if pose == "reach" and hero is None:
            hero = large_photograph(scene.palette, scene.rng)
    cels = _gallery(frame, anchors, hanging, scene)
    if hero is not None:
        cels += _hero(frame, anchors, hero, scene.palette)
    if words & AIRSHIP_WORDS:
        cels.append(_airship(frame, anchors, scene.palette))
    if has_person:
        cels.append(_person(frame, anchors, pose, scene))
    return cels


def _framed(anchors: Anchors, pose: str, aspect: float) -> Anchors:
    """Someone who reaches is seen from near, beside what they reach for."""
    narrow = min(aspect / _NARROW, 1.0)
    if pose != "reach":
        return replace(anchors, figure_height=anchors.figure_height * max(narrow, 0.6))
    height = _CLOSE_HEIGHT * narrow
    facing = 1 if anchors.hero[0] >= anchors.figure[0] else -1
    x = 0.5 - facing * 0.20
    hand = x + facing * 0.318 * height / aspect
    hero_height = 0.46 * narrow
    middle = hand + facing * (hero_height * 1.32 / aspect / 2 - 0.012)
    feet = _CLOSE_FEET if narrow == 1.0 else 0.97 + 0.27 * narrow
    return replace(
        anchors,
        figure=(x, feet),
        figure_height=height,
        hero=(middle, feet - 0.86 * height),
        hero_height=hero_height,
    )


def _gallery(
    frame: Image.Image, anchors: Anchors, hanging: Sequence[Image.Image], scene: Scene
) -> list[Cel]:
    """The smaller pictures, farthest first."""
    aspect = frame.width / frame.height
    places = gallery_places(anchors.gallery, len(hanging), aspect)
    on_strings = anchors.gallery_motion == "sway" and bool(_HANGING.search(scene.text.lower()))
    cels: list[Cel] = []
    for number in reversed(range(len(hanging))):
        quad = places[number]
        if on_strings:
            _string(frame, quad, scene.palette)
        picture = hung(frame, hanging[number], quad, scene.palette.key, 0.35)
        if picture is not None:
            own = number < len(anchors.gallery)
            cels.append(_hung_cel(picture, quad, anchors, aspect, moves=own))
    return cels


def _hung_cel(
    picture: Image.Image, quad: Quad, anchors: Anchors, aspect: float, *, moves: bool
) -> Cel:
    middle = middle_of(quad)
    tall = abs(quad[3][1] - quad[0][1])
    phase = math.fmod(middle[0] * 37.0 + middle[1] * 11.0, 2 * math.pi)
    kind, around, reach = anchors.gallery_motion, anchors.light, (aspect, 1.0)
    if kind == "orbit":
        around, reach = anchors.orbit
        sideways, down = (middle[0] - around[0]) / reach[0], (middle[1] - around[1]) / reach[1]
        phase = math.atan2(down, sideways)
    depth = 1.0 if kind in {"orbit", "rush"} else 0.7 + 2.4 * tall
    return Cel(picture, middle, Motion(kind if moves else "still", depth, phase, around, reach))


def _string(frame: Image.Image, quad: Quad, tones: Palette) -> None:
    x = (quad[0][0] + quad[1][0]) / 2 * frame.width
    y = (quad[0][1] + quad[1][1]) / 2 * frame.height
    red, green, blue = (round(c * 255) for c in mix(tones.key, tones.mid, 0.35))
    width = max(round(abs(quad[3][1] - quad[0][1]) * frame.height * 0.008), 1)
    ImageDraw.Draw(frame).line((x, 0, x, y + 2), fill=(red, green, blue), width=width)


def _hero(
    frame: Image.Image, anchors: Anchors, picture: Image.Image, palette: Palette
) -> list[Cel]:
    yaw = -1.0 if anchors.hero[0] > anchors.light[0] else 1.0
    ratio, aspect = hero_ratio(picture), frame.width / frame.height
    quad = hero_quad(anchors.hero, anchors.hero_height, ratio, aspect, yaw)
    shown = hung(frame, picture, quad, palette.light, 0.55)
    return [] if shown is None else [Cel(shown, middle_of(quad), Motion("float", 1.15))]


def _airship(frame: Image.Image, anchors: Anchors, tones: Palette) -> Cel:
    middle = (0.5 + (0.5 - anchors.hero[0]) * 0.9, 0.27)
    picture = airship_cel(0.36 * frame.height, _side(anchors.light, middle), tones)
    return Cel(picture, middle, Motion("float", 1.1))


def _person(frame: Image.Image, anchors: Anchors, pose: str, scene: Scene) -> Cel:
    feet, tall = anchors.figure, anchors.figure_height * frame.height
    facing = 1 if anchors.hero[0] >= feet[0] else -1
    if feet[1] <= 1:
        floor_shadow(frame, feet, tall, anchors.light, scene.palette)
    light = _side(anchors.light, feet)
    picture = figure_cel(tall, pose, scene.costume, scene.palette, facing=facing, light=light)
    picture, across = _trimmed(picture)
    middle = (feet[0] + across / frame.width, feet[1] - picture.height / 2 / frame.height)
    kind = "walk" if pose == "walk" else "breathe"
    towards = (anchors.light[0], min(max(anchors.light[1], 0.42), 0.6))
    return Cel(picture, middle, Motion(kind, _FIGURE_DEPTH, 0.0, towards))


def _trimmed(picture: Image.Image) -> tuple[Image.Image, float]:
    """A figure without the emptiness beside it, and how far its middle moved, in pixels."""
    box = picture.getchannel("A").getbbox() or (0, 0, *picture.size)
    trimmed = picture.crop((box[0], 0, box[2], picture.height))
    return trimmed, (box[0] + box[2] - picture.width) / 2


def _side(light: Point, place: Point) -> float:
    """From which side light falls on a place, -1 to 1."""
    return min(max((light[0] - place[0]) * 3, -1.0), 1.0)
