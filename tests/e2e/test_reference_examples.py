"""The reference's own examples, unchanged but for base URL and key."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kit.client import Agent
from tests.kit.stack import Stack

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]

EXAMPLES = Path(__file__).parent / "examples"
REFERENCE_BASE = "https://fmv-studio-frontend-t7cat7yhuq-uc.a.run.app/api/agent"
REFERENCE_KEY = "replace-with-your-managed-key"
RUN_SECONDS_MAX = 240


def _adapted(name: str, stack: Stack, folder: Path) -> Path:
    text = (EXAMPLES / name).read_text()
    assert REFERENCE_BASE in text
    adapted = text.replace(REFERENCE_BASE, f"{stack.base_url}/api/agent")
    script = folder / name
    script.write_text(adapted.replace(REFERENCE_KEY, stack.api_key))
    return script


def _run(*command: str | Path) -> str:
    finished = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        check=False,
        timeout=RUN_SECONDS_MAX,
        env={"PATH": os.environ["PATH"]},
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


@pytest.mark.requirement("REND-7", "AUTH-2")
def test_the_python_example_runs_to_a_finished_film(
    stack: Stack, agent: Agent, tmp_path: Path
) -> None:
    stack.start_worker()
    printed = _run(sys.executable, _adapted("reference.py.txt", stack, tmp_path))
    url = re.fullmatch(r"Video ready: (\S+)\n", printed)
    assert url is not None, printed
    assert agent.download(url[1], tmp_path / "film.mp4").stat().st_size > 0


@pytest.mark.requirement("REND-8")
def test_the_javascript_example_runs(stack: Stack, agent: Agent, tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        reason = "Node is not installed: the reference's JavaScript example was NOT run"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    script = _adapted("reference.mjs.txt", stack, tmp_path)
    runnable = script.with_name("reference.mjs")
    runnable.write_text(script.read_text() + "\nconsole.log(status.project_id);\n")
    project_id = _run(node, runnable).strip()
    assert agent.status(project_id)["name"] == "Archive corridor test"
