"""How often which provider's call goes wrong, how long their work takes, and what they answer.

Left out is what is paid and lost by the provider itself, whatever a studio does: an output that it
no longer has. Left out are calls that hang, which cost a run nothing but their time-outs.
"""

from collections.abc import Mapping
from typing import Final

Rates = Mapping[str, float]

_TAKEN: Final[Rates] = {
    "unavailable_after": 0.05,
    "reset_after": 0.05,
    "closed_after": 0.03,
    "cut_reply": 0.04,
    "malformed_reply": 0.03,
}
"""Booked, and the caller does not learn it."""
_NOT_TAKEN: Final[Rates] = {
    "busy": 0.05,
    "unavailable_before": 0.04,
    "reset_before": 0.04,
    "closed_before": 0.02,
}
_ORDER: Final[Rates] = {**_TAKEN, **_NOT_TAKEN, "job_failed": 0.02, "prompt_refused": 0.02}
_ASK: Final[Rates] = {
    "busy": 0.02,
    "unavailable_before": 0.03,
    "reset_before": 0.02,
    "reset_after": 0.02,
    "cut_reply": 0.02,
    "malformed_reply": 0.02,
}
_POLL: Final[Rates] = {**_ASK, "still_running": 0.1}
_ANSWER: Final[Rates] = {
    "busy": 0.03,
    "unavailable_before": 0.01,
    "unavailable_after": 0.02,
    "reset_before": 0.01,
    "reset_after": 0.02,
    "cut_reply": 0.01,
}

RATES: Final[Mapping[str, Rates]] = {
    "google.text": {**_ANSWER, "malformed_answer": 0.01},
    "google.image": {**_ANSWER, "prompt_refused": 0.01},
    "veo.submit": _ORDER,
    "veo.poll": _POLL,
    "fal.upload": _ASK,
    "fal.submit": _ORDER,
    "fal.status": _POLL,
    "fal.result": _ASK,
    "fal.list": _ASK,
    "fal.download": {"reset_after": 0.03, "cut_reply": 0.05, "unavailable_before": 0.03},
    "kling.submit": _ORDER,
    "kling.poll": _POLL,
    "kling.download": {"reset_after": 0.03, "cut_reply": 0.05, "unavailable_before": 0.03},
}

LATENCIES: Final[Mapping[str, object]] = {"seconds": {"video": 0.6, "listing": 1.5}}

CRITIC_WORDS: Final = "to judge follows"


def answers() -> list[dict[str, object]]:
    """What the text model says: the critic is content, the planner plans one or two shots."""
    content = {"seen": True, "score": 9, "remarks": []}
    return [
        {"matching": CRITIC_WORDS, "answer": content},
        {"matching": "The film has 2 shots", "answer": {"shots": _shots(2)}},
        {"matching": "The film has 1 shot", "answer": {"shots": _shots(1)}},
    ]


def _shots(count: int) -> list[dict[str, object]]:
    return [
        {
            "index": index,
            "title": f"Shot {index}",
            "description": f"Shot {index}: an airship passes over a harbour at dawn.",
            "camera_move": "pan_left",
            "motion": "The airship drifts; the water glitters.",
        }
        for index in range(1, count + 1)
    ]
