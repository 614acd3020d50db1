"""Requests, pictures and clips that the tests of the model adapters share. Sizes are tiny."""

import asyncio
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from studio.contracts.assets import AssetKind
from studio.contracts.documents import AssetNote, AssetReport, ScreenplayDocument, ShotScript
from studio.contracts.plan import ShotTiming
from studio.providers.local.planner import LocalPlanner
from studio.providers.ports import (
    Handle,
    ImageRequest,
    JobState,
    JobStatus,
    Picture,
    PlanRequest,
    ReviewRequest,
    VideoModel,
    VideoRequest,
)

REFERENCE_SCREENPLAY = (
    "Shot 1: A young woman enters a glowing archive corridor lined with suspended photographs. "
    "Shot 2: She reaches toward one moving photograph and the corridor bends into a luminous "
    "tunnel around her. Shot 3: She steps through the tunnel and arrives in a sunlit memory "
    "chamber as the photographs orbit overhead."
)
REFERENCE_INSTRUCTIONS = (
    "Create exactly three cinematic shots totaling about 24 seconds. Keep the subject visually "
    "consistent across all shots. No subtitles or text overlays."
)
LOOK_SECONDS = 0.02
PATIENCE_SECONDS = 120


def plan_request(
    screenplay: str = "", *, shots: int | Sequence[ShotTiming] = 3, **changes: object
) -> PlanRequest:
    if isinstance(shots, int):
        shots = [ShotTiming(index=i + 1, frames=48, filmed_seconds=2) for i in range(shots)]
    values: dict[str, object] = {
        "model": "local-screenplay",
        "name": "A test film",
        "screenplay": screenplay,
        "instructions": "",
        "additional_lore": "",
        "style": "realistic_cinematic",
        "mode": "scene",
        "shots": tuple(shots),
        "frames_per_second": 24,
        "assets": AssetReport(),
    }
    return PlanRequest(**(values | changes))  # type: ignore[arg-type]  # each test's own values


def planned(
    screenplay: str = "", *, shots: int | Sequence[ShotTiming] = 3, **changes: object
) -> ScreenplayDocument:
    return asyncio.run(LocalPlanner().plan(plan_request(screenplay, shots=shots, **changes)))


def image_note(index: int, filename: str, label: str = "", purpose: str = "") -> AssetNote:
    return AssetNote(
        index=index,
        kind=AssetKind.IMAGE,
        filename=filename,
        label=label,
        purpose=purpose,
        still_key=f"stills/{index}.png",
    )


def shot(description: str = "A quiet hall.", **changes: object) -> ShotScript:
    script = ShotScript(
        index=1, title=description[:40], description=description, camera_move="push_in"
    )
    return script.model_copy(update=changes)


def image_request(
    description: str = "A quiet hall.",
    *,
    size: tuple[int, int] = (320, 180),
    references: Sequence[Path | Picture] = (),
    seed: int = 7,
    style: str = "realistic_cinematic",
    **changes: object,
) -> ImageRequest:
    return ImageRequest(
        model="local-animatic",
        title="A test film",
        shot=shot(description, **changes),
        shot_count=1,
        style=style,
        resolution="1K",
        width=size[0],
        height=size[1],
        seed=seed,
        references=[
            r if isinstance(r, Picture) else Picture(key=f"stills/{r.name}", path=r)
            for r in references
        ],
    )


def review_request(media: Path, lens: str = "technique") -> ReviewRequest:
    return ReviewRequest(
        model="local-critic", lens=lens, shot=shot(), style="realistic_cinematic", media=media
    )


def video_request(attempt_id: str = "proj/shot-1/1", **changes: object) -> VideoRequest:
    values: dict[str, object] = {
        "model": "local-animatic",
        "attempt_id": attempt_id,
        "prompt": "Push in slowly.",
        "description": "A mountain lake at dawn.",
        "camera_move": "push_in",
        "keyframe": Picture(key="keyframes/1.png", path=Path("keyframes/1.png")),
        "resolution": "720p",
        "width": 160,
        "height": 90,
        "duration_seconds": 1,
        "frames_per_second": 24,
        "seed": 11,
    }
    return VideoRequest(**(values | changes))  # type: ignore[arg-type]  # each test's own values


def pattern(size: tuple[int, int] = (160, 90)) -> Image.Image:
    """Something with light, dark and edges to move over."""
    y, x = np.mgrid[0 : size[1], 0 : size[0]]
    red = 128 + 100 * np.sin(x / 9)
    green = 128 + 100 * np.sin(y / 7)
    blue = np.full_like(red, 90)
    return Image.fromarray(np.stack([red, green, blue], axis=2).astype(np.uint8))


async def finished(model: VideoModel, handle: Handle) -> JobStatus:
    """Poll until the job has ended, as a worker does."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (status := await model.poll(handle)).state is JobState.RUNNING:  # noqa: ASYNC110
            await asyncio.sleep(LOOK_SECONDS)  # a port has no event to wait for
    return status


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@dataclass(frozen=True)
class Footage:
    """What a clip turned out to be. Frames have shape (count, height, width, 3)."""

    frames: NDArray[np.uint8]
    frames_per_second: float
    sound_seconds: float
    loudest: float


def footage(path: Path) -> Footage:
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        pictures = [f.to_ndarray(format="rgb24") for f in container.decode(video)]
        frames = np.stack(pictures).astype(np.uint8)
        rate = float(video.average_rate or 0)
    with av.open(str(path)) as container:
        audio = container.streams.audio[0]
        sounds = [f.to_ndarray() for f in container.decode(audio)]
        samples = sum(s.shape[-1] for s in sounds)
        loudest = max(float(np.abs(s).max()) for s in sounds)
        return Footage(frames, rate, samples / audio.rate, loudest)


def wav_samples(path: Path) -> tuple[NDArray[np.float64], int]:
    """Samples from -1 to 1, shape (n, channels), and the sample rate."""
    with wave.open(str(path)) as file:
        raw = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        return raw.reshape(-1, file.getnchannels()) / 32768, file.getframerate()
