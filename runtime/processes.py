"""Child processes that never outlive their parent and are started again when they die."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

STOP_GRACE_SECONDS: Final = 15.0
"""How long a process may take to stop by itself: the worker's own grace is ten seconds."""

RESTART_PAUSES_SECONDS: Final = (0.0, 0.25, 0.5, 1.0, 1.5)
"""Pauses before a process that keeps dying is started again, all below the promised two seconds."""

SETTLED_SECONDS: Final = 10.0
"""A process that ran this long counts as healthy: its next death is followed by no pause."""

LOG_BYTES_MAX: Final = 20 * 1024 * 1024
"""A log that is larger when its process starts is set aside once, so logs stay bounded."""

_PR_SET_PDEATHSIG: Final = 1
"""prctl(2): the signal the kernel sends to this process when its parent's thread dies."""

_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(frozen=True)
class ProcessSpec:
    """A command, its whole environment, and the file that takes its output."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log_file: Path
    directory: Path | None = None


@dataclass
class Child:
    """One process of a spec; a new one each time it is started again."""

    spec: ProcessSpec
    process: subprocess.Popen[bytes]
    started_at: float
    deaths: int = 0

    @property
    def pid(self) -> int:
        return self.process.pid

    def is_running(self) -> bool:
        return self.process.poll() is None

    def signal_stop(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()

    def finish(self, grace_seconds: float) -> None:
        """Wait for the end, then kill, and take along whatever it had started itself."""
        try:
            self.process.wait(grace_seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        kill_group(self.pid)


def start_process(spec: ProcessSpec) -> Child:
    """Start in a session of its own, so that Ctrl-C reaches the parent alone.

    Call from the main thread: on Linux the child is killed when the thread that started it ends.
    Raises OSError when the command cannot be run or the log cannot be written.
    """
    spec.log_file.parent.mkdir(parents=True, exist_ok=True)
    if spec.log_file.exists() and spec.log_file.stat().st_size > LOG_BYTES_MAX:
        spec.log_file.replace(spec.log_file.with_suffix(spec.log_file.suffix + ".1"))
    parent = os.getpid()
    with spec.log_file.open("ab") as log:
        process = subprocess.Popen(
            list(spec.command),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=dict(spec.environment),
            cwd=spec.directory,
            start_new_session=True,
            preexec_fn=lambda: _die_with(parent),  # noqa: PLW1509 - two system calls, no lock taken
        )
    return Child(spec, process, time.monotonic())


def kill_group(pid: int) -> None:
    """Kill what is left of a dead child's session, such as an encoder it had started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def last_log_line(log_file: Path, bytes_max: int = 4096) -> str:
    """The last line that is not empty, for a sentence about why a process ended."""
    try:
        with log_file.open("rb") as log:
            log.seek(0, os.SEEK_END)
            log.seek(max(0, log.tell() - bytes_max))
            lines = log.read().decode("utf-8", "replace").strip().splitlines()
    except OSError:
        return ""
    return lines[-1].strip() if lines else ""


@dataclass
class Supervisor:
    """Keeps processes running, and stops them.

    `on_change` gets the process ids whenever one has changed; `say` gets sentences for people.
    """

    on_change: Callable[[Mapping[str, int]], None]
    say: Callable[[str], None]
    _children: dict[str, Child] = field(default_factory=dict)
    _due: dict[str, float] = field(default_factory=dict)

    def start(self, spec: ProcessSpec) -> Child:
        child = start_process(spec)
        self._children[spec.name] = child
        self.on_change(self.pids())
        return child

    def pids(self) -> dict[str, int]:
        return {name: child.pid for name, child in self._children.items()}

    def child(self, name: str) -> Child:
        return self._children[name]

    def look(self) -> None:
        """Notice deaths and start again what is due. Call several times a second."""
        for name, child in list(self._children.items()):
            if child.is_running():
                continue
            if name not in self._due:
                self._plan_restart(name, child)
            if time.monotonic() >= self._due[name]:
                self._restart(name, child)

    def stop(self, *, last: str = "", grace_seconds: float = STOP_GRACE_SECONDS) -> None:
        """Stop all side by side, but for `last`, on which the others still lean meanwhile."""
        final = [child for name, child in self._children.items() if name == last]
        for group in ([c for c in self._children.values() if c not in final], final):
            for child in group:
                child.signal_stop()
            for child in group:
                child.finish(grace_seconds)
        self._children.clear()

    def _plan_restart(self, name: str, child: Child) -> None:
        kill_group(child.pid)
        now = time.monotonic()
        if now - child.started_at > SETTLED_SECONDS:
            child.deaths = 0
        pause = RESTART_PAUSES_SECONDS[min(child.deaths, len(RESTART_PAUSES_SECONDS) - 1)]
        self._due[name] = now + pause
        self.say(f"{name} ended ({_how(child.process.returncode)}); it is started again.")

    def _restart(self, name: str, child: Child) -> None:
        try:
            successor = start_process(child.spec)
        except OSError as error:
            self._due[name] = time.monotonic() + RESTART_PAUSES_SECONDS[-1]
            self.say(f"{name} could not be started: {error.strerror}.")
            return
        successor.deaths = child.deaths + 1
        del self._due[name]
        self._children[name] = successor
        self.on_change(self.pids())


def _how(return_code: int) -> str:
    if return_code >= 0:
        return f"exit code {return_code}"
    return signal.strsignal(-return_code) or f"signal {-return_code}"


def _die_with(parent: int) -> None:
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died between fork and prctl
            os._exit(1)
