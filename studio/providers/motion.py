"""The short prompt that a video model gets: the keyframe shows the rest.

Dense storyboard text is refused by content filters more often than a few words of motion, so the
shot's description stays out of it, and after a refusal even the motion goes step by step.
"""

import re
from typing import Final

from studio.contracts.documents import ShotScript

MOTION_LENGTH_MAX: Final = 300
"""Characters: a sentence or two."""

CALM: Final = "Calm, natural movement."
_SENTENCE_END: Final = re.compile(r"(?<=[.!?])\s+")


def motion_prompt(script: ShotScript, softened: int = 0) -> str:
    """Camera and motion of a shot; `softened` counts the refusals before.

    Once refused, only the first sentence is left; refused again, only the camera.
    """
    camera = f"Camera: {script.camera_move.replace('_', ' ')}."
    motion = script.motion or script.description
    if softened == 1:
        motion = _SENTENCE_END.split(script.motion, 1)[0] if script.motion else CALM
    elif softened > 1:
        motion = CALM
    return f"{_shortened(motion)} {camera}".strip()


def _shortened(text: str) -> str:
    text = " ".join(text.split())
    if len(text) <= MOTION_LENGTH_MAX:
        return text
    return text[:MOTION_LENGTH_MAX].rsplit(" ", 1)[0].rstrip(" ,;:-") + "."
