"""Processes are started again within the promised time and never outlive their parent."""

import os
import sys
from pathlib import Path

import pytest

from runtime.dev import WATCH_SECONDS
from runtime.dev_files import StackError, open_folder, write_private
from runtime.ports import free_port, is_listening, is_port_free
from runtime.processes import (
    LOG_BYTES_MAX,
    RESTART_PAUSES_SECONDS,
    ProcessSpec,
    Supervisor,
    last_log_line,
    start_process,
)

RESTART_SECONDS_PROMISED = 2.0


def spec(tmp_path: Path, script: str, name: str = "one") -> ProcessSpec:
    return ProcessSpec(
        name, (sys.executable, "-c", script), dict(os.environ), tmp_path / f"{name}.log"
    )


def test_the_longest_pause_is_below_what_is_promised() -> None:
    assert max(RESTART_PAUSES_SECONDS) + WATCH_SECONDS < RESTART_SECONDS_PROMISED


def test_a_dead_process_is_started_again_and_told(tmp_path: Path) -> None:
    said: list[str] = []
    seen: list[int] = []
    supervisor = Supervisor(lambda pids: seen.append(pids["one"]), said.append)
    child = supervisor.start(spec(tmp_path, "import signal; signal.pause()"))
    child.process.kill()
    child.process.wait()
    supervisor.look()
    try:
        assert supervisor.child("one").is_running()
        assert len(set(seen)) == 2
        assert said == ["one ended (Killed); it is started again."]
    finally:
        supervisor.stop()
    assert supervisor.pids() == {}


def test_a_process_that_ignores_the_request_to_stop_is_killed(tmp_path: Path) -> None:
    script = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nsignal.pause()"
    child = start_process(spec(tmp_path, script))
    child.signal_stop()
    child.finish(0.0)
    assert not child.is_running()


def test_what_a_dead_process_had_started_goes_with_it(tmp_path: Path) -> None:
    read_end, write_end = os.pipe()
    script = (
        "import os, subprocess, sys\n"
        "subprocess.Popen([sys.executable, '-c', 'import signal; signal.pause()'],"
        f" pass_fds=[{write_end}])\n"
    )
    os.set_inheritable(write_end, True)
    environment = dict(os.environ)
    command = ("/bin/sh", "-c", f'exec {sys.executable} -c "$0"', script)
    child = start_process(ProcessSpec("parent", command, environment, tmp_path / "log"))
    os.close(write_end)
    child.finish(60.0)
    assert os.read(read_end, 1) == b""
    os.close(read_end)


def test_a_log_that_grew_too_large_is_set_aside_once(tmp_path: Path) -> None:
    log = tmp_path / "one.log"
    with log.open("wb") as file:
        file.truncate(LOG_BYTES_MAX + 1)
    child = start_process(spec(tmp_path, "print('fresh')"))
    child.finish(60.0)
    assert last_log_line(log) == "fresh"
    assert (tmp_path / "one.log.1").stat().st_size == LOG_BYTES_MAX + 1


def test_the_last_line_of_a_missing_or_empty_log_is_empty(tmp_path: Path) -> None:
    assert last_log_line(tmp_path / "absent") == ""
    (tmp_path / "log").write_text("\n\n")
    assert last_log_line(tmp_path / "log") == ""


def test_a_full_disk_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(StackError, match=r"^Only \d+ MiB are free on the disk of "):
        open_folder(tmp_path, free_bytes_min=2**62)


def test_a_private_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    file = tmp_path / "note.json"
    write_private(file, {"a": 1})
    with pytest.raises(TypeError):
        write_private(file, {"a": object()})
    assert file.read_text() == '{\n  "a": 1\n}\n'
    with pytest.raises(StackError, match="cannot be written"):
        write_private(tmp_path / "absent" / "note.json", {})


def test_a_free_port_is_free_and_nobody_listens_there() -> None:
    port = free_port()
    assert is_port_free("127.0.0.1", port)
    assert not is_listening("127.0.0.1", port)
