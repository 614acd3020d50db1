"""What processes use, as the kernel counts it (proc(5))."""

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

TICKS_A_SECOND: Final = os.sysconf("SC_CLK_TCK")
KIBIBYTE: Final = 1024
USER_TIME_FIELD: Final = 13
"""Counted from 0 in /proc/<pid>/stat, whose field 1 may itself contain spaces."""


@dataclass(frozen=True)
class CpuMeter:
    """Processor time of some processes since the meter was made, in seconds."""

    pids: tuple[int, ...]
    began: tuple[float, ...]

    @staticmethod
    def of(*pids: int) -> "CpuMeter":
        return CpuMeter(pids, tuple(map(cpu_seconds, pids)))

    def used(self) -> tuple[float, ...]:
        now = map(cpu_seconds, self.pids)
        return tuple(after - before for after, before in zip(now, self.began, strict=True))


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and its threads so far, without its children's."""
    stat = Path(f"/proc/{pid}/stat").read_text()
    fields = stat.rpartition(")")[2].split()
    user, system = fields[USER_TIME_FIELD - 2], fields[USER_TIME_FIELD - 1]
    return (int(user) + int(system)) / TICKS_A_SECOND


def resident_bytes(pid: int) -> int:
    """The memory that a process has in use now."""
    return _status_bytes(pid, "VmRSS")


def peak_resident_bytes(pid: int) -> int:
    """The most that it had in use since it began, or since `reset_peak`."""
    return _status_bytes(pid, "VmHWM")


def reset_peak(pid: int) -> None:
    """Let the peak be the present; the kernel does so on a 5 in clear_refs."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def children_of(pid: int) -> tuple[int, ...]:
    """The processes that a process has started and that still run, theirs included."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += [int(child), *children_of(int(child))]
    return tuple(found)


class PeakWatch:
    """Looks again and again while a block runs, and keeps the largest of what it saw."""

    def __init__(self, look: Callable[[], int], *, every_seconds: float) -> None:
        self.peak = 0
        self._look = look
        self._every_seconds = every_seconds
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.is_set():
            self.peak = max(self.peak, self._look())
            time.sleep(self._every_seconds)


def _status_bytes(pid: int, name: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * KIBIBYTE
    return 0
