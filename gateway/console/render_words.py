"""What the console calls stages, states and models: the words of one render, in one place."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from studio.contracts.status import TERMINAL_STATES, ClipState, RenderState, Stage

STAGES: Final[Mapping[Stage, str]] = {
    Stage.INPUT: "Brief",
    Stage.MUSIC: "Music",
    Stage.PLANNING: "Plan",
    Stage.STORYBOARDING: "Storyboard",
    Stage.FILMING: "Film",
    Stage.PRODUCTION: "Cut",
}
"""The stations of a render, in their order, as short as a narrow screen needs them."""
DOING: Final[Mapping[Stage, str]] = {
    Stage.INPUT: "Reading the brief",
    Stage.MUSIC: "Composing the music",
    Stage.PLANNING: "Planning the shots",
    Stage.STORYBOARDING: "Drawing the storyboard",
    Stage.FILMING: "Filming",
    Stage.PRODUCTION: "Cutting and mixing",
    Stage.COMPLETED: "Finishing",
    Stage.HALTED_FOR_REVIEW: "Waiting for a review",
}
STATES: Final[Mapping[RenderState, str]] = {
    RenderState.QUEUED: "Queued",
    RenderState.RUNNING: "Running",
    RenderState.HALTED_FOR_REVIEW: "In review",
    RenderState.COMPLETED: "Completed",
    RenderState.FAILED: "Failed",
    RenderState.CANCELED: "Canceled",
}
SHOTS: Final[Mapping[ClipState, str]] = {
    ClipState.QUEUED: "Queued",
    ClipState.STORYBOARDING: "Drawing",
    ClipState.FILMING: "Filming",
    ClipState.COMPLETED: "Ready",
    ClipState.REPLACED: "Still image",
    ClipState.FAILED: "Failed",
    ClipState.CANCELED: "Canceled",
}
ROLES: Final[Mapping[str, str]] = {
    "orchestrator": "Planning",
    "critic": "Critic",
    "image": "Images",
    "video": "Video",
    "music": "Music",
    "voice": "Voice",
}
_LOOKS: Final[Mapping[RenderState, str]] = {
    RenderState.RUNNING: "live",
    RenderState.COMPLETED: "good",
    RenderState.FAILED: "bad",
}
_STILL: Final[Mapping[RenderState, str]] = {
    RenderState.QUEUED: "It starts in a moment",
    RenderState.COMPLETED: "The film is ready",
    RenderState.CANCELED: "It was canceled; finished shots are kept",
}
_DONE: Final = frozenset({ClipState.COMPLETED, ClipState.REPLACED})


@dataclass(frozen=True)
class Standing:
    """How far a render is, in words. `look` is a badge's class; `percent` is whole."""

    word: str
    look: str
    sentence: str
    percent: int
    is_over: bool


@dataclass(frozen=True)
class Station:
    """One stage beside the others: `done`, `now` or `later`."""

    label: str
    is_: str


def standing(
    status: RenderState,
    stage: Stage,
    *,
    progress: float,
    shots: tuple[ClipState, ...],
    cancel_requested: bool,
) -> Standing:
    is_over = status in TERMINAL_STATES
    is_stopping = cancel_requested and not is_over
    return Standing(
        word="Stopping" if is_stopping else STATES[status],
        look=_LOOKS.get(status, ""),
        sentence=_sentence(status, stage, shots, is_stopping=is_stopping),
        percent=100 if status == RenderState.COMPLETED else min(99, int(progress * 100)),
        is_over=is_over,
    )


def _sentence(
    status: RenderState, stage: Stage, shots: tuple[ClipState, ...], *, is_stopping: bool
) -> str:
    if is_stopping:
        return "The studio was asked to stop; what is ready is kept"
    if status == RenderState.FAILED:
        return f"It stopped while {DOING[stage].lower()}"
    if status in _STILL:
        return _STILL[status]
    if shots and stage in {Stage.STORYBOARDING, Stage.FILMING}:
        done = sum(state in _DONE for state in shots)
        return f"{DOING[stage]}: {done} of {len(shots)} shots ready"
    return DOING[stage]


def stations(status: RenderState, stage: Stage, *, has_music: bool) -> tuple[Station, ...]:
    """The stages of a render; music only where there is any."""
    stages = [each for each in STAGES if each is not Stage.MUSIC or has_music]
    is_done = RenderState.COMPLETED in (status, stage)
    now = len(stages) if is_done else stages.index(stage) if stage in stages else 0
    return tuple(
        Station(STAGES[each], "done" if index < now else "now" if index == now else "later")
        for index, each in enumerate(stages)
    )
