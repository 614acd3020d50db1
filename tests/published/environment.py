"""The published client's own environment: it needs an `mcp` that this project must not have."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from runtime.temporal_find import cache_directory

LOCK = Path(__file__).parent / "requirements.lock"
INSTALL_SECONDS_MAX = 300


def published_python() -> Path:
    """The interpreter of that environment, made once and kept in the user's cache."""
    digest = hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]
    folder = cache_directory(os.environ) / f"published-client-{digest}"
    python = folder / "bin" / "python"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / "published-client.lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            _uv("venv", "--quiet", "--python", sys.executable, str(folder))
            _uv("pip", "install", "--quiet", "--python", str(python), "-r", str(LOCK))
            (folder / "complete").touch()
    return python


def _uv(*arguments: str) -> None:
    uv = Path(sys.executable).with_name("uv")
    subprocess.run([str(uv), *arguments], check=True, timeout=INSTALL_SECONDS_MAX)
