"""Measure a finished film against the numbers that it must meet."""

import asyncio
import hashlib
import struct
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from studio.contracts.base import Payload
from studio.media.checks import Check, Content, Measured, all_checks
from studio.media.drift import ClipQuality, Recordings, picture_starts, sound_lags
from studio.media.errors import MediaError
from studio.media.ffmpeg import file_url, run_ffmpeg
from studio.media.lags import LISTENING_ARGUMENTS, LISTENING_FILTER
from studio.media.loudness import METER, read_meter
from studio.media.probe import probe
from studio.media.timeline import Timeline

HASH_CHUNK_BYTES: Final = 1024 * 1024
BOX_HEADER: Final = struct.Struct(">I4s")
LARGE_SIZE: Final = struct.Struct(">Q")
MILLISECONDS: Final = 1000


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
    clips: tuple[ClipQuality, ...] = ()

    @property
    def passed(self) -> bool:
        return all(check.passed for check in self.checks)


@dataclass(frozen=True)
class MixedSound:
    """A film's sound before it was mastered: its clips' alone, and with all that was added."""

    ambience: Path
    mix: Path


@dataclass(frozen=True)
class Blueprint:
    """What a film should be, and what it was made of.

    `clips` are the normalised ones. `sound` is None where nothing but the clips is heard. `folder`
    takes scratch files.
    """

    timeline: Timeline
    width: int
    height: int
    clips: Sequence[Path]
    folder: Path
    sound: MixedSound | None = None


async def measure(path: Path, blueprint: Blueprint, *, timeout_seconds: float) -> QualityReport:
    """Measure a film. Raises MediaError if it lacks a stream, MediaTimeout, DiskFull."""
    info = await probe(path)
    if info.video is None or info.audio is None:
        raise MediaError("The film lacks its picture or its sound.")
    with tempfile.TemporaryDirectory(prefix="listen-", dir=blueprint.folder) as folder:
        recordings = Recordings(Path(folder) / "film.s16")
        loudness = read_meter(await _listen(path, METER, recordings.film, timeout_seconds))
        if blueprint.sound is not None:
            ambience, mixed = Path(folder) / "ambience.s16", Path(folder) / "mixed.s16"
            await _listen(blueprint.sound.ambience, "anull", ambience, timeout_seconds)
            await _listen(blueprint.sound.mix, "anull", mixed, timeout_seconds)
            recordings = Recordings(recordings.film, ambience, mixed)
        clips = await asyncio.to_thread(_clip_qualities, path, recordings, blueprint)
    content = await asyncio.to_thread(_read_content, path)
    measured = Measured(info.duration_seconds, info.video, info.audio, loudness, content, clips)
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
        checks=all_checks(measured, blueprint.timeline, (blueprint.width, blueprint.height)),
        clips=clips,
    )


async def _listen(path: Path, meter: str, heard: Path, timeout_seconds: float) -> str:
    """Decode a sound once, through a meter, and keep it at a low rate to look for the clips."""
    return await run_ffmpeg(
        [
            *("-i", file_url(path), "-map", "0:a:0", "-af", f"{meter},{LISTENING_FILTER}"),
            *(*LISTENING_ARGUMENTS, file_url(heard)),
        ],
        timeout_seconds=timeout_seconds,
    )


def _clip_qualities(
    path: Path, recordings: Recordings, blueprint: Blueprint
) -> tuple[ClipQuality, ...]:
    timeline = blueprint.timeline
    pictures = picture_starts(path, blueprint.clips, timeline)
    sounds = sound_lags(recordings, blueprint.clips, timeline)
    return tuple(
        ClipQuality(
            index=index + 1,
            start_seconds=timeline.start_frames[index] / timeline.frames_per_second,
            picture_drift_ms=_milliseconds(picture),
            sound_drift_ms=_milliseconds(sound.lag_seconds),
            audible=sound.audible,
        )
        for index, (picture, sound) in enumerate(zip(pictures, sounds, strict=True))
    )


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * MILLISECONDS, 2)


def _read_content(path: Path) -> Content:
    digest = hashlib.sha256()
    with path.open("rb") as film:
        while chunk := film.read(HASH_CHUNK_BYTES):
            digest.update(chunk)
        size_bytes = film.tell()
        film.seek(0)
        boxes, end = _top_level_boxes(film)
    return Content(digest.hexdigest(), size_bytes, boxes, whole=end == size_bytes)


def _top_level_boxes(film: BinaryIO) -> tuple[list[str], int]:
    """The names of an MP4 file's outermost boxes in order, and where the last one ends.

    ISO/IEC 14496-12, 4.2: size and type, and behind them the size if the first one is 1.
    """
    names: list[str] = []
    end = 0
    while True:
        film.seek(end)
        header = film.read(BOX_HEADER.size + LARGE_SIZE.size)
        if len(header) < BOX_HEADER.size:
            break
        size, name = BOX_HEADER.unpack_from(header)
        if size == 1 and len(header) == BOX_HEADER.size + LARGE_SIZE.size:
            (size,) = LARGE_SIZE.unpack_from(header, BOX_HEADER.size)
        if size < BOX_HEADER.size:
            break
        names.append(name.decode("latin-1"))
        end += size
    return names, end
