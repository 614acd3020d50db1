"""Run a program without a shell and never leave it behind.

It gets a session of its own, a time limit and an empty environment (no key of ours can leak into a
decoder). When the caller is cancelled, the time is up or anything else goes wrong, the whole group
is killed before the call returns; when this process is killed the kernel kills the program (Linux).
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from studio.media.errors import MediaError, MediaTimeout

STDERR_BYTES_MAX: Final = 64 * 1024
"""What is kept of the end of stderr: room for ffmpeg's summaries, whatever it printed before."""

STDOUT_BYTES_MAX: Final = 8 * 1024 * 1024
"""Far above any JSON answer of ours; a program that prints more is not one of ours."""

READ_BYTES: Final = 64 * 1024

ENVIRONMENT: Final = {"LC_ALL": "C.UTF-8"}

LAUNCHER: Final = Path(__file__).with_name("launch.py")


@dataclass(frozen=True)
class ProcessResult:
    """How a program ended. `returncode` is negative where a signal ended it."""

    returncode: int
    stdout: bytes
    stderr: str


async def run_process(
    arguments: Sequence[str],
    *,
    timeout_seconds: float,
    stdin: AsyncIterable[bytes] | None = None,
    on_line: Callable[[str], None] | None = None,
    memory_bytes_max: int = 0,
) -> ProcessResult:
    """Run a program to its end.

    `on_line` is given each line of stdout as it comes; without it stdout is returned.
    `memory_bytes_max` bounds its address space (Linux); 0 is no bound.
    Raises MediaTimeout, and MediaError where the program cannot be started.
    """
    process = await _start(
        arguments, with_stdin=stdin is not None, memory_bytes_max=memory_bytes_max
    )
    try:
        async with asyncio.timeout(timeout_seconds):
            return await _converse(process, stdin, on_line)
    except TimeoutError as error:
        raise MediaTimeout(
            f"{Path(arguments[0]).name} did not finish within {timeout_seconds:g} seconds."
        ) from error
    finally:
        await _end(process)


async def _start(
    arguments: Sequence[str], *, with_stdin: bool, memory_bytes_max: int
) -> asyncio.subprocess.Process:
    try:
        return await asyncio.create_subprocess_exec(
            *_launched(arguments, memory_bytes_max),
            stdin=asyncio.subprocess.PIPE if with_stdin else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
            env=ENVIRONMENT,
        )
    except OSError as error:
        raise MediaError(f"{Path(arguments[0]).name} could not be started: {error}.") from error


def _launched(arguments: Sequence[str], memory_bytes_max: int) -> list[str]:
    if sys.platform != "linux":
        return list(arguments)
    launched = [sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid())]
    return [*launched, str(memory_bytes_max), *arguments]


async def _converse(
    process: asyncio.subprocess.Process,
    stdin: AsyncIterable[bytes] | None,
    on_line: Callable[[str], None] | None,
) -> ProcessResult:
    try:
        async with asyncio.TaskGroup() as group:
            stderr = group.create_task(_tail(process.stderr))
            stdout = group.create_task(_lines(process.stdout, on_line))
            if stdin is not None:
                group.create_task(_feed(process, stdin))
            returncode = group.create_task(process.wait())
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return ProcessResult(returncode.result(), stdout.result(), stderr.result())


async def _tail(stream: asyncio.StreamReader | None) -> str:
    kept = b""
    while stream is not None and (chunk := await stream.read(READ_BYTES)):
        kept = (kept + chunk)[-STDERR_BYTES_MAX:]
    return kept.decode(errors="replace")


async def _lines(
    stream: asyncio.StreamReader | None, on_line: Callable[[str], None] | None
) -> bytes:
    kept = b""
    while stream is not None and (chunk := await stream.read(READ_BYTES)):
        kept += chunk
        if on_line is not None:
            *lines, kept = kept.split(b"\n")
            for line in lines:
                on_line(line.decode(errors="replace"))
        if len(kept) > STDOUT_BYTES_MAX:
            raise MediaError("A media program printed more than it may.")
    return kept


async def _feed(process: asyncio.subprocess.Process, chunks: AsyncIterable[bytes]) -> None:
    writer = process.stdin
    if writer is None:
        return
    try:
        async for chunk in chunks:
            writer.write(chunk)
            await writer.drain()
    except (BrokenPipeError, ConnectionResetError):
        pass  # the program ended first; its exit code and stderr say why
    finally:
        writer.close()
        with suppress(BrokenPipeError, ConnectionResetError):
            await writer.wait_closed()
        if isinstance(chunks, AsyncGenerator):
            await chunks.aclose()


async def _end(process: asyncio.subprocess.Process) -> None:
    """Kill what is left of the group and reap it, also while this task is being cancelled."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    while process.returncode is None:
        with suppress(asyncio.CancelledError):
            await process.wait()
