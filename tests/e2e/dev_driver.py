"""Starts a development stack in a process of its own and waits on what it writes."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
from pydantic import BaseModel

from runtime.dev_files import DevNote, Pids, StackFolder
from runtime.ports import free_port

PATIENCE_SECONDS = 120.0
"""A limit for a machine that is busy, not a measure."""
Command = Callable[[Path, "Ports"], list[str]]
Variables = Mapping[str, str]
NONE: Variables = {}


@dataclass(frozen=True)
class Ports:
    gateway: int
    temporal: int
    ui: int
    stripe: int


def standin(directory: Path, ports: Ports) -> list[str]:
    """The supervisor with processes that only pretend, for tests of the supervisor."""
    script = str(Path(__file__).with_name("dev_standin.py"))
    numbers = (ports.gateway, ports.temporal, ports.ui, ports.stripe)
    return [sys.executable, script, str(directory), *map(str, numbers)]


def speaking_standin(directory: Path, ports: Ports) -> list[str]:
    """Likewise, which tells people where everything is."""
    return [*standin(directory, ports), "--speak"]


def fvs_dev(directory: Path, ports: Ports) -> list[str]:
    """The real command."""
    command = [sys.executable, "-m", "runtime.cli", "dev", "--json", "--directory", str(directory)]
    command += ["--gateway-port", str(ports.gateway), "--ui-port", str(ports.ui)]
    command += ["--temporal-port", str(ports.temporal), "--stripe-port", str(ports.stripe)]
    return command


def free_ports() -> Ports:
    return Ports(free_port(), free_port(), free_port(), free_port())


@dataclass(frozen=True)
class RunningStack:
    process: subprocess.Popen[str]
    folder: StackFolder

    @property
    def pids(self) -> Pids:
        return self.note.pids

    @property
    def note(self) -> DevNote:
        note = self.folder.read_note()
        assert note is not None
        return note

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE_SECONDS)


class Told(BaseModel):
    arguments: list[str]
    variables: dict[str, str]


def told(url: str) -> Told:
    """What a process that only pretends was started with."""
    return Told.model_validate_json(httpx2.get(f"{url}/health", trust_env=False).content)


def until(condition: Callable[[], bool]) -> None:
    """Return when it holds; fail when it never does."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        # Between two looks at another process: nothing tells us of its change.
        threading.Event().wait(0.05)


def is_alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def launch(
    directory: Path, ports: Ports, command: Command = standin, variables: Variables = NONE
) -> subprocess.Popen[str]:
    """Start it in this environment without settings of the product's, but for `variables`."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if name == "FVS_CACHE_DIR" or not name.startswith(("FVS_", "TEMPORAL_", "STRIPE_"))
    }
    return subprocess.Popen(
        command(directory, ports),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**environment, "TEMPORAL_CONFIG_FILE": os.devnull, **variables},
        cwd=Path(__file__).parents[2],
    )


@contextmanager
def running_stack(
    directory: Path, ports: Ports, command: Command = standin, variables: Variables = NONE
) -> Iterator[RunningStack]:
    """A stack that has said where everything is; it is stopped, or killed, at the end."""
    process = launch(directory, ports, command, variables)
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        if not line:
            _, errors = process.communicate()
            raise AssertionError(f"the stack ended with {process.returncode}: {errors}")
        DevNote.model_validate_json(line)
        yield RunningStack(process, StackFolder(directory))
    finally:
        if process.poll() is None:
            process.terminate()
        try:
            process.communicate(timeout=PATIENCE_SECONDS)
        finally:
            process.kill()
