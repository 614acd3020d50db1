"""What was decided when the request came in: shots, models, prices. Nothing here changes later."""

from typing import Final

from pydantic import Field

from studio.contracts.base import Payload

DISSOLVE_SECONDS_MAX: Final = 0.5
DISSOLVE_CLIP_DIVISOR: Final = 3
"""A dissolve takes at most this part of the shorter clip, so that most of a shot stands alone."""


class ChargeLine(Payload):
    """One billable result. The same list is the estimate, the holds, the charges and the receipt.

    `line_id` is unique in a render, e.g. `project`, `planning`, `shot-003/video`.
    """

    line_id: str
    label: str
    credits: int = Field(ge=0)
    shot: int | None = None


class ChargePlan(Payload):
    """The frozen price of a render. `digest` binds estimate, reservation and workflow input."""

    price_version: str
    lines: tuple[ChargeLine, ...]
    total_credits: int = Field(ge=0)
    digest: str


class ShotTiming(Payload):
    """How long one shot is in the film and how much of it is filmed (and billed).

    `index` counts from 1. `frames` is at the film's frame rate. `filmed_seconds` is one of the
    video model's clip lengths and at least the shot's length: the rest is trimmed.
    `overlap_frames` of its end are shared with the next shot, where it dissolves into it: so a
    film is as long as its shots' frames less their overlaps.
    """

    index: int = Field(ge=1)
    frames: int = Field(ge=1)
    filmed_seconds: int = Field(ge=1)
    overlap_frames: int = Field(default=0, ge=0)


def overlap_frames_max(before: int, after: int, frames_per_second: int) -> int:
    """How many frames two neighbouring clips of these lengths may share."""
    return min(
        int(DISSOLVE_SECONDS_MAX * frames_per_second), min(before, after) // DISSOLVE_CLIP_DIVISOR
    )


class ModelChoice(Payload):
    """Which model serves a stage: what was asked for and what does the work.

    They differ where an alias was followed or a local stand-in works for a model without a key.
    `provider` names the adapter that is called and `provider_model` the provider's own id.
    `successor` takes over if the provider ends the model while the render runs. `references` is
    how many reference pictures a call takes, `last_frame` whether a clip can be told where to end,
    `jobs_max` how many of a render's jobs the provider is given at once.
    """

    requested: str
    used: str
    provider: str
    provider_model: str = ""
    references: int = 0
    last_frame: bool = False
    jobs_max: int | None = None
    successor: "ModelChoice | None" = None


class StageModels(Payload):
    """The models of a render, stage by stage. `music` and `voice` are None where not wanted."""

    orchestrator: ModelChoice
    critic: ModelChoice
    image: ModelChoice
    video: ModelChoice
    music: ModelChoice | None = None
    voice: ModelChoice | None = None


class ShotPlan(Payload):
    """Everything the estimator fixes: shots, models, frame size, prices and what differs."""

    shots: tuple[ShotTiming, ...]
    frames_per_second: int
    image_resolution: str
    video_resolution: str
    models: StageModels
    charges: ChargePlan
    warnings: tuple[str, ...] = ()
