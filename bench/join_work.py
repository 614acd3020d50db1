"""The product's own way from clips that land to a finished film, in a process to be measured.

`python -m bench.join_work film <folder> <clip>…` normalises each clip as it lands, then joins them
and measures the film; `… memory <folder> <clip> <count>` joins one normalised clip many times.
Prints what it took as JSON.
"""

import asyncio
import json
import resource
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import av
import numpy as np

from activities.clips import NORMALISE_THREADS
from bench.join_clips import CLIP_SECONDS
from studio.media.join import JoinRequest, join_film
from studio.media.normalise import normalise_clip, preview_clip, thumbnail
from studio.media.poster import poster

FPS: Final = 24
SIZE: Final = (1280, 720)
CLIP_FRAMES: Final = round(CLIP_SECONDS * FPS)
TIMEOUT_SECONDS: Final = 600.0
LOADED: Final = (av.__name__, np.__name__)
"""Imported before anything is measured, as in a worker that runs."""


@dataclass(frozen=True)
class Spent:
    """Processor seconds of this process and its children, by what they were for."""

    normalise: float
    previews: float
    join: float
    poster: float
    after_last_clip_seconds: float
    passed: bool


class Meter:
    """Processor time of this process and of the children it has waited for."""

    def __init__(self) -> None:
        self._last = _cpu_seconds()

    def lap(self) -> float:
        now = _cpu_seconds()
        spent, self._last = now - self._last, now
        return spent


def _cpu_seconds() -> float:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


async def film(folder: Path, landed: list[Path]) -> Spent:
    meter = Meter()
    normalise = previews = 0.0
    clips = [folder / f"clip-{index}.mov" for index in range(len(landed))]
    last_landed = 0.0
    for source, clip in zip(landed, clips, strict=True):
        last_landed = time.monotonic()
        await _normalise(source, clip)
        normalise += meter.lap()
        await preview_clip(clip, clip.with_suffix(".mp4"))
        await thumbnail(clip, clip.with_suffix(".jpg"), at_seconds=CLIP_SECONDS / 2)
        previews += meter.lap()
    passed = await _join(folder, clips)
    join = meter.lap()
    await poster(folder / "film.mp4", folder / "poster.jpg")
    seconds = time.monotonic() - last_landed
    return Spent(normalise, previews, join, meter.lap(), seconds, passed)


async def memory(folder: Path, source: Path, count: int) -> Spent:
    passed = await _join(folder, [source] * count)
    return Spent(0, 0, 0, 0, 0, passed)


async def _normalise(source: Path, clip: Path) -> None:
    await normalise_clip(
        source,
        clip,
        frames=CLIP_FRAMES,
        frames_per_second=FPS,
        width=SIZE[0],
        height=SIZE[1],
        timeout_seconds=TIMEOUT_SECONDS,
        threads=NORMALISE_THREADS,
    )


async def _join(folder: Path, clips: list[Path]) -> bool:
    report = await join_film(
        JoinRequest(clips, [CLIP_FRAMES] * len(clips), FPS, *SIZE),
        folder / "film.mp4",
        work_directory=folder,
        timeout_seconds=TIMEOUT_SECONDS,
    )
    return report.passed


def main() -> None:
    task, folder, *rest = sys.argv[1:]
    work = (
        film(Path(folder), [Path(clip) for clip in rest])
        if task == "film"
        else memory(Path(folder), Path(rest[0]), int(rest[1]))
    )
    sys.stdout.write(json.dumps(asdict(asyncio.run(work))) + "\n")


if __name__ == "__main__":
    main()
