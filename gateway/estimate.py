"""The answer to `POST /renders/estimate`: the plan that a submission would be frozen to."""

from pydantic import BaseModel, Field

from gateway.resource import ModelUse
from gateway.services.views import models_in_use
from studio.contracts.plan import ChargeLine
from studio.pricing.freeze import FrozenRender


class ShotEstimate(BaseModel):
    """`filmed_seconds` is what is billed; what is above `duration_seconds` is trimmed."""

    index: int
    duration_seconds: float
    filmed_seconds: int


class EstimateResource(BaseModel):
    """One credit is one US cent. `digest` binds this price to the plan."""

    total_credits: int
    price_version: str
    digest: str
    lines: list[ChargeLine]
    duration_seconds: float
    shots: list[ShotEstimate]
    models: dict[str, ModelUse]
    warnings: list[str]
    credits_available: int | None = Field(description="Null without a key.")


def estimate_resource(frozen: FrozenRender, *, credits_available: int | None) -> EstimateResource:
    plan = frozen.plan
    frames = sum(shot.frames for shot in plan.shots)
    return EstimateResource(
        total_credits=plan.charges.total_credits,
        price_version=plan.charges.price_version,
        digest=plan.charges.digest,
        lines=list(plan.charges.lines),
        duration_seconds=round(frames / plan.frames_per_second, 3),
        shots=[
            ShotEstimate(
                index=shot.index,
                duration_seconds=round(shot.frames / plan.frames_per_second, 3),
                filmed_seconds=shot.filmed_seconds,
            )
            for shot in plan.shots
        ],
        models={
            role: ModelUse(requested=choice.requested, used=choice.used)
            for role, choice in models_in_use(plan.models).items()
        },
        warnings=list(plan.warnings),
        credits_available=credits_available,
    )
