"""Which server a `temporal` binary carries, and whether that is new enough."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

VERSION_SECONDS: Final = 20.0
"""`temporal --version` takes 0.1 s; the rest is for a cold disk."""

_REPORT = re.compile(r"\(Server (\d+\.\d+\.\d+)")


@dataclass(frozen=True)
class Unusable:
    """Why a binary cannot be used, in a few words."""

    reason: str


def server_version(binary: Path) -> str | Unusable:
    """The version in a line such as `temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)`."""
    try:
        report = subprocess.run(
            [str(binary), "--version"],
            capture_output=True,
            text=True,
            timeout=VERSION_SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        return Unusable("it does not answer `--version`")
    except (OSError, UnicodeDecodeError) as error:
        return Unusable(f"it cannot be run ({error})")
    found = _REPORT.search(report.stdout)
    return found.group(1) if found else Unusable("it does not say which server it carries")


def check_binary(binary: Path, required: str) -> Unusable | None:
    """None when the binary's server is of the required version or newer within the same major."""
    version = server_version(binary)
    if isinstance(version, Unusable):
        return version
    have, need = _numbers(version), _numbers(required)
    if have[0] == need[0] and have >= need:
        return None
    return Unusable(f"it carries server {version}, and {required} or newer is needed")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
