"""Media work in a process of its own, which a test can measure or kill.

`python -m tests.media_driver join <folder> <clip> <voice> <count>` joins a clip `count` times,
every second pair dissolving, under a narration as long as the film, and prints the peak memory in
KiB of itself and of its largest child. `… encode` encodes without end and prints the pid of ffmpeg
as soon as it runs.
"""

import asyncio
import os
import resource
import sys
from pathlib import Path

from studio.media.ffmpeg import run_ffmpeg
from studio.media.join import JoinRequest, join_film
from studio.media.narration import Line, narrate
from studio.media.timeline import Timeline

FPS = 24
SIZE = (160, 90)
CLIP_FRAMES = 24
OVERLAP = 8
NEVER_SECONDS = 600.0
ENDLESS = ("-re", "-f", "lavfi", "-i", "testsrc2=s=160x90:r=24", "-f", "null", "-")


def child_pids() -> set[int]:
    """The living children of this process (Linux)."""
    return {
        int(pid)
        for children in Path(f"/proc/{os.getpid()}/task").glob("*/children")
        for pid in children.read_text().split()
    }


def say(*numbers: int) -> None:
    sys.stdout.write(" ".join(map(str, numbers)) + "\n")
    sys.stdout.flush()


async def join(folder: Path, clip: Path, voice: Path, count: int) -> None:
    overlaps = [OVERLAP * (index % 2) for index in range(count - 1)]
    timeline = Timeline((CLIP_FRAMES,) * count, tuple(overlaps), FPS)
    lines = [Line(position, "Ah.", voice) for position in range(count)]
    speech = folder / f"narration-{count}.wav"
    await narrate(lines, timeline, speech, folder=folder)
    request = JoinRequest(
        [clip] * count,
        [CLIP_FRAMES] * count,
        FPS,
        *SIZE,
        overlap_frames=overlaps,
        speech=speech,
    )
    await join_film(
        request, folder / "film.mp4", work_directory=folder, timeout_seconds=NEVER_SECONDS
    )
    for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
        say(resource.getrusage(who).ru_maxrss)


async def encode() -> None:
    await run_ffmpeg(
        ENDLESS,
        timeout_seconds=NEVER_SECONDS,
        on_seconds=lambda _: say(*child_pids()),
    )


if __name__ == "__main__":
    if sys.argv[1] == "join":
        where, clip, voice = map(Path, sys.argv[2:5])
        asyncio.run(join(where, clip, voice, int(sys.argv[5])))
    else:
        asyncio.run(encode())
