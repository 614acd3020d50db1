"""`fvs demo` ends with a film or with a sentence, and leaves nothing running."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.e2e.dev_driver import PATIENCE_SECONDS

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]
ROOT = Path(__file__).parents[2]


def start_demo(tmp_path: Path, *arguments: str) -> subprocess.Popen[str]:
    (tmp_path / "tmp").mkdir()
    command: Sequence[str] = (sys.executable, "-m", "runtime.cli", "demo")
    return subprocess.Popen(
        [*command, "--out", str(tmp_path / "out"), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A database and a provider's key that a demo must not touch.
        env={
            **os.environ,
            "TMPDIR": str(tmp_path / "tmp"),
            "FVS_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
            "FVS_FAL_KEY": "not-to-be-used",
        },
        cwd=ROOT,
    )


def processes_under(folder: Path) -> list[str]:
    """Command lines of processes that were told of a folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                environment = (entry / "environ").read_bytes()
            except OSError:
                continue
            if str(folder).encode() in environment:
                found.append((entry / "cmdline").read_text(encoding="utf-8").replace("\0", " "))
    return found


def test_the_demo_saves_a_film_and_tells_what_it_cost(tmp_path: Path) -> None:
    process = start_demo(tmp_path)
    output, errors = process.communicate(timeout=2 * PATIENCE_SECONDS)
    assert process.returncode == 0, errors
    project_id = re.search(r"Render (proj_api_\w+): 486 credits reserved", output)
    assert project_id is not None
    film = tmp_path / "out" / f"{project_id[1]}_final.mp4"
    assert film.read_bytes()[4:8] == b"ftyp"
    assert f"Film:        {film} (" in output
    assert "Credits:     486 of 486 spent" in output
    assert "Temporal UI: http://127.0.0.1:" in output
    for line in ("stage filming", "stage completed", "shot 3 of 3: completed"):
        assert line in output
    assert not list((tmp_path / "tmp").glob("fvs-demo-*"))
    assert processes_under(tmp_path) == []


def test_an_interrupted_demo_says_so_and_stops_what_it_started(tmp_path: Path) -> None:
    process = start_demo(tmp_path)
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("Render "):
            process.send_signal(signal.SIGINT)
            break
    _, errors = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 130
    assert errors.strip().splitlines()[-1] == "Stopped before the film was finished."
    assert processes_under(tmp_path) == []
    assert not (tmp_path / "out").exists()


def test_a_demo_that_cannot_start_ends_with_a_sentence(tmp_path: Path) -> None:
    wrong = tmp_path / "temporal.yaml"
    wrong.write_text("server: 3\n", encoding="utf-8")
    process = start_demo(tmp_path, "--config", str(wrong))
    output, errors = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 1
    assert output == ""
    assert errors.startswith(f"fvs: {wrong} is wrong: ")
    assert "Traceback" not in errors
