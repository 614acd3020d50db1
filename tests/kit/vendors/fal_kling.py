"""Kling v3 as fal serves it: what its endpoint takes, refuses and makes."""

from tests.kit.vendors.books import Job
from tests.kit.vendors.documents import Json, items_at, text_at
from tests.kit.vendors.media import VideoShape

KLING_KEYS = frozenset(
    {
        "prompt",
        "multi_prompt",
        "start_image_url",
        "end_image_url",
        "duration",
        "generate_audio",
        "negative_prompt",
        "cfg_scale",
        "elements",
        "shot_type",
    }
)
"""What Kling v3's image-to-video takes, after @fal-ai/client's endpoints.d.ts."""
NUMBER = (float, int)
KINDS: dict[str, tuple[type, ...]] = {
    "cfg_scale": NUMBER,
    "generate_audio": (bool,),
    "elements": (list,),
    "multi_prompt": (list,),
}
"""Fields that are no texts."""
DURATIONS = tuple(str(seconds) for seconds in range(3, 16))
DEFAULT_DURATION = "5"
FRAMES_PER_SECOND = 24


def wrong_with(payload: Json) -> tuple[list[str], str, str] | None:
    """What Kling's own checks on fal would say: where, in words, and its kind.

    Stricter than fal in one thing: it may pass over a name that it does not know. Here that is an
    error, for an order that the published types refuse is a mistake of ours.
    """
    for name in payload.keys() - KLING_KEYS:
        return (["body", name], "Extra inputs are not permitted", "extra_forbidden")
    if not text_at(payload, "start_image_url"):
        return (["body", "start_image_url"], "Field required", "missing")
    if bool(payload.get("prompt")) == bool(items_at(payload, "multi_prompt")):
        return (["body", "prompt"], "Give prompt or multi_prompt, not both", "value_error")
    if payload.get("duration", DEFAULT_DURATION) not in DURATIONS:
        return (["body", "duration"], "Input should be '3', '4', … or '15'", "literal_error")
    for name, value in payload.items():
        kind = KINDS.get(name, (str,))
        if not isinstance(value, kind) or (kind is NUMBER and isinstance(value, bool)):
            return (["body", name], f"Input should be a valid {kind[0].__name__}", "type_error")
    return None


def clip_shape(job: Job) -> VideoShape:
    wide, high = (3840, 2160) if "/4k/" in job.model else (1920, 1080)
    sound = job.payload.get("generate_audio") is not False
    return VideoShape(wide, high, job.units, FRAMES_PER_SECOND, sound)
