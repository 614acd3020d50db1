"""Measure a finished film against the numbers that it must meet."""

import asyncio
import hashlib
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from studio.contracts.base import Payload
from studio.media.encoding import AAC_FRAME_SAMPLES, CHANNELS, SAMPLE_RATE_HZ
from studio.media.errors import MediaError
from studio.media.ffmpeg import file_url
from studio.media.loudness import Loudness, measure_loudness
from studio.media.mastering import LOUDNESS_LUFS, LOUDNESS_TOLERANCE_LU, TRUE_PEAK_DBTP_MAX
from studio.media.probe import AudioInfo, VideoInfo, probe

START_SECONDS_MAX: Final = 0.001
HASH_CHUNK_BYTES: Final = 1024 * 1024
BOX_HEADER: Final = struct.Struct(">I4s")
LARGE_SIZE: Final = struct.Struct(">Q")
BT709: Final = (1, 1, 1, 1)
"""H.273 code points of primaries, transfer and matrix, and the limited (TV) range."""


class Check(Payload):
    """One promise about the film: what was measured, what was allowed, whether it held.

    `value` is None where the question has no answer, as the loudness of a silent film.
    """

    name: str
    value: float | str | None
    limit: str
    passed: bool


class QualityReport(Payload):
    """What was measured on the final file. Times in seconds, starts on the file's clock."""

    duration_seconds: float
    frames: int
    frames_per_second: float
    width: int
    height: int
    video_start_seconds: float
    audio_start_seconds: float
    video_duration_seconds: float
    audio_duration_seconds: float
    loudness_lufs: float | None
    true_peak_dbtp: float | None
    sha256: str
    size_bytes: int
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        return all(check.passed for check in self.checks)


@dataclass(frozen=True)
class _Content:
    """What the bytes say: hash, size, and the names of the outermost MP4 boxes in order."""

    sha256: str
    size_bytes: int
    boxes: list[str]


async def measure(
    path: Path,
    *,
    frames: int,
    frames_per_second: int,
    width: int,
    height: int,
    timeout_seconds: float,
) -> QualityReport:
    """Measure a film that should have these frames. Raises MediaError if it has no streams."""
    info = await probe(path)
    if info.video is None or info.audio is None:
        raise MediaError("The film lacks its picture or its sound.")
    loudness = await measure_loudness(["-i", file_url(path)], timeout_seconds=timeout_seconds)
    content = await asyncio.to_thread(_read_content, path)
    return QualityReport(
        duration_seconds=info.duration_seconds,
        frames=info.video.frames,
        frames_per_second=info.video.fps,
        width=info.video.width,
        height=info.video.height,
        video_start_seconds=info.video.start_seconds,
        audio_start_seconds=info.audio.start_seconds,
        video_duration_seconds=info.video.duration_seconds,
        audio_duration_seconds=info.audio.duration_seconds,
        loudness_lufs=loudness.integrated_lufs,
        true_peak_dbtp=loudness.true_peak_dbtp,
        sha256=content.sha256,
        size_bytes=content.size_bytes,
        checks=(
            *_picture_checks(info.video, frames, frames_per_second, (width, height)),
            *_sync_checks(info.video, info.audio),
            *_sound_checks(info.audio, loudness),
            _fast_start_check(content),
        ),
    )


def _picture_checks(
    video: VideoInfo, frames: int, frames_per_second: int, size: tuple[int, int]
) -> tuple[Check, ...]:
    return (
        Check(
            name="frames",
            value=video.frames,
            limit=f"{frames}",
            passed=video.frames == frames,
        ),
        Check(
            name="constant_frame_rate",
            value=video.fps,
            limit=f"every frame 1/{frames_per_second} s",
            passed=video.regular and video.fps == frames_per_second,
        ),
        Check(
            name="frame_size",
            value=f"{video.width}x{video.height}",
            limit=f"{size[0]}x{size[1]}, square pixels",
            passed=(video.width, video.height) == size and video.square_pixels,
        ),
        Check(
            name="pixel_format",
            value=f"{video.codec} {video.pix_fmt}",
            limit="h264 yuv420p, tagged BT.709",
            passed=(video.codec, video.pix_fmt, video.colour) == ("h264", "yuv420p", BT709),
        ),
    )


def _sync_checks(video: VideoInfo, audio: AudioInfo) -> tuple[Check, ...]:
    difference = abs(video.duration_seconds - audio.duration_seconds)
    frame_seconds = AAC_FRAME_SAMPLES / SAMPLE_RATE_HZ
    return (
        Check(
            name="video_start",
            value=video.start_seconds,
            limit=f"0 s ± {START_SECONDS_MAX}",
            passed=abs(video.start_seconds) <= START_SECONDS_MAX,
        ),
        Check(
            name="audio_start",
            value=audio.start_seconds,
            limit=f"0 s ± {START_SECONDS_MAX}",
            passed=abs(audio.start_seconds) <= START_SECONDS_MAX,
        ),
        Check(
            name="length_difference",
            value=difference,
            limit=f"<= {frame_seconds:.4f} s, one AAC frame",
            passed=difference <= frame_seconds,
        ),
    )


def _sound_checks(audio: AudioInfo, loudness: Loudness) -> tuple[Check, ...]:
    integrated, peak = loudness.integrated_lufs, loudness.true_peak_dbtp
    return (
        Check(
            name="sound_format",
            value=f"{audio.codec} {audio.sample_rate} Hz, {audio.channels} channels",
            limit=f"aac {SAMPLE_RATE_HZ} Hz, {CHANNELS} channels",
            passed=(audio.codec, audio.sample_rate, audio.channels)
            == ("aac", SAMPLE_RATE_HZ, CHANNELS),
        ),
        Check(
            name="loudness",
            value=integrated,
            limit=f"{LOUDNESS_LUFS} LUFS ± {LOUDNESS_TOLERANCE_LU}; none where there is no sound",
            passed=integrated is None or abs(integrated - LOUDNESS_LUFS) <= LOUDNESS_TOLERANCE_LU,
        ),
        Check(
            name="true_peak",
            value=peak,
            limit=f"<= {TRUE_PEAK_DBTP_MAX} dBTP",
            passed=peak is None or peak <= TRUE_PEAK_DBTP_MAX,
        ),
    )


def _fast_start_check(content: _Content) -> Check:
    names = [name for name in content.boxes if name in ("moov", "mdat")]
    return Check(
        name="fast_start",
        value=" ".join(content.boxes),
        limit="moov before mdat",
        passed=names[:1] == ["moov"],
    )


def _read_content(path: Path) -> _Content:
    digest = hashlib.sha256()
    with path.open("rb") as film:
        while chunk := film.read(HASH_CHUNK_BYTES):
            digest.update(chunk)
        size_bytes = film.tell()
        film.seek(0)
        return _Content(digest.hexdigest(), size_bytes, _top_level_boxes(film))


def _top_level_boxes(film: BinaryIO) -> list[str]:
    """The names of an MP4 file's outermost boxes in order (ISO/IEC 14496-12, 4.2)."""
    names: list[str] = []
    while len(header := film.read(BOX_HEADER.size)) == BOX_HEADER.size:
        size, name = BOX_HEADER.unpack(header)
        names.append(name.decode("latin-1"))
        rest = size - BOX_HEADER.size
        if size == 1:
            rest = (
                LARGE_SIZE.unpack(film.read(LARGE_SIZE.size))[0] - BOX_HEADER.size - LARGE_SIZE.size
            )
        if rest < 0:
            break
        film.seek(rest, 1)
    return names
