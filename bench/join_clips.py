"""Eight clips with a flash and a beep each: a set that agrees, and one that disagrees in all."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from studio.media.ffmpeg import file_url, run_ffmpeg

SIGNAL_AT_SECONDS: Final = 2.0
"""Where in its clip the flash and the beep begin: on a frame of every whole frame rate."""
SIGNAL_SECONDS: Final = 0.2
BEEP_HERTZ: Final = 1000
CLIP_SECONDS: Final = 5.0
TIMEOUT_SECONDS: Final = 300.0

PICTURE: Final = "testsrc2=s={width}x{height}:r={rate}:d={seconds},noise=alls=3:allf=t"
"""Much moves and there is a little grain, as in what video models deliver."""

SOUND: Final = "0.5*sin(2*PI*{beep}*t)*{during}+0.06*(random({channel})*2-1)"
"""A beep in the noise of a room: it peaks so far above that the film's loudness needs a limiter."""


@dataclass(frozen=True)
class ClipSpec:
    """`sound_seconds` is None for a clip without an audio stream."""

    width: int = 1280
    height: int = 720
    rate: str = "24"
    sample_rate: int = 48_000
    channels: int = 2
    sound_seconds: float | None = CLIP_SECONDS


ALIKE: Final = ClipSpec()
SET_A: Final = (ALIKE,) * 8
SET_B: Final = (
    ALIKE,
    ClipSpec(1920, 1080, "25", 44_100, sound_seconds=4.88),
    ClipSpec(1152, 768, "30", channels=1, sound_seconds=4.75),
    ClipSpec(720, 1280, "24000/1001", 44_100, channels=1),
    replace(ALIKE, sound_seconds=None),
    ClipSpec(1920, 1080, "24000/1001", channels=1, sound_seconds=4.8),
    ClipSpec(720, 1280, "30", 44_100, sound_seconds=4.85),
    ClipSpec(1152, 768, "25", sound_seconds=4.75),
)
SETS: Final = {"A": SET_A, "B": SET_B}


def make_clips(folder: Path, specs: Sequence[ClipSpec]) -> list[Path]:
    """One file a clip, so that nothing is read twice."""
    clips = [folder / f"landed-{index + 1}.mp4" for index in range(len(specs))]
    for spec, clip in zip(specs, clips, strict=True):
        asyncio.run(_make(clip, spec))
    return clips


async def _make(clip: Path, spec: ClipSpec) -> None:
    during = f"between(t,{SIGNAL_AT_SECONDS},{SIGNAL_AT_SECONDS + SIGNAL_SECONDS})"
    picture = PICTURE.format(
        width=spec.width, height=spec.height, rate=spec.rate, seconds=CLIP_SECONDS
    )
    arguments = ["-f", "lavfi", "-i", f"{picture},drawbox=c=white:t=fill:enable='{during}'"]
    if spec.sound_seconds is not None:
        waves = "|".join(
            SOUND.format(beep=BEEP_HERTZ, during=during, channel=channel)
            for channel in range(spec.channels)
        )
        sound = f"aevalsrc='{waves}':s={spec.sample_rate}:d={spec.sound_seconds}"
        arguments += ["-f", "lavfi", "-i", sound, "-c:a", "aac", "-b:a", "160k"]
    encoding = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-pix_fmt", "yuv420p"]
    await run_ffmpeg([*arguments, *encoding, file_url(clip)], timeout_seconds=TIMEOUT_SECONDS)
