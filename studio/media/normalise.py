"""Bring a clip to the film's frame size, rate and length, ready to be joined by copying.

The result is a QuickTime file: H.264 as in `studio.media.encoding` and PCM, because every AAC
stream carries 34 to 38 ms of priming and padding, which adds up when clips are joined.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from studio.contracts.limits import MEBIBYTE
from studio.media.encoding import (
    PCM_ARGUMENTS,
    REPRODUCIBLE_ARGUMENTS,
    SAMPLE_RATE_HZ,
    fit_filter,
    keyframe_arguments,
    samples_of,
    time_scale,
    video_arguments,
)
from studio.media.errors import MediaError
from studio.media.ffmpeg import SAFE_INPUT, file_url, partial_file, run_ffmpeg
from studio.media.probe import COLOUR_UNSPECIFIED, MediaInfo, VideoInfo, probe
from studio.media.upload_limits import CODECS, VIDEO_PIXELS_MAX

CLIP_FORMATS: Final = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm"
"""The demuxers a clip may need. None of them follows references to other files."""

CUT_FADE_SECONDS: Final = 0.005
"""Fades the sound at both ends of a shot: long enough against clicks at cuts, too short to hear."""

HIGH_DEFINITION_HEIGHT_MIN: Final = 720
"""Untagged pictures from this height on are BT.709, smaller ones BT.601: players' own guess."""

MEMORY_BYTES_MAX: Final = 4 * 1024 * MEBIBYTE
"""Twice what a 4K clip takes; a file made for it takes as much as there is."""

FRAME_PIXELS_MAX: Final = VIDEO_PIXELS_MAX
"""Of a decoded frame, wherever in the file its size changes."""

SOUND_MARGIN_SECONDS: Final = 1.0
"""Sound is looked at this much beyond the shot's end: the silence in a gap of hours would be made
in memory (3 GB for ten hours)."""

EPSILON_SECONDS: Final = 0.0005

SAMPLE_TIMEOUT_SECONDS: Final = 60.0
PREVIEW_AUDIO_ARGUMENTS: Final = ("-c:a", "aac", "-b:a", "160k", "-aac_coder", "fast")
"""A third of the work of the film's own encoder, for sound that is listened to once or twice."""
THUMBNAIL_WIDTH_MAX: Final = 640
JPEG_QUALITY: Final = 3
"""mjpeg's scale from 2 (best) to 31."""

_PARAMETER_SETS: Final[dict[tuple[int, int, int], bytes]] = {}
"""By frames a second, width and height: a handful of the catalogue's sizes."""


@dataclass(frozen=True)
class NormalisedClip:
    """What was written. `has_sound` says whether the source had an audio stream at all."""

    frames: int
    duration_seconds: float
    has_sound: bool


async def normalise_clip(
    source: Path,
    destination: Path,
    *,
    frames: int,
    frames_per_second: int,
    width: int,
    height: int,
    timeout_seconds: float,
    keyframes: Sequence[int] = (),
    threads: int = 1,
) -> NormalisedClip:
    """Write `source` to `destination` (.mov) with exactly `frames` frames and as much sound.

    What is too long is trimmed, what is too short freezes on its last frame, missing sound is
    silence. The picture is scaled and padded; it is copied where the source was encoded by these
    very settings. `keyframes` are frames at which the clip will be cut apart without encoding it
    again. Raises MediaError, MediaTimeout, DiskFull.
    """
    info = await probe(source)
    if info.video is None or info.video.frames == 0:
        raise MediaError(f"{source.name} holds no picture.")
    size = (info.video.width, info.video.height)
    agrees = size == (width, height) and _agrees(info.video, frames, frames_per_second)
    if (
        agrees
        and set(keyframes) <= set(info.video.keyframes)
        and info.video.extradata
        == await parameter_sets(
            destination.parent, frames_per_second=frames_per_second, width=width, height=height
        )
    ):
        picture = ["-c:v", "copy", "-video_track_timescale", str(time_scale(frames_per_second))]
    else:
        fit = _picture_filter(info.video, frames_per_second, width, height)
        picture = ["-vf", fit, "-frames:v", str(frames), *video_arguments(frames_per_second)]
        picture += keyframe_arguments(keyframes, frames_per_second)
    with partial_file(destination) as partial:
        await run_ffmpeg(
            [
                *_inputs(source, info),
                *picture,
                *("-af", _sound_filter(frames, frames_per_second)),
                *PCM_ARGUMENTS,
                *REPRODUCIBLE_ARGUMENTS,
                file_url(partial),
            ],
            timeout_seconds=timeout_seconds,
            threads=threads,
            memory_bytes_max=MEMORY_BYTES_MAX,
        )
        await _require_exact(partial, frames, frames_per_second, keyframes)
    return NormalisedClip(frames, frames / frames_per_second, info.audio is not None)


async def parameter_sets(folder: Path, *, frames_per_second: int, width: int, height: int) -> bytes:
    """The H.264 parameter sets of our own settings, from one black frame encoded in `folder`.

    Packets of two encodes can only share one track where these are the same. They are worked out
    once in a process, for they depend on nothing else.
    """
    known = (frames_per_second, width, height)
    if known not in _PARAMETER_SETS:
        _PARAMETER_SETS[known] = await _encode_parameter_sets(folder, *known)
    return _PARAMETER_SETS[known]


