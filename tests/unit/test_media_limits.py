"""The process that decodes a stranger's file cannot take more than its share."""

import signal
import sys

import pytest

from studio.media.process import run_process

LIMITED = "from studio.media.inspect_child import limit_this_process; limit_this_process(1);"

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="limits differ elsewhere")


async def limited(statement: str) -> tuple[int, str]:
    command = [sys.executable, "-I", "-c", f"{LIMITED}\n{statement}"]
    result = await run_process(command, timeout_seconds=60.0)
    return result.returncode, result.stderr


async def test_endless_work_is_ended() -> None:
    code, _ = await limited("while True: pass")

    assert code == -signal.SIGXCPU


@linux_only
async def test_memory_has_an_end() -> None:
    code, stderr = await limited("bytearray(2 * 1024**3)")

    assert code == 1
    assert "MemoryError" in stderr


@linux_only
async def test_the_memory_of_any_program_can_be_bounded() -> None:
    greedy = [sys.executable, "-I", "-c", "bytearray(1024**3)"]
    bounded = await run_process(greedy, timeout_seconds=60.0, memory_bytes_max=512 * 1024**2)
    assert bounded.returncode == 1
    assert "MemoryError" in bounded.stderr
    assert (await run_process(greedy, timeout_seconds=60.0)).returncode == 0


async def test_open_files_have_an_end() -> None:
    code, stderr = await limited("files = [open(__import__('os').devnull) for _ in range(100)]")

    assert code == 1
    assert "Too many open files" in stderr


async def test_no_variable_of_ours_reaches_a_decoder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FVS_SECRET", "hidden")
    result = await run_process(
        [sys.executable, "-I", "-c", "import os; print(sorted(os.environ))"], timeout_seconds=60.0
    )

    assert b"FVS_SECRET" not in result.stdout
    assert b"LC_ALL" in result.stdout


async def test_a_program_that_is_missing_ends_with_its_reason() -> None:
    result = await run_process(["/nowhere/program"], timeout_seconds=60.0)

    assert result.returncode != 0
    assert "No such file" in result.stderr


async def test_lines_are_heard_as_they_come() -> None:
    heard: list[str] = []
    command = [sys.executable, "-I", "-c", "print('one'); print('two')"]
    await run_process(command, timeout_seconds=60.0, on_line=heard.append)

    assert heard == ["one", "two"]
