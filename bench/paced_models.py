"""Models that take exactly as long as they are told to, so that what is left is the studio's own.

Their provider is not the local one: every call of theirs is journaled as a paid one is.
"""

import asyncio
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Self

from studio.contracts.documents import ScreenplayDocument, ShotScript
from studio.pricing.freeze import FrozenRender
from studio.providers.ports import (
    Critic,
    Handle,
    ImageModel,
    ImageRequest,
    JobState,
    JobStatus,
    Planner,
    PlanRequest,
    Providers,
    ReviewRequest,
    Verdict,
    VideoModel,
    VideoRequest,
)

PROVIDER: Final = "paced"
PACE_VARIABLE: Final = "BENCH_PACE"
SCORE: Final = 9.0
MEDIA: Final = b"\x00" * 1024
"""What is stored as a picture and as a clip: nothing here decodes it."""


@dataclass(frozen=True)
class Pace:
    """Seconds a call takes. A video takes up to `video_spread_seconds` longer, shot by shot."""

    image_seconds: float = 0.0
    video_seconds: float = 0.0
    video_spread_seconds: float = 0.0

    def as_environment(self) -> dict[str, str]:
        return {PACE_VARIABLE: json.dumps(asdict(self))}

    @classmethod
    def of_environment(cls) -> Self:
        return cls(**json.loads(os.environ[PACE_VARIABLE]))

    def video_seconds_of(self, seed: int) -> float:
        """The same for the same shot, whoever asks."""
        share = int.from_bytes(hashlib.sha256(str(seed).encode()).digest()[:4], "big") / 2**32
        return self.video_seconds + self.video_spread_seconds * share


class PacedPlanner(Planner):
    async def plan(self, request: PlanRequest) -> ScreenplayDocument:
        shots = tuple(
            ShotScript(
                index=shot.index,
                title=f"Shot {shot.index}",
                description="An airship passes over a harbour at dawn.",
                camera_move="pan",
            )
            for shot in request.shots
        )
        return ScreenplayDocument(title=request.name, style=request.style, shots=shots)


class PacedImages(ImageModel):
    def __init__(self, pace: Pace) -> None:
        self._pace = pace

    async def draw(self, request: ImageRequest, destination: Path) -> None:
        del request
        await asyncio.sleep(self._pace.image_seconds)
        await asyncio.to_thread(destination.write_bytes, MEDIA)


class PacedCritic(Critic):
    lenses = ("look",)

    async def review_image(self, request: ReviewRequest) -> Verdict:
        del request
        return Verdict(passed=True, score=SCORE)

    async def review_clip(self, request: ReviewRequest) -> Verdict:
        del request
        return Verdict(passed=True, score=SCORE)


class PacedVideos(VideoModel):
    """A job is ready so many seconds after its order, by the clock of this machine's kernel."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace

    async def prepare(self, request: VideoRequest) -> Handle:
        del request
        return {}

    async def submit(self, request: VideoRequest, prepared: Handle) -> Handle:
        del prepared
        ready_at = self._now() + self._pace.video_seconds_of(request.seed)
        return {"job": request.attempt_id, "ready_at": f"{ready_at:.6f}"}

    async def poll(self, handle: Handle) -> JobStatus:
        ready = self._now() >= float(handle["ready_at"])
        return JobStatus(JobState.SUCCEEDED if ready else JobState.RUNNING)

    async def cancel(self, handle: Handle) -> bool:
        """There is nothing to stop."""
        return bool(handle)

    async def collect(self, handle: Handle, destination: Path) -> None:
        del handle
        await asyncio.to_thread(destination.write_bytes, MEDIA)

    async def reconcile(
        self, request: VideoRequest, prepared: Handle, *, age_seconds: float
    ) -> Handle | None:
        raise NotImplementedError

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


def paced_providers(pace: Pace) -> Providers:
    return Providers(
        planners={PROVIDER: PacedPlanner()},
        images={PROVIDER: PacedImages(pace)},
        critics={PROVIDER: PacedCritic()},
        videos={PROVIDER: PacedVideos(pace)},
    )


def recast(frozen: FrozenRender, providers: Mapping[str, str]) -> FrozenRender:
    """The same render with its parts played by other providers, by the names of the parts."""
    models = frozen.plan.models
    parts = {
        part: getattr(models, part).model_copy(update={"provider": provider})
        for part, provider in providers.items()
    }
    plan = frozen.plan.model_copy(update={"models": models.model_copy(update=parts)})
    return frozen.model_copy(update={"plan": plan})


def paced(frozen: FrozenRender) -> FrozenRender:
    return recast(frozen, dict.fromkeys(("orchestrator", "critic", "image", "video"), PROVIDER))
