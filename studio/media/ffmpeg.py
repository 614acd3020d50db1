"""Call ffmpeg: arguments as a list, one thread unless asked, a time limit, errors of our own."""

import os
from collections.abc import AsyncIterable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from errno import EDQUOT, ENOSPC
from functools import cache
from pathlib import Path
from typing import Final

import imageio_ffmpeg

from studio.media.errors import DiskFull, MediaError, MediaTimeout
from studio.media.process import run_process

__all__ = [
    "DiskFull",
    "MediaError",
    "MediaTimeout",
    "disk_errors",
    "file_url",
    "partial_file",
    "run_ffmpeg",
]

GLOBAL_ARGUMENTS: Final = ("-nostdin", "-hide_banner", "-y", "-loglevel", "level+info")
PROGRESS_ARGUMENTS: Final = ("-nostats", "-progress", "pipe:1", "-stats_period", "1")

SAFE_INPUT: Final = ("-protocol_whitelist", "file,pipe")
"""Goes before `-i`: all protocols are allowed by default, so a file could name an address."""

DISK_FULL_PHRASES: Final = (os.strerror(ENOSPC), os.strerror(EDQUOT))

ERROR_LINES_MAX: Final = 6
ERROR_MARKS: Final = ("[error]", "[fatal]", "[panic]")


@cache
def ffmpeg_binary() -> str:
    """The path of the ffmpeg that the `imageio-ffmpeg` wheel brings."""
    return str(imageio_ffmpeg.get_ffmpeg_exe())


async def run_ffmpeg(
    args: Sequence[str],
    *,
    timeout_seconds: float,
    threads: int = 1,
    stdin: AsyncIterable[bytes] | None = None,
    on_seconds: Callable[[float], None] | None = None,
    memory_bytes_max: int = 0,
) -> str:
    """Run ffmpeg with these arguments and return the end of what it printed on stderr.

    `args` are inputs, options and, last, exactly one output; `threads` goes to every decoder, the
    filters and the encoder. `stdin` feeds `pipe:0`. `on_seconds` hears about once a second how
    many seconds of output are done. `memory_bytes_max` is for files of others. On cancellation
    ffmpeg is killed before this returns.
    Raises MediaTimeout, DiskFull, and MediaError with ffmpeg's last error lines.
    """
    arguments = [ffmpeg_binary(), *GLOBAL_ARGUMENTS]
    if on_seconds is not None:
        arguments += PROGRESS_ARGUMENTS
    arguments += _with_threads(args, threads)
    result = await run_process(
        arguments,
        timeout_seconds=timeout_seconds,
        stdin=stdin,
        on_line=None if on_seconds is None else _seconds_listener(on_seconds),
        memory_bytes_max=memory_bytes_max,
    )
    if result.returncode == 0:
        return result.stderr
    if any(phrase in result.stderr for phrase in DISK_FULL_PHRASES):
        raise DiskFull("There is no room left on the disk for the media file.")
    raise MediaError(f"ffmpeg ended with {result.returncode}: {_last_errors(result.stderr)}")


def file_url(path: Path) -> str:
    """A path as a `file:` URL: no file name can be taken for an option or a protocol."""
    return f"file:{path.absolute()}"


@contextmanager
def disk_errors() -> Iterator[None]:
    """Turn our own writes' lack of room into DiskFull."""
    try:
        yield
    except OSError as error:
        if error.errno in (ENOSPC, EDQUOT):
            raise DiskFull("There is no room left on the disk for the media file.") from error
        raise


@contextmanager
def partial_file(destination: Path) -> Iterator[Path]:
    """A name beside `destination` that becomes it on success and is deleted otherwise.

    Nobody ever sees half a file under the final name.
    """
    partial = destination.with_name(f"{destination.stem}.partial{destination.suffix}")
    try:
        with disk_errors():
            yield partial
            partial.replace(destination)
    finally:
        with suppress(FileNotFoundError):
            partial.unlink()


def _with_threads(args: Sequence[str], threads: int) -> list[str]:
    count = ["-threads", str(threads)]
    placed = ["-filter_threads", str(threads), "-filter_complex_threads", str(threads)]
    for argument in args[:-1]:
        placed += [*count, argument] if argument == "-i" else [argument]
    return [*placed, *count, args[-1]]


def _seconds_listener(on_seconds: Callable[[float], None]) -> Callable[[str], None]:
    def listen(line: str) -> None:
        name, _, value = line.partition("=")
        if name == "out_time_us" and value.isdigit():
            on_seconds(int(value) / 1_000_000)

    return listen


def _last_errors(stderr: str) -> str:
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    marked = [line for line in lines if any(mark in line for mark in ERROR_MARKS)]
    return " / ".join((marked or lines)[-ERROR_LINES_MAX:]) or "it said nothing"
