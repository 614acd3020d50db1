"""Clips that flash and beep at known times, and what finds the flashes and beeps again."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from studio.media.ffmpeg import file_url, run_ffmpeg

FLASH_SECONDS = 0.5
"""Where in its clip the flash and the beep begin."""

SIGNAL_SECONDS = 0.2
TIMEOUT_SECONDS = 120.0


@dataclass(frozen=True)
class ClipSpec:
    """One source clip. `sound_seconds` is None for a clip without an audio stream."""

    width: int = 320
    height: int = 180
    rate: str = "24"
    seconds: float = 1.5
    sample_rate: int = 48_000
    channels: int = 2
    sound_seconds: float | None = 1.5
    beep_level: float = 0.4
    hum_level: float = 0.01


SET_A = (ClipSpec(),) * 4
"""Clips that all agree."""

SET_B = (
    ClipSpec(),
    ClipSpec(width=480, height=270, rate="25", sample_rate=44_100),
    ClipSpec(width=288, height=192, rate="30", channels=1, sound_seconds=1.3),
    ClipSpec(width=90, height=160, rate="24000/1001", sound_seconds=None),
    ClipSpec(rate="24000/1001", sample_rate=44_100, channels=1, sound_seconds=1.38),
    ClipSpec(width=640, height=360, rate="60"),
    ClipSpec(seconds=1.2, sound_seconds=1.2),
    ClipSpec(seconds=2.0, sound_seconds=2.0, beep_level=0.9),
)
"""Clips that disagree in everything that video models disagree in."""


async def make_clip(path: Path, spec: ClipSpec) -> Path:
    """Write a black clip with a white flash and a beep, both from FLASH_SECONDS on."""
    during = f"between(t,{FLASH_SECONDS},{FLASH_SECONDS + SIGNAL_SECONDS})"
    picture = (
        f"color=black:s={spec.width}x{spec.height}:r={spec.rate}:d={spec.seconds},"
        f"drawbox=c=white:t=fill:enable='{during}'"
    )
    arguments = ["-f", "lavfi", "-i", picture]
    if spec.sound_seconds is not None:
        wave = f"{spec.beep_level}*sin(2*PI*1000*t)*{during}+{spec.hum_level}*sin(2*PI*220*t)"
        channels = "|".join([wave] * spec.channels)
        sound = f"aevalsrc='{channels}':s={spec.sample_rate}:d={spec.sound_seconds}"
        arguments += ["-f", "lavfi", "-i", sound, "-c:a", "aac", "-b:a", "128k"]
    encoding = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"]
    await run_ffmpeg([*arguments, *encoding, file_url(path)], timeout_seconds=TIMEOUT_SECONDS)
    return path


async def make_clips(folder: Path, specs: Sequence[ClipSpec]) -> list[Path]:
    """Write one clip a spec; equal specs share a file."""
    made: dict[ClipSpec, Path] = {}
    for spec in specs:
        if spec not in made:
            made[spec] = await make_clip(folder / f"source-{len(made)}.mp4", spec)
    return [made[spec] for spec in specs]


def file_names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def flash_times(film: Path) -> list[float]:
    """When the picture turns white, in seconds on the film's clock."""
    with av.open(str(film)) as container:
        brightness = [
            (frame.time or 0.0, float(frame.to_ndarray(format="gray").max()))
            for frame in container.decode(video=0)
        ]
    return _onsets([time for time, _ in brightness], [value > 150 for _, value in brightness])


def beep_times(film: Path) -> list[float]:
    """When the sound turns loud, in seconds on the film's clock, to 2 ms."""
    pieces: list[np.ndarray[tuple[int, ...], np.dtype[np.float32]]] = []
    with av.open(str(film)) as container:
        rate = container.streams.audio[0].codec_context.sample_rate
        start: float | None = None
        for frame in container.decode(audio=0):
            start = frame.time if start is None else start
            samples = frame.to_ndarray().astype(np.float32)
            pieces.append(samples[0] if frame.format.is_planar else samples[0, ::2])
    sound = np.abs(np.concatenate(pieces))
    step = rate // 500
    levels = sound[: len(sound) // step * step].reshape(-1, step).max(axis=1)
    loud = levels > levels.max() * 0.25
    closed = [bool(loud[max(0, index - 4) : index + 1].any()) for index in range(len(loud))]
    return _onsets([(start or 0.0) + index * step / rate for index in range(len(loud))], closed)


def decoded_frames(film: Path) -> int:
    with av.open(str(film)) as container:
        return sum(1 for _ in container.decode(video=0))


def _onsets(times: Sequence[float], signals: Sequence[bool]) -> list[float]:
    before = [False, *signals[:-1]]
    return [
        time for time, was, signal in zip(times, before, signals, strict=True) if signal and not was
    ]
