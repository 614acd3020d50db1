"""What the studio asks of a model, whoever offers it.

Video is slow and paid per job, so it is split into submit, poll, cancel, collect and reconcile,
with the provider's handle as plain JSON. The others answer within one call.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import ClassVar, Protocol

from studio.contracts.documents import AssetReport, ScreenplayDocument, ShotScript
from studio.contracts.errors import StudioError
from studio.contracts.plan import ShotTiming


class ProviderError(StudioError):
    """The provider failed in a way that may pass: try again."""

    code: ClassVar[str] = "provider_unavailable"


class ProviderRejected(ProviderError):
    """The provider refused the input and will refuse it again (moderation, bad request)."""

    code: ClassVar[str] = "provider_rejected"


class SubmissionUnknown(ProviderError):
    """Nobody knows whether the job was accepted. Never submit again before `reconcile`."""

    code: ClassVar[str] = "submission_unknown"


class JobState(StrEnum):
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True)
class JobStatus:
    """`progress` is 0 to 1. `error` says why a job failed; `rejected` that it will fail again."""

    state: JobState
    progress: float = 0.0
    error: str | None = None
    rejected: bool = False


Handle = dict[str, str]


@dataclass(frozen=True)
class PlanRequest:
    """All texts of the brief. `shots` fixes how many shots there are and how long each is."""

    name: str
    screenplay: str
    instructions: str
    additional_lore: str
    style: str
    mode: str
    shots: Sequence[ShotTiming]
    assets: AssetReport


@dataclass(frozen=True)
class ImageRequest:
    """A keyframe to draw. `references` are local picture files, most important first."""

    title: str
    shot: ShotScript
    shot_count: int
    style: str
    width: int
    height: int
    seed: int
    references: Sequence[Path] = ()


@dataclass(frozen=True)
class VideoRequest:
    """A clip to film. `attempt_id` is unique an attempt; a provider that can, gets it as its id."""

    attempt_id: str
    prompt: str
    camera_move: str
    keyframe_key: str
    width: int
    height: int
    duration_seconds: int
    frames_per_second: int
    seed: int


@dataclass(frozen=True)
class MusicRequest:
    style_prompt: str
    lyrics_prompt: str
    duration_seconds: float
    seed: int


@dataclass(frozen=True)
class Verdict:
    """`score` is 0 to 10, or None where the critic could not look (that is not a zero)."""

    passed: bool
    score: float | None
    remark: str = ""


class Planner(Protocol):
    async def plan(self, request: PlanRequest) -> ScreenplayDocument: ...


class ImageModel(Protocol):
    async def draw(self, request: ImageRequest, destination: Path) -> None:
        """Write a PNG."""
        ...


class Critic(Protocol):
    async def review_image(self, shot: ShotScript, image: Path) -> Verdict: ...

    async def review_clip(self, shot: ShotScript, clip: Path) -> Verdict: ...


class VideoModel(Protocol):
    """`submit` is called once an attempt and never retried by anyone; the rest retries freely."""

    async def submit(self, request: VideoRequest) -> Handle:
        """Order a clip. ProviderRejected, or SubmissionUnknown where the outcome is not known."""
        ...

    async def poll(self, handle: Handle) -> JobStatus: ...

    async def cancel(self, handle: Handle) -> None:
        """Ask the provider to stop. Nothing happens where it cannot."""
        ...

    async def collect(self, handle: Handle, destination: Path) -> None:
        """Download the finished clip (MP4)."""
        ...

    async def reconcile(self, request: VideoRequest) -> Handle | None:
        """Find the job of an attempt whose submission had no answer.

        None only where the provider is sure that there is none, because another may be ordered
        then. While it cannot tell yet (its list lags behind), raise ProviderError: it is asked
        again until the deadline, and after that the shot is given up unordered.
        """
        ...


class MusicModel(Protocol):
    async def compose(self, request: MusicRequest, destination: Path) -> None:
        """Write a WAV of exactly the duration that was asked for."""
        ...


class VoiceModel(Protocol):
    async def speak(self, text: str, destination: Path) -> None:
        """Write a WAV."""
        ...


@dataclass(frozen=True)
class Providers:
    """The adapters of one worker by provider name (see the catalogue)."""

    planners: Mapping[str, Planner] = field(default_factory=dict)
    images: Mapping[str, ImageModel] = field(default_factory=dict)
    critics: Mapping[str, Critic] = field(default_factory=dict)
    videos: Mapping[str, VideoModel] = field(default_factory=dict)
    music: Mapping[str, MusicModel] = field(default_factory=dict)
    voices: Mapping[str, VoiceModel] = field(default_factory=dict)
