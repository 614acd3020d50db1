"""What a media file holds, read in this process with PyAV (libavformat), without decoding.

For files that we made or a provider delivered. What a stranger uploaded goes through
`studio.media.inspect` first.
"""

import asyncio
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final

from studio.media.errors import MediaError

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.video.stream import VideoStream

MICROSECONDS: Final = 1_000_000
COLOUR_UNSPECIFIED: Final = 2
"""H.273 code point for a matrix, primaries or transfer that the file does not name."""


@dataclass(frozen=True)
class VideoInfo:
    """One video stream. `frames` is counted; `extradata` holds the codec's parameter sets.

    `keyframes` are the positions of frames at which decoding can begin. `regular` says that
    every frame lasts exactly 1/fps. `colour` is (primaries, transfer, matrix, range) by H.273.
    """

    width: int
    height: int
    fps: float
    frames: int
    codec: str
    pix_fmt: str
    start_seconds: float = 0.0
    duration_seconds: float = 0.0
    regular: bool = False
    keyframes: tuple[int, ...] = ()
    square_pixels: bool = True
    colour: tuple[int, int, int, int] = (COLOUR_UNSPECIFIED, COLOUR_UNSPECIFIED, 2, 0)
    extradata: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class AudioInfo:
    """One audio stream. `sample_rate` in Hz; times in seconds on the file's clock."""

    codec: str
    sample_rate: int
    channels: int
    duration_seconds: float
    start_seconds: float


@dataclass(frozen=True)
class MediaInfo:
    """The first video and the first audio stream of a file."""

    container: str
    duration_seconds: float
    video: VideoInfo | None
    audio: AudioInfo | None


async def probe(path: Path) -> MediaInfo:
    """Read a file's streams. Raises MediaError where it is no media file."""
    return await asyncio.to_thread(_probe, path)


def _probe(path: Path) -> MediaInfo:
    import av
    from av.error import FFmpegError

    options = {"protocol_whitelist": "file"}
    try:
        with av.open(f"file:{path.absolute()}", container_options=options) as container:
            return _describe(container)
    except (FFmpegError, OSError, ValueError) as error:
        raise MediaError(f"{path.name} cannot be read as a media file: {error}.") from error


def _describe(container: "InputContainer") -> MediaInfo:
    videos, audios = container.streams.video, container.streams.audio
    packets = _packets(container, videos[0]) if videos else []
    return MediaInfo(
        container=container.format.name,
        duration_seconds=(container.duration or 0) / MICROSECONDS,
        video=_video(videos[0], packets) if videos else None,
        audio=_audio(audios[0], container.duration or 0) if audios else None,
    )


def _packets(container: "InputContainer", stream: "VideoStream") -> list[tuple[int, bool]]:
    """When each frame is shown, and whether decoding can begin there, in the order of showing."""
    return sorted(
        (packet.pts, packet.is_keyframe)
        for packet in container.demux(stream)
        if packet.pts is not None
    )


def _video(stream: "VideoStream", packets: list[tuple[int, bool]]) -> VideoInfo:
    times = [time for time, _ in packets]
    codec = stream.codec_context
    unit = stream.time_base or Fraction(1, MICROSECONDS)
    rate = stream.average_rate or stream.guessed_rate or Fraction(0)
    step = (1 / rate) / unit if rate else Fraction(0)
    return VideoInfo(
        width=codec.width,
        height=codec.height,
        fps=float(rate),
        frames=len(times),
        codec=codec.name,
        pix_fmt=codec.pix_fmt or "",
        start_seconds=float(times[0] * unit) if times else 0.0,
        duration_seconds=float((times[-1] - times[0] + step) * unit) if times else 0.0,
        regular=all(later - earlier == step for earlier, later in pairwise(times)),
        keyframes=tuple(index for index, (_, key) in enumerate(packets) if key),
        square_pixels=stream.sample_aspect_ratio in (None, 0, 1),
        colour=(codec.color_primaries, codec.color_trc, codec.colorspace, codec.color_range),
        extradata=codec.extradata or b"",
    )


def _audio(stream: "AudioStream", container_duration: int) -> AudioInfo:
    unit = stream.time_base or Fraction(1, MICROSECONDS)
    whole = Fraction(container_duration, MICROSECONDS)
    duration = stream.duration * unit if stream.duration else whole
    return AudioInfo(
        codec=stream.codec_context.name,
        sample_rate=stream.codec_context.sample_rate,
        channels=stream.codec_context.channels,
        duration_seconds=float(duration),
        start_seconds=float((stream.start_time or 0) * unit),
    )
