"""Look into a stranger's file without trusting it: a small child process with limits does it.

Each call starts one process (about 0.2 s) that limits its own memory, CPU time and output, opens
the file with the one decoder that its sniffed type names, and answers in JSON. A decoder that is
broken into has no key of ours in its environment and dies within its time.
"""

import json
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from studio.contracts.assets import AssetKind
from studio.media.errors import DiskFull, MediaError, UndecodableMedia
from studio.media.ffmpeg import partial_file
from studio.media.process import ProcessResult, run_process
from studio.media.upload_limits import (
    DECODE_CPU_SECONDS_MAX,
    DECODE_TIMEOUT_SECONDS,
    DOCX_TYPE,
    IMAGE_FORMATS,
    INSPECT_CPU_SECONDS_MAX,
    INSPECT_TIMEOUT_SECONDS,
    PDF_TYPE,
    STREAM_FORMATS,
    TEXT_TYPES,
)

__all__ = [
    "Inspection",
    "UndecodableMedia",
    "decode_audio_to_wav",
    "extract_document_pictures",
    "extract_document_text",
    "inspect_file",
    "reencode_image",
    "sample_frames",
    "still_from_video",
]

CHILD: Final = "studio.media.inspect_child"

LONG_OPERATIONS: Final = ("wav", "frames", "pictures")
"""These decode more than a beginning."""

FATAL_SIGNALS: Final = (
    signal.SIGXCPU,
    signal.SIGSEGV,
    signal.SIGBUS,
    signal.SIGABRT,
    signal.SIGFPE,
    signal.SIGILL,
)
"""How a file ends its decoder. SIGKILL is not among them: that is the machine, or an operator."""


@dataclass(frozen=True)
class Inspection:
    """What a file is, as far as it applies. Pictures are measured upright, sound in seconds."""

    width: int | None = None
    height: int | None = None
    duration_seconds: float | None = None
    has_audio: bool = False


Answer = dict[str, int | float | bool | str | None]


async def inspect_file(path: Path, kind: AssetKind, media_type: str) -> Inspection:
    """Decode an upload as far as it takes to believe it.

    `media_type` is what its bytes were sniffed as. Raises UndecodableMedia where the file is
    damaged, cut short, two things at once, too large when decoded, or of another kind;
    MediaTimeout and MediaError where this machine failed.
    """
    if _bare(media_type) not in _types_of(kind):
        raise UndecodableMedia(f"A file of type {media_type} is no {kind.value}.")
    found = await _ask("inspect", path, media_type, kind=kind.value)
    return Inspection(
        width=_whole(found.get("width")),
        height=_whole(found.get("height")),
        duration_seconds=_number(found.get("duration_seconds")),
        has_audio=bool(found.get("has_audio")),
    )


async def extract_document_text(path: Path, media_type: str, chars_max: int) -> str:
    """What a PDF, DOCX, TXT or MD says, cut at `chars_max`. Raises as `inspect_file` does."""
    return str((await _ask("text", path, media_type, chars_max=chars_max)).get("text", ""))


async def reencode_image(path: Path, media_type: str, destination: Path) -> None:
    """Write a picture anew (.png or .jpg): no metadata, upright, no side above 2048 pixels."""
    await _ask("image", path, media_type, destination=destination)


async def still_from_video(path: Path, media_type: str, destination: Path) -> None:
    """Write a frame from the first tenth of a video (.png or .jpg), no side above 2048 pixels."""
    await _ask("still", path, media_type, destination=destination)


async def decode_audio_to_wav(path: Path, media_type: str, destination: Path) -> float:
    """Write the sound of a file as 16-bit 48 kHz stereo WAV; returns its length in seconds.

    What lies beyond the first hour is left out.
    """
    found = await _ask("wav", path, media_type, destination=destination)
    return _number(found.get("duration_seconds")) or 0.0


async def sample_frames(path: Path, media_type: str, folder: Path) -> list[Path]:
    """Write up to six frames of a video into an empty folder, evenly spread, as PNG.

    No side is above 1280 pixels. Raises as `inspect_file` does where there is not a single one.
    """
    try:
        await _ask("frames", path, media_type, folder=folder)
    except UndecodableMedia:
        # A video that breaks off, or is too slow to decode to its end, has shown itself by then.
        if not (whole := _pictures_in(folder)[:-1]):
            raise
        return whole
    return _pictures_in(folder)


async def extract_document_pictures(path: Path, media_type: str, folder: Path) -> list[Path]:
    """Write up to eight pictures of a PDF or DOCX into an empty folder, in their order, as PNG.

    Small and broken ones are left out, and no side is above 1280 pixels. Raises as `inspect_file`
    does.
    """
    await _ask("pictures", path, media_type, folder=folder)
    return _pictures_in(folder)


def _pictures_in(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.png"))


def _types_of(kind: AssetKind) -> tuple[str, ...]:
    if kind == AssetKind.IMAGE:
        return tuple(IMAGE_FORMATS)
    if kind == AssetKind.DOCUMENT:
        return (PDF_TYPE, DOCX_TYPE, *TEXT_TYPES)
    return tuple(name for name in STREAM_FORMATS if name.startswith(f"{kind.value}/"))


def _bare(media_type: str) -> str:
    """A media type without its parameters: `text/plain; charset=utf-8` is `text/plain`."""
    return media_type.partition(";")[0].strip().lower()


async def _ask(
    operation: str,
    path: Path,
    media_type: str,
    *,
    kind: str = "",
    destination: Path | None = None,
    folder: Path | None = None,
    chars_max: int = 0,
) -> Answer:
    known = (*IMAGE_FORMATS, *STREAM_FORMATS, PDF_TYPE, DOCX_TYPE, *TEXT_TYPES)
    if _bare(media_type) not in known:
        raise UndecodableMedia(f"Files of type {media_type} are not supported.")
    is_long = operation in LONG_OPERATIONS
    request: dict[str, str | int] = {
        "operation": operation,
        "path": str(path),
        "media_type": _bare(media_type),
        "kind": kind,
        "destination": str(folder) if folder else "",
        "chars_max": chars_max,
        "cpu_seconds": DECODE_CPU_SECONDS_MAX if is_long else INSPECT_CPU_SECONDS_MAX,
    }
    timeout_seconds = DECODE_TIMEOUT_SECONDS if is_long else INSPECT_TIMEOUT_SECONDS
    if destination is None:
        return await _run_child(request, timeout_seconds)
    with partial_file(destination) as partial:
        return await _run_child(request | {"destination": str(partial)}, timeout_seconds)


async def _run_child(request: dict[str, str | int], timeout_seconds: float) -> Answer:
    arguments = [sys.executable, "-I", "-m", CHILD, json.dumps(request)]
    return _read_answer(await run_process(arguments, timeout_seconds=timeout_seconds))


def _read_answer(result: ProcessResult) -> Answer:
    if -result.returncode in FATAL_SIGNALS:
        raise UndecodableMedia("The file takes too long or breaks its decoder.")
    if result.returncode != 0:
        last_line = result.stderr.strip().rpartition("\n")[2]
        raise MediaError(f"The file could not be looked at: {last_line or result.returncode}.")
    reply = json.loads(result.stdout)
    if reply.get("disk_full"):
        raise DiskFull("There is no room left on the disk for the decoded file.")
    if "refused" in reply:
        raise UndecodableMedia(str(reply["refused"]))
    return dict(reply["result"])


def _whole(value: float | str | None) -> int | None:
    return None if value is None else int(value)


def _number(value: float | str | None) -> float | None:
    return None if value is None else float(value)
