"""The shots' own sound, laid end to end to the very sample and crossfaded where shots overlap."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from studio.media.encoding import CHANNELS, SAMPLE_RATE_HZ
from studio.media.errors import MediaError
from studio.media.timeline import Timeline

Sound = npt.NDArray[np.float32]
"""Samples by channels, full scale 1."""

FULL_SCALE: Final = 32768.0
STREAM_ARGUMENTS: Final = ("-f", "f32le", "-ar", str(SAMPLE_RATE_HZ), "-ac", str(CHANNELS))
"""How ffmpeg reads what `ambience_stream` yields."""


async def ambience_stream(clips: Sequence[Path], timeline: Timeline) -> AsyncGenerator[bytes, None]:
    """Interleaved 32-bit floats of the whole film, in `STREAM_ARGUMENTS`' form.

    One clip is in memory at a time. Raises MediaError where a clip's sound cannot be read.
    """
    tail = _silence(0)
    for index, clip in enumerate(clips):
        start, end = timeline.start_sample(index), timeline.end_sample(index)
        sound = _fitted(await asyncio.to_thread(read_sound, clip), end - start)
        sound[: len(tail)] = _crossfaded(tail, sound[: len(tail)])
        shared = end - timeline.start_sample(index + 1) if timeline.tail(index) else 0
        tail = sound[len(sound) - shared :]
        yield sound[: len(sound) - shared].tobytes()


def read_sound(clip: Path) -> Sound:
    """The sound of one of our own clips (16-bit stereo). Blocks. Raises MediaError."""
    import av
    from av.error import FFmpegError

    try:
        with av.open(f"file:{clip.absolute()}") as container:
            pieces = [
                frame.to_ndarray().reshape(-1, CHANNELS) for frame in container.decode(audio=0)
            ]
    except (FFmpegError, OSError, ValueError, IndexError) as error:
        raise MediaError(f"The sound of {clip.name} cannot be read: {error}.") from error
    if not pieces:
        return _silence(0)
    return np.concatenate(pieces).astype(np.float32) / np.float32(FULL_SCALE)


def _fitted(sound: Sound, samples: int) -> Sound:
    """As long as asked for: a position that was rounded may be a sample off."""
    missing = max(0, samples - len(sound))
    return np.concatenate([sound[:samples], _silence(missing)])


def _crossfaded(before: Sound, after: Sound) -> Sound:
    """From one sound to the other at equal power: what has nothing in common keeps its loudness."""
    angle = (np.arange(len(before), dtype=np.float32)[:, None] + 0.5) / max(1, len(before))
    angle *= np.float32(np.pi / 2)
    return (before * np.cos(angle) + after * np.sin(angle)).astype(np.float32)


def _silence(samples: int) -> Sound:
    return np.zeros((samples, CHANNELS), dtype=np.float32)
