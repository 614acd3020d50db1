"""Requests and servers for the tests of catalogue, prices and frozen plans."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import pytest

from studio.catalog.catalogue import load_catalogue
from studio.catalog.installation import Installation, Unconfigured
from studio.contracts.defaults import AccountDefaults
from studio.contracts.problems import RequestInfeasible
from studio.contracts.request import RenderRequest
from studio.pricing.freeze import FrozenRender, UploadFacts, freeze_plan

NOTHING: frozenset[str] = frozenset()
MODEL_IDS = {
    "FVS_OMNI_IMAGE_MODEL_ID": "gemini-3.1-flash-image",
    "FVS_OMNI_VIDEO_MODEL_ID": "gemini-omni-1.2-flash",
}
EVERY_SETTING = frozenset(
    {
        "FVS_FAL_KEY",
        "FVS_GOOGLE_API_KEY",
        "FVS_GOOGLE_OUTPUT_URI",
        "FVS_GOOGLE_PROJECT",
        "FVS_KLING_API_KEY",
        *MODEL_IDS,
    }
)
EVERY_ADAPTER = frozenset({"google", "google-cloud", "fal", "kling", "local"})
TODAY = date(2026, 11, 23)
DEFAULTS = load_catalogue().defaults.account

REFERENCE_PAYLOAD: dict[str, object] = {
    "name": "Archive corridor test",
    "project_mode": "scene",
    "screenplay": (
        "Shot 1: A young woman enters a glowing archive corridor lined with suspended photographs. "
        "Shot 2: She reaches toward one moving photograph and the corridor bends into a luminous "
        "tunnel around her. Shot 3: She steps through the tunnel and arrives in a sunlit memory "
        "chamber as the photographs orbit overhead."
    ),
    "instructions": "Create exactly three cinematic shots totaling about 24 seconds.",
    "shot_count": 3,
    "scene_target_duration_seconds": 24,
    "image_resolution": "1K",
    "video_model": "veo-3.1-fast-generate-001",
    "video_resolution": "720p",
    "stage_voice_briefs_enabled": False,
}

REFERENCE_QUOTE: dict[str, object] = {
    "name": "Paid quote test",
    "project_mode": "scene",
    "screenplay": "Shot 1: A glass airship drifts over a frozen city.",
    "shot_count": 1,
    "scene_target_duration_seconds": 4,
    "video_resolution": "720p",
}


def make_request(**fields: object) -> RenderRequest:
    """A request as it comes over the wire."""
    brief: dict[str, object] = {"name": "A test", "screenplay": "A glass airship drifts."}
    return RenderRequest.model_validate_json(json.dumps(brief | fields))


@dataclass(frozen=True)
class Server:
    """One server's settings, as freezing sees them."""

    configured: frozenset[str] = NOTHING
    adapters: frozenset[str] = NOTHING
    unconfigured: Unconfigured = "local"
    model_ids: Mapping[str, str] = field(default_factory=dict)
    today: date = TODAY

    @property
    def installation(self) -> Installation:
        return Installation(
            configured=self.configured,
            adapters=self.adapters,
            unconfigured=self.unconfigured,
            today=self.today,
            model_ids=self.model_ids,
        )

    def freeze(
        self,
        request: RenderRequest,
        uploads: UploadFacts | None = None,
        defaults: AccountDefaults | None = None,
    ) -> FrozenRender:
        return freeze_plan(
            request,
            defaults or DEFAULTS,
            uploads or UploadFacts(),
            catalogue=load_catalogue(),
            installation=self.installation,
        )

    def refusal(
        self,
        request: RenderRequest,
        uploads: UploadFacts | None = None,
        defaults: AccountDefaults | None = None,
    ) -> dict[str, str]:
        """What is wrong with a request: sentences by pointer."""
        with pytest.raises(RequestInfeasible) as refused:
            self.freeze(request, uploads, defaults)
        return {problem.pointer: problem.detail for problem in refused.value.problems}


DEMO = Server()
STRICT = Server(unconfigured="refuse")
COMPLETE = Server(EVERY_SETTING, EVERY_ADAPTER, "refuse", MODEL_IDS)


def audio(duration_seconds: float | None, count: int = 1) -> UploadFacts:
    """Uploaded tracks, the first of this length."""
    names = tuple(f"track-{number}.mp3" for number in range(count))
    return UploadFacts(
        filenames=names, audio_count=count, first_audio_duration_seconds=duration_seconds
    )