async def _encode_parameter_sets(
    folder: Path, frames_per_second: int, width: int, height: int
) -> bytes:
    black = f"color=black:size={width}x{height}:rate={frames_per_second}"
    with tempfile.NamedTemporaryFile(suffix=".mov", dir=folder) as sample:
        path = Path(sample.name)
        await run_ffmpeg(
            [
                *("-f", "lavfi", "-i", black, "-vf", fit_filter(width, height)),
                *(*video_arguments(frames_per_second), "-frames:v", "1", file_url(path)),
            ],
            timeout_seconds=SAMPLE_TIMEOUT_SECONDS,
        )
        video = (await probe(path)).video
    return video.extradata if video else b""


async def preview_clip(clip: Path, destination: Path, *, timeout_seconds: float = 120.0) -> None:
    """Make a normalised clip playable anywhere: MP4, the same picture, AAC sound, fast start."""
    with partial_file(destination) as partial:
        await run_ffmpeg(
            [
                *(*SAFE_INPUT, "-format_whitelist", CLIP_FORMATS, "-i", file_url(clip)),
                *("-map", "0:v:0", "-map", "0:a:0?", "-c:v", "copy"),
                *(*PREVIEW_AUDIO_ARGUMENTS, "-movflags", "+faststart"),
                *REPRODUCIBLE_ARGUMENTS,
                *("-f", "mp4", file_url(partial)),
            ],
            timeout_seconds=timeout_seconds,
        )


async def thumbnail(
    source: Path,
    destination_jpg: Path,
    at_seconds: float,
    *,
    width_max: int = THUMBNAIL_WIDTH_MAX,
    timeout_seconds: float = 60.0,
) -> None:
    """Write the frame at `at_seconds` (the last one, if that is later) as a JPEG."""
    info = await probe(source)
    if info.video is None or info.video.frames == 0:
        raise MediaError(f"{source.name} holds no picture.")
    last_frame_seconds = info.video.duration_seconds * (1 - 1 / info.video.frames)
    at = max(0.0, min(at_seconds, last_frame_seconds - EPSILON_SECONDS))
    with partial_file(destination_jpg) as partial:
        await run_ffmpeg(
            [
                *("-ss", f"{at:.6f}", *SAFE_INPUT, "-format_whitelist", CLIP_FORMATS),
                *("-i", file_url(source), "-map", "0:v:0", "-frames:v", "1"),
                *(
                    "-vf",
                    f"scale='min({width_max},iw)':-2:out_color_matrix=bt601:out_range=full,format=yuvj420p",
                ),
                *("-c:v", "mjpeg", "-q:v", str(JPEG_QUALITY), "-bitexact"),
                *("-f", "image2", "-update", "1", file_url(partial)),
            ],
            timeout_seconds=timeout_seconds,
        )


def _inputs(source: Path, info: MediaInfo) -> list[str]:
    inputs = [
        *(*SAFE_INPUT, "-format_whitelist", CLIP_FORMATS),
        *("-codec_whitelist", ",".join(CODECS), "-max_pixels", str(FRAME_PIXELS_MAX)),
        *("-i", file_url(source)),
    ]
    if info.audio is not None:
        return [*inputs, "-map", "0:v:0", "-map", "0:a:0"]
    silence = f"anullsrc=r={SAMPLE_RATE_HZ}:cl=stereo"
    return [*inputs, "-f", "lavfi", "-i", silence, "-map", "0:v:0", "-map", "1:a:0"]


def _picture_filter(video: VideoInfo, frames_per_second: int, width: int, height: int) -> str:
    untagged = video.colour[2] == COLOUR_UNSPECIFIED
    high_definition = video.height >= HIGH_DEFINITION_HEIGHT_MIN
    matrix = "bt709" if untagged and high_definition else "auto"
    fit = fit_filter(width, height, source_matrix=matrix)
    return f"fps={frames_per_second}:start_time=0,{fit},tpad=stop=-1:stop_mode=clone"


def _sound_filter(frames: int, frames_per_second: int) -> str:
    """Fill gaps and a late start with silence, then cut to the very sample."""
    samples = samples_of(frames, frames_per_second)
    seconds = frames / frames_per_second
    fade_out_start = max(0.0, seconds - CUT_FADE_SECONDS)
    return ",".join(
        (
            f"atrim=end={seconds + SOUND_MARGIN_SECONDS:.6f}",
            f"aresample={SAMPLE_RATE_HZ}:async=1:first_pts=0",
            "aformat=channel_layouts=stereo",
            "apad",
            f"atrim=end_sample={samples}",
            f"afade=t=in:d={CUT_FADE_SECONDS}",
            f"afade=t=out:st={fade_out_start:.6f}:d={CUT_FADE_SECONDS}",
        )
    )


def _agrees(video: VideoInfo, frames: int, frames_per_second: int) -> bool:
    return (
        video.codec == "h264"
        and video.pix_fmt == "yuv420p"
        and video.frames == frames
        and video.fps == frames_per_second
        and video.regular
        and video.square_pixels
        and abs(video.start_seconds) < EPSILON_SECONDS
    )


async def _require_exact(
    clip: Path, frames: int, frames_per_second: int, keyframes: Sequence[int]
) -> None:
    info = await probe(clip)
    length = samples_of(frames, frames_per_second) / SAMPLE_RATE_HZ
    exact = (
        info.video is not None
        and _agrees(info.video, frames, frames_per_second)
        and set(keyframes) <= set(info.video.keyframes)
        and info.audio is not None
        and abs(info.audio.duration_seconds - length) < EPSILON_SECONDS
    )
    if not exact:
        raise MediaError(f"The clip did not come out with {frames} frames and as much sound.")
