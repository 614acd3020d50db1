"""`scripts/install-chromium`: uses a browser that is there, installs one on build servers alone."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "install-chromium"
APT_GET = """#!{python}
import sys
from pathlib import Path
folder = Path(__file__).parent
with (folder / "log").open("a") as log:
    print(*sys.argv[1:], file=log)
if "install" in sys.argv and {works}:
    (folder / "chromium").symlink_to(sys.executable)
"""


@dataclass(frozen=True)
class Machine:
    """A computer that has the commands in `folder` and no others."""

    folder: Path

    def has(self, command: str, script: str) -> None:
        path = self.folder / command
        path.write_text(script)
        path.chmod(0o755)

    def has_apt(self, *, works: bool = True) -> None:
        self.has("apt-get", APT_GET.format(python=sys.executable, works=works))

    def is_used_by(self, user_id: int) -> None:
        self.has("id", f"#!/bin/sh\necho {user_id}\n")

    def run(self, **environment: str) -> tuple[int, str]:
        ran = subprocess.run(
            ["/bin/sh", str(SCRIPT)],
            capture_output=True,
            text=True,
            check=False,
            env={"PATH": str(self.folder), **environment},
        )
        assert (ran.returncode == 0) is (ran.stderr == "")
        return ran.returncode, ran.stdout.strip()

    def installed(self) -> list[str]:
        log = self.folder / "log"
        return log.read_text().splitlines() if log.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_browser_that_is_there_is_used(machine: Machine) -> None:
    machine.has("google-chrome", "#!/bin/sh\n")
    machine.has_apt()
    assert machine.run(CI="true") == (0, str(machine.folder / "google-chrome"))
    machine.has("own", "#!/bin/sh\n")
    named = str(machine.folder / "own")
    assert machine.run(FVS_CHROMIUM=named) == (0, named)
    assert machine.installed() == []


def test_a_build_server_gets_one(machine: Machine) -> None:
    machine.is_used_by(0)
    machine.has_apt()
    assert machine.run(CI="true") == (0, str(machine.folder / "chromium"))
    assert machine.installed() == ["update", "install -y --no-install-recommends chromium"]


@pytest.mark.parametrize(("user_id", "environment"), [(0, {}), (0, {"CI": ""}), (7, {"CI": "1"})])
def test_nobody_elses_machine_is_changed(
    machine: Machine, user_id: int, environment: dict[str, str]
) -> None:
    machine.is_used_by(user_id)
    machine.has_apt()
    assert machine.run(**environment) == (3, "")
    assert machine.installed() == []


def test_what_cannot_be_had_is_no_failure_of_its_own(machine: Machine) -> None:
    machine.is_used_by(0)
    assert machine.run(CI="true") == (3, "")
    machine.has_apt(works=False)
    assert machine.run(CI="true") == (3, "")
