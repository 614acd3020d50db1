"""Packages of others from npm, which a folder of the tests pins and `make tools` gets.

Without Node the tests that need them are skipped, but never on a build server.
"""

import os
import subprocess
from pathlib import Path

import pytest

INSTALLER = Path(__file__).parents[2] / "scripts" / "install-npm"
INSTALL_SECONDS_MAX = 300


def npm_modules(folder: str, missed: str) -> Path:
    """The folder `node_modules` of `tests/{folder}`; gets it if need be.

    `missed` completes the sentence that says what is not tested without them.
    """
    installed = subprocess.run(
        [str(INSTALLER), folder],
        capture_output=True,
        text=True,
        timeout=INSTALL_SECONDS_MAX,
        check=False,
    )
    if installed.returncode == 0:
        return Path(installed.stdout.strip())
    reason = f"{missed}: {installed.stderr.strip()}"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
