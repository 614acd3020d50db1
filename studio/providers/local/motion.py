"""How the local camera moves over a still: a view for every moment of the clip."""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from studio.providers.local.words import camera_move_of

ROOM: Final = 1.22
"""The still is prepared this much larger than the frame, so that the camera has room to move and
the picture is scaled down, never up. Zooms lie between 1 (all of the still) and ROOM."""
DEFAULT_MOVE: Final = "push_in"
_SWAY: Final = 0.0014
_EASE_SHARE: Final = 0.55


@dataclass(frozen=True)
class View:
    """What the camera sees: `zoom` from 1, its middle as fractions of the still."""

    zoom: float
    x: float = 0.5
    y: float = 0.5


def _between(low: float, high: float, share: float) -> float:
    return low + (high - low) * share


def _orbit(t: float) -> View:
    angle = math.pi * (t - 0.5)
    return View(
        1.13 + 0.05 * math.cos(angle), 0.5 + 0.050 * math.sin(angle), 0.5 - 0.02 * math.cos(angle)
    )


def _drift(t: float) -> View:
    return View(
        _between(1.10, 1.15, t), 0.5 + 0.025 * math.sin(2.2 * t - 1), 0.5 + 0.02 * (t - 0.5)
    )


_MOVES: Final[Mapping[str, Callable[[float], View]]] = {
    "push_in": lambda t: View(_between(1.015, 1.20, t), 0.5, _between(0.5, 0.49, t)),
    "pull_out": lambda t: View(_between(1.20, 1.015, t), 0.5, _between(0.49, 0.5, t)),
    "pan_left": lambda t: View(1.15, _between(0.56, 0.44, t)),
    "pan_right": lambda t: View(1.15, _between(0.44, 0.56, t)),
    "tilt_up": lambda t: View(_between(1.14, 1.17, t), 0.5, _between(0.555, 0.445, t)),
    "tilt_down": lambda t: View(_between(1.17, 1.14, t), 0.5, _between(0.445, 0.555, t)),
    "orbit": _orbit,
    "drift": _drift,
    "static": lambda t: View(_between(1.03, 1.05, t)),
}


def known_move(text: str) -> str:
    """The local move that a planner's words come nearest to."""
    name = re.sub(r"[\s-]+", "_", text.strip().lower())
    return name if name in _MOVES else camera_move_of(text) or DEFAULT_MOVE


class Camera:
    """A move with a hand's sway. The same move and seed give the same views."""

    def __init__(self, move: str, seed: int) -> None:
        self._path = _MOVES[known_move(move)]
        self._phases = np.random.default_rng(seed).uniform(0, 2 * math.pi, 4)

    def view(self, share: float, seconds: float) -> View:
        """The view at `share` (0 to 1) of the clip, `seconds` from its start. Always inside."""
        eased = share * share * (3 - 2 * share)
        plain = self._path(_between(share, eased, _EASE_SHARE))
        first, second, third, fourth = (float(p) for p in self._phases)
        sway_x = math.sin(seconds * 0.9 + first) + 0.5 * math.sin(seconds * 2.1 + second)
        sway_y = math.sin(seconds * 1.1 + third) + 0.5 * math.sin(seconds * 1.7 + fourth)
        half = 0.5 / plain.zoom
        return View(
            plain.zoom,
            min(max(plain.x + _SWAY * sway_x, half), 1 - half),
            min(max(plain.y + _SWAY * sway_y, half), 1 - half),
        )
