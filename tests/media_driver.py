"""Media work in a process of its own, which a test can measure or kill.

`python -m tests.media_driver join <folder> <clip> <count>` joins a clip `count` times and prints
the peak memory in KiB of itself and of its largest child. `… encode` encodes without end and
prints the pid of ffmpeg as soon as it runs.
"""

import asyncio
import os
import resource
import sys
from pathlib import Path

from studio.media.ffmpeg import run_ffmpeg
from studio.media.join import JoinRequest, join_film

FPS = 24
SIZE = (160, 90)
CLIP_FRAMES = 24
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


async def join(folder: Path, clip: Path, count: int) -> None:
    request = JoinRequest([clip] * count, [CLIP_FRAMES] * count, FPS, *SIZE)
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
        asyncio.run(join(Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])))
    else:
        asyncio.run(encode())
