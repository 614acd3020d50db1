"""Finding a `temporal` binary, or getting one: PATH, our cache, a download, a build with Go."""

import contextlib
import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import ClassVar, Final

from runtime.temporal_config import TemporalConfig
from runtime.temporal_version import check_binary
from studio.contracts.errors import StudioError

Say = Callable[[str], None]

DOWNLOAD_STALL_SECONDS: Final = 20.0
"""Without a network the SDK's download may hang; it is given up when this long nothing arrives."""

PROGRESS_SECONDS: Final = 15.0
"""How often a build says that it is still going on."""

LOOK_SECONDS: Final = 0.2


GO_FOLDER: Final = "/usr/local/go/bin"
"""Where Go's own installer puts it, which is not on everybody's PATH."""


class TemporalNotFound(StudioError):
    """No way led to a Temporal server; the sentence lists what each one said."""

    code: ClassVar[str] = "temporal_not_found"


def cache_directory(environment: Mapping[str, str]) -> Path:
    """`$FVS_CACHE_DIR`, else `fvs` in the user's cache folder (XDG Base Directory)."""
    if own := environment.get("FVS_CACHE_DIR"):
        return Path(own).expanduser().absolute()
    user_cache = environment.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(user_cache).expanduser().absolute() / "fvs"


def find_temporal(
    config: TemporalConfig, say: Say, environment: Mapping[str, str] | None = None
) -> Path:
    """A usable binary, found or fetched; `say` hears why a way failed and what takes long.

    Callers side by side wait for each other, so a download or build happens once.
    Raises TemporalNotFound.
    """
    env = os.environ if environment is None else environment
    required = config.server.version
    failures: list[str] = []

    def failed(way: str, reason: str) -> None:
        failures.append(f"{way}: {reason}")
        say(f"No Temporal server from {way}: {reason}.")

    if on_path := shutil.which("temporal", path=env.get("PATH")):
        unusable = check_binary(Path(on_path), required)
        if unusable is None:
            return Path(on_path)
        failed(on_path, unusable.reason)
    cached = cache_directory(env) / "bin" / "temporal"
    with _locked(cached.with_suffix(".lock")):
        if cached.exists():
            unusable = check_binary(cached, required)
            if unusable is None:
                return cached
            failed(str(cached), unusable.reason)
        for way, fetch in (("the SDK's download", _download), ("a build with Go", _build)):
            reason = fetch(config, cached, env, say)
            unusable = None if reason else check_binary(cached, required)
            if not reason and unusable is None:
                return cached
            failed(way, reason or (unusable.reason if unusable else ""))
    raise TemporalNotFound(
        "No Temporal server could be had. Put the `temporal` command on PATH or set "
        f"TEMPORAL_ADDRESS. What was tried: {'; '.join(failures)}."
    )


@contextlib.contextmanager
def _locked(lock_file: Path) -> Iterator[None]:
    try:
        lock_file.parent.mkdir(parents=True, exist_ok=True)
        handle = lock_file.open("w")
    except OSError as error:
        raise TemporalNotFound(
            f"The cache folder {lock_file.parent} cannot be written: {error.strerror}."
        ) from None
    with handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _download(config: TemporalConfig, target: Path, env: Mapping[str, str], say: Say) -> str | None:
    """Let the SDK fetch the CLI, in a process that can be given up. The reason if it failed."""
    version = config.server.cli_version
    say(f"Fetching Temporal CLI {version} with the SDK's own download.")
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="download-") as folder:
        process = subprocess.Popen(
            [sys.executable, "-m", "runtime.temporal_download", folder, version],
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            stalled = _stalls(process, Path(folder))
        finally:
            process.kill()
            process.wait()
        if stalled:
            return f"nothing arrived for {DOWNLOAD_STALL_SECONDS:.0f} seconds"
        return _take_largest(Path(folder), target)


def _stalls(process: subprocess.Popen[bytes], folder: Path) -> bool:
    """Wait until the process ends, or until for too long nothing grew in its folder."""
    size_bytes, grew_at = -1, time.monotonic()
    while process.poll() is None:
        now_bytes = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
        if now_bytes != size_bytes:
            size_bytes, grew_at = now_bytes, time.monotonic()
        elif time.monotonic() - grew_at > DOWNLOAD_STALL_SECONDS:
            return True
        time.sleep(LOOK_SECONDS)
    return False


def _take_largest(folder: Path, target: Path) -> str | None:
    files = [file for file in folder.rglob("*") if file.is_file()]
    if not files:
        return "it brought no file (is there a network?)"
    _install(max(files, key=lambda file: file.stat().st_size), target)
    return None


def _build(config: TemporalConfig, target: Path, env: Mapping[str, str], say: Say) -> str | None:
    """`go install` into the cache: five minutes on two processors, once."""
    go = shutil.which("go", path=os.pathsep.join((env.get("PATH", ""), GO_FOLDER)))
    if go is None:
        return f"there is no `go` on PATH nor in {GO_FOLDER}"
    module = f"github.com/temporalio/cli/cmd/temporal@v{config.server.cli_version}"
    say(f"Building {module} with Go; about five minutes on two processors, once.")
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="build-") as folder:
        log = Path(folder) / "build.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [go, "install", module],
                env={**env, "GOBIN": folder, "CGO_ENABLED": "0"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            try:
                _report_build(process, say)
            finally:
                process.kill()
                process.wait()
        if process.returncode != 0:
            lines = log.read_text("utf-8", "replace").strip().splitlines() or ["no output"]
            return f"`go install` ended with code {process.returncode} ({lines[-1]})"
        _install(Path(folder) / "temporal", target)
    return None


def _report_build(process: subprocess.Popen[bytes], say: Say) -> None:
    began_at = time.monotonic()
    while True:
        try:
            process.wait(PROGRESS_SECONDS)
        except subprocess.TimeoutExpired:
            say(f"Still building Temporal ({time.monotonic() - began_at:.0f} s).")
        else:
            return


def _install(source: Path, target: Path) -> None:
    source.chmod(0o755)
    source.replace(target)
