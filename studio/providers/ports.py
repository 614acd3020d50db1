"""What the studio asks of a model, whoever offers it.

Video is slow and paid per job, so it is split into prepare, submit, poll, cancel, collect and
reconcile, with the provider's handle as plain JSON. The others answer within one call. Every
request carries `model`, the provider's own id: adapters know no model by name.

Errors are those of `studio/providers/errors.py`. An adapter never repeats a paid call, and turns
off whatever its SDK would repeat.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from studio.contracts.assets import AssetKind
from studio.contracts.documents import (
    AssetClass,
    AssetReport,
    CharacterSheet,
    ScreenplayDocument,
    ShotScript,
    TrackReport,
    Transcript,
)
from studio.contracts.plan import ShotTiming
from studio.providers.errors import RefusedInput


class JobState(StrEnum):
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True)
class JobStatus:
    """`progress` is 0 to 1. `error` says why a job failed; `rejected` that it will fail again.

    `refused` names the input where it was a content filter that ended the job.
    """

    state: JobState
    progress: float = 0.0
    error: str | None = None
    rejected: bool = False
    refused: RefusedInput | None = None


Handle = dict[str, str]
"""Plain JSON, small, without secrets: it stands in the journal and in the workflow's history."""


@dataclass(frozen=True)
class Picture:
    """A stored picture and a local copy of it. `name` says who or what it shows, if known."""

    key: str
    path: Path
    name: str = ""
    role: AssetClass = AssetClass.OTHER


@dataclass(frozen=True)
class DescribeRequest:
    """An upload to look at: one picture, or frames of a video in their order."""

    model: str
    kind: AssetKind
    pictures: Sequence[Path]
    filename: str
    label: str = ""
    purpose: str = ""


@dataclass(frozen=True)
class Description:
    """What a picture or video shows, in one or two sentences, and what it is for in a film."""

    text: str
    asset_class: AssetClass
    name: str = ""


@dataclass(frozen=True)
class TranscribeRequest:
    model: str
    sound: Path
    duration_seconds: float


@dataclass(frozen=True)
class PlanRequest:
    """All texts of the brief. `shots` fixes how many shots there are and how long each is.

    `narration`: the brief asks for a narrator, so shots may carry words to be spoken.
    """

    model: str
    name: str
    screenplay: str
    instructions: str
    additional_lore: str
    style: str
    mode: str
    shots: Sequence[ShotTiming]
    frames_per_second: int
    assets: AssetReport
    track: TrackReport | None = None
    narration: bool = False


class ImageKind(StrEnum):
    KEYFRAME = "keyframe"
    CHARACTER_SHEET = "character_sheet"


@dataclass(frozen=True)
class ImageRequest:
    """A picture to draw. `references` are most important first; a model takes what it can.

    `resolution` is the catalogue's word (1K, 2K, 4K), `width` and `height` what it means in pixels.
    `remarks` are a critic's on the last try. `softened` counts from 0 how far the text has to be
    toned down, because a content filter refused it.
    """

    model: str
    title: str
    shot: ShotScript
    shot_count: int
    style: str
    resolution: str
    width: int
    height: int
    seed: int
    kind: ImageKind = ImageKind.KEYFRAME
    references: Sequence[Picture] = ()
    characters: Sequence[CharacterSheet] = ()
    remarks: str = ""
    softened: int = 0


@dataclass(frozen=True)
class ReviewRequest:
    """A keyframe (PNG) or clip (MP4) to judge. `lens` is one of the critic's own `lenses`."""

    model: str
    lens: str
    shot: ShotScript
    style: str
    media: Path
    references: Sequence[Picture] = ()
    characters: Sequence[CharacterSheet] = ()


@dataclass(frozen=True)
class Verdict:
    """`score` is 0 to 10, or None where the critic could not look (that is not a zero)."""

    passed: bool
    score: float | None
    remark: str = ""


@dataclass(frozen=True)
class VideoRequest:
    """A clip to film. `attempt_id` is unique an attempt; a provider that can, gets it as its id.

    `prompt` is short: motion and camera, for the keyframe shows the rest; `description` is the
    shot's whole text. `last_frame` is where the clip is to end, for models that can. `references`
    come with `ingredients_mode_enabled` only, most important first, and no more than the catalogue
    says the model takes.
    """

    model: str
    attempt_id: str
    prompt: str
    description: str
    camera_move: str
    keyframe: Picture
    resolution: str
    width: int
    height: int
    duration_seconds: int
    frames_per_second: int
    seed: int
    sound: bool = True
    last_frame: Picture | None = None
    references: Sequence[Picture] = ()


