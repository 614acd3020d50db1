"""A real Google Cloud Storage emulator for the tests: a program of its own on a free port."""

import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.auth.credentials import AnonymousCredentials
from google.auth.crypt import RSASigner
from google.cloud import storage
from google.oauth2 import service_account

BUCKET = "fvs-test"
INSTALLER = Path(__file__).parents[1] / "scripts" / "install-fake-gcs"
START_ATTEMPTS = 5
INSTALL_SECONDS_MAX = 900
STOP_SECONDS_MAX = 10


@contextmanager
def running_fake_gcs(folder: Path) -> Iterator[str]:
    """Start the emulator with one bucket, its objects under `folder`; yields its address."""
    program = _program()
    (folder / BUCKET).mkdir(parents=True)
    process, endpoint = _start(program, folder)
    try:
        yield endpoint
    finally:
        process.terminate()
        process.wait(STOP_SECONDS_MAX)


def client_for(endpoint: str) -> storage.Client:
    return storage.Client(
        project="test",
        credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call]  # typed in part
        client_options={"api_endpoint": endpoint},
    )


def _program() -> str:
    """Build it if need be. Without Go the tests are skipped, but never on a build server."""
    installed = subprocess.run(
        [str(INSTALLER)], capture_output=True, text=True, timeout=INSTALL_SECONDS_MAX, check=False
    )
    if installed.returncode == 0:
        return installed.stdout.strip()
    reason = f"GOOGLE CLOUD STORAGE IS NOT TESTED: {installed.stderr.strip()}"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def _start(program: str, folder: Path) -> tuple[subprocess.Popen[str], str]:
    for _ in range(START_ATTEMPTS):
        port = _free_port()
        endpoint = f"http://127.0.0.1:{port}"
        process = subprocess.Popen(
            [
                program,
                *("-scheme", "http", "-host", "127.0.0.1", "-port", str(port)),
                *("-backend", "filesystem", "-filesystem-root", str(folder)),
                *("-public-host", f"127.0.0.1:{port}", "-external-url", endpoint),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        if _has_started(process):
            return process, endpoint
        process.wait(STOP_SECONDS_MAX)  # another program took the port in between
    pytest.fail("fake-gcs-server did not start")


def _has_started(process: subprocess.Popen[str]) -> bool:
    """Read the log until it says so, then let a thread empty it so that the program never waits."""
    log = process.stderr
    assert log is not None
    for line in log:
        if "server started" in line:
            threading.Thread(target=_drain, args=(process,), daemon=True).start()
            return True
    log.close()
    return False


def _drain(process: subprocess.Popen[str]) -> None:
    assert process.stderr is not None
    with process.stderr as log:
        for _ in log:
            pass


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(frozen=True)
class ServiceAccount:
    """A made-up account with a key of its own: `credentials` sign, `public_key` checks."""

    credentials: service_account.Credentials
    public_key: rsa.RSAPublicKey


def make_service_account(email: str) -> ServiceAccount:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    credentials = service_account.Credentials(  # type: ignore[no-untyped-call]  # typed in part
        signer=RSASigner.from_string(pem.decode()),  # type: ignore[no-untyped-call]  # likewise
        service_account_email=email,
        token_uri="https://oauth2.invalid/token",
    )
    return ServiceAccount(credentials, key.public_key())
