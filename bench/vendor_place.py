"""The vendors' local server as a process whose books outlive the workers that it serves."""

import contextlib
import json
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx2
from pydantic import JsonValue

from bench.errors import MeasurementFailed
from bench.place import Place, running
from bench.service import wait_until
from bench.vendor_faults import LATENCIES, RATES, answers
from runtime.ports import free_port, is_listening
from runtime.processes import Child

HOST: Final = "127.0.0.1"
BUCKET: Final = "bench-clips"
INSTALLER: Final = Path(__file__).parents[1] / "scripts" / "install-fake-gcs"
INSTALL_SECONDS_MAX: Final = 900
ANSWER_SECONDS_MAX: Final = 60.0
LOST_AFTER_SECONDS: Final = 8.0
"""Above what an order is on its way here (milliseconds), a worker's heartbeat (2 s), the lag of
the local list and the time that a clip takes to film; the real providers' are minutes."""
KEY: Final = "bench-key:bench-secret"


@dataclass(frozen=True)
class Vendors:
    process: Child
    url: str
    gcs_endpoint: str | None

    @property
    def settings(self) -> dict[str, str]:
        """What points a worker's adapters here."""
        lost_after = dict.fromkeys(("fal", "google-cloud", "kling"), LOST_AFTER_SECONDS)
        settings = {
            "FVS_GOOGLE_API_KEY": KEY,
            "FVS_GOOGLE_BASE_URL": self.url,
            "FVS_FAL_KEY": KEY,
            "FVS_FAL_BASE_URL": self.url,
            "FVS_KLING_API_KEY": KEY,
            "FVS_KLING_BASE_URL": self.url,
            "FVS_LOST_AFTER_SECONDS": json.dumps(lost_after),
        }
        if self.gcs_endpoint:
            settings |= {
                "FVS_GOOGLE_PROJECT": "bench",
                "FVS_GOOGLE_LOCATION": "us-central1",
                "FVS_GOOGLE_CLOUD_BASE_URL": self.url,
                "FVS_GOOGLE_OUTPUT_URI": f"gs://{BUCKET}/provider-outputs",
                "FVS_GCS_ENDPOINT": self.gcs_endpoint,
            }
        return settings

    def read(self, what: str) -> JsonValue:
        """`books` or `faults`, as the server's control tells them."""
        with httpx2.Client(timeout=ANSWER_SECONDS_MAX, trust_env=False) as client:
            answer: JsonValue = client.get(f"{self.url}/_vendor/{what}").json()
        return answer


@contextlib.contextmanager
def a_vendor(place: Place, name: str, *, seed: int, gcs: str | None) -> Iterator[Vendors]:
    """Vendors with faults drawn from the seed, and with empty books."""
    port = free_port()
    script = place.root / f"{name}.json"
    plan: dict[str, object] = {"seed": seed, "rates": RATES}
    script.write_text(json.dumps({"plan": plan, "latencies": LATENCIES, "answers": answers()}))
    to_bucket = ("--gcs-endpoint", gcs) if gcs else ()
    spec = place.python(
        name,
        *("-m", "tests.kit.vendors", "--port", str(port), "--script", str(script), *to_bucket),
        environment=place.environment(""),
    )
    with running(spec) as process:
        wait_until(lambda: is_listening(HOST, port), process)
        yield Vendors(process, f"http://{HOST}:{port}", gcs)


@contextlib.contextmanager
def a_bucket(place: Place) -> Iterator[str | None]:
    """A Google Cloud Storage emulator's address; None where there is no Go to build it with."""
    program = _emulator()
    if program is None:
        yield None
        return
    port = free_port()
    address = f"http://{HOST}:{port}"
    spec = place.command(
        "gcs",
        *(program, "-scheme", "http", "-host", HOST, "-port", str(port), "-backend", "memory"),
        *("-public-host", f"{HOST}:{port}", "-external-url", address),
    )
    with running(spec) as process:
        wait_until(lambda: is_listening(HOST, port), process)
        _make_bucket(address)
        yield address


def _make_bucket(address: str) -> None:
    with httpx2.Client(timeout=ANSWER_SECONDS_MAX, trust_env=False) as client:
        made = client.post(f"{address}/storage/v1/b?project=bench", json={"name": BUCKET})
    if not made.is_success:
        raise MeasurementFailed(f"The bucket could not be made: {made.text}")


def _emulator() -> str | None:
    installed = subprocess.run(
        [str(INSTALLER)], capture_output=True, text=True, timeout=INSTALL_SECONDS_MAX, check=False
    )
    return installed.stdout.strip() if installed.returncode == 0 else None


def jobs_of(books: JsonValue) -> list[Mapping[str, JsonValue]]:
    """The jobs in the books, as the vendors' `Job`."""
    listed = books.get("jobs") if isinstance(books, dict) else None
    return [job for job in listed if isinstance(job, dict)] if isinstance(listed, list) else []