@dataclass(frozen=True)
class MusicRequest:
    """Music for a film of `film_title`. The length is a wish where the model only has a prompt."""

    model: str
    film_title: str
    style_prompt: str
    lyrics_prompt: str
    duration_seconds: float
    seed: int


@dataclass(frozen=True)
class Composition:
    """`lyrics` as the model sang them, lines apart, perhaps with times such as [0:10]."""

    lyrics: str = ""


@dataclass(frozen=True)
class SpeechRequest:
    """Words to speak. `manner` is a direction in plain words, such as 'calm narrator'."""

    model: str
    text: str
    manner: str = ""


class Analyst(Protocol):
    """Looks at uploads. None where it has no sense for what it was given.

    Whoever asks bounds the words and times that a model answers with.
    """

    async def describe(self, request: DescribeRequest) -> Description | None: ...

    async def transcribe(self, request: TranscribeRequest) -> Transcript | None: ...


class Planner(Protocol):
    async def plan(self, request: PlanRequest) -> ScreenplayDocument:
        """One script for each of `request.shots`, in their order.

        A model's answer that breaks the rules is repaired or asked for again, a bounded number of
        times; then ProviderError.
        """
        ...


class ImageModel(Protocol):
    async def draw(self, request: ImageRequest, destination: Path) -> None:
        """Write a PNG of any size near the one that was asked for."""
        ...


class Critic(Protocol):
    @property
    def lenses(self) -> Sequence[str]:
        """What each member of the panel looks for; one vote a lens."""
        ...

    async def review_image(self, request: ReviewRequest) -> Verdict: ...

    async def review_clip(self, request: ReviewRequest) -> Verdict: ...


class VideoModel(Protocol):
    """`submit` is called once an attempt and never repeated by anyone; the rest repeats freely."""

    async def prepare(self, request: VideoRequest) -> Handle:
        """Bring the order's pictures to the provider, free of charge.

        The answer is committed before `submit`, and whoever asks about the attempt later gets it
        too. Empty where the order itself carries everything.
        """
        ...

    async def submit(self, request: VideoRequest, prepared: Handle) -> Handle:
        """Order a clip with one request and no repetition.

        ProviderBusy, ProviderRejected, ModerationRefused, ProviderDenied, ModelGone and
        ProviderError where nothing was ordered for sure; else SubmissionUnknown.
        """
        ...

    async def poll(self, handle: Handle) -> JobStatus: ...

    async def cancel(self, handle: Handle) -> bool:
        """Ask the provider to stop. False where it cannot be stopped: it will be billed."""
        ...

    async def collect(self, handle: Handle, destination: Path) -> None:
        """Download the finished clip (MP4). OutputExpired where the provider has it no more."""
        ...

    async def reconcile(
        self, request: VideoRequest, prepared: Handle, *, age_seconds: float
    ) -> Handle | None:
        """Find the job of an attempt whose submission had no answer `age_seconds` ago.

        None only where the provider is sure that there is none, because another may be ordered
        then. While it cannot tell yet (its list lags behind), raise ProviderError: it is asked
        again until the deadline, and after that the shot is given up unordered. ProviderRejected
        where it can never tell: the shot is given up at once.
        """
        ...


class MusicModel(Protocol):
    async def compose(self, request: MusicRequest, destination: Path) -> Composition:
        """Write an audio file (WAV, MP3, …: told by its bytes) of about the duration asked for."""
        ...


class VoiceModel(Protocol):
    async def speak(self, request: SpeechRequest, destination: Path) -> None:
        """Write a WAV."""
        ...


@dataclass(frozen=True)
class Providers:
    """The adapters of one worker by provider name (see the catalogue)."""

    analysts: Mapping[str, Analyst] = field(default_factory=dict)
    planners: Mapping[str, Planner] = field(default_factory=dict)
    images: Mapping[str, ImageModel] = field(default_factory=dict)
    critics: Mapping[str, Critic] = field(default_factory=dict)
    videos: Mapping[str, VideoModel] = field(default_factory=dict)
    music: Mapping[str, MusicModel] = field(default_factory=dict)
    voices: Mapping[str, VoiceModel] = field(default_factory=dict)
