"""The short prompt that a video model gets: the keyframe shows the rest.

Dense storyboard text is refused by content filters more often than a few words of motion, so the
shot's description stays out of it where the plan says what moves.
"""

from studio.contracts.documents import ShotScript
from studio.providers.ports import Picture
from studio.providers.quoting import plain, shortened
from studio.providers.screenplay_rules import MOTION_LENGTH_MAX, SHEET_NAME_LENGTH_MAX
from studio.providers.softening import SOFTENED_MAX, softened_prompt


def reference_name(picture: Picture) -> str:
    """Who or what a reference shows, no longer than on a sheet.

    A caller's label may have 500 characters, and Kling takes 2,500 of a prompt.
    """
    return shortened(plain(picture.name), SHEET_NAME_LENGTH_MAX) or "in the shot"


def motion_prompt(script: ShotScript, softened: int = 0) -> str:
    """Motion and camera of a shot; `softened` counts the refusals before."""
    motion = shortened(plain(script.motion or script.description), MOTION_LENGTH_MAX)
    told = softened_prompt(motion, softened)
    if softened >= SOFTENED_MAX:
        return told
    return f"{told} Camera: {script.camera_move.replace('_', ' ')}."
