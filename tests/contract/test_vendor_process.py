"""The local server as a process of its own: its books outlive the processes that it serves."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from tests.fake_gcs import BUCKET, client_for, running_fake_gcs
from tests.kit.vendors.clients import plain_http
from tests.kit.vendors.documents import Json

ROOT = Path(__file__).parents[2]
QUEUE = "/host/queue.fal.run/fal-ai/kling-video/v3/pro/image-to-video"
VEO = "/v1beta1/projects/p/locations/l/publishers/google/models/veo-3.1-fast-generate-001"
STOP_SECONDS_MAX = 20


@contextmanager
def _running(*arguments: str) -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.kit.vendors", *arguments],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stdout is not None
    with process.stdout:
        yield process.stdout.readline().strip()
        process.send_signal(signal.SIGTERM)
        assert process.wait(STOP_SECONDS_MAX) == 0


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with _running() as running:
        yield running


def _post(url: str, body: object) -> httpx2.Response:
    with plain_http("") as http:
        return http.post(url, json=body)


def _books(url: str) -> Json:
    with plain_http(url) as http:
        books = http.get("/_vendor/books").json()
    assert isinstance(books, dict)
    return books


def test_a_script_and_orders_over_http_direct_it_and_its_books_are_read(tmp_path: Path) -> None:
    script = tmp_path / "script.json"
    script.write_text(
        json.dumps(
            {
                "faults": [{"call": "fal.submit", "fault": "busy", "retry_after_seconds": 3}],
                "latencies": {"polls": 0},
                "answers": [{"matching": "plan", "answer": {"shots": [1, 2]}}],
            }
        )
    )
    with _running("--script", str(script)) as url:
        assert _post(url + QUEUE, {"prompt": "x"}).headers["retry-after"] == "3"
        fault = {"call": "fal.submit", "fault": "unavailable_after", "status": 502}
        _post(f"{url}/_vendor/faults", fault).raise_for_status()
        assert _post(url + QUEUE, {"prompt": "x"}).status_code == 502
        assert _post(url + QUEUE, {"prompt": "x"}).status_code == 200
        asked = {"contents": [{"role": "user", "parts": [{"text": "plan it"}]}]}
        said = _post(f"{url}/v1/models/gemini-3.5-flash:generateContent", asked).json()
        assert said["candidates"][0]["content"]["parts"][0]["text"] == '{"shots": [1, 2]}'
        books = _books(url)
        with plain_http(url) as http:
            happened = http.get("/_vendor/faults").json()
    jobs = books["jobs"]
    assert isinstance(jobs, list)
    assert [(job["call"], job["billed"], job["delivered"]) for job in jobs] == [
        ("fal.submit", True, False),
        ("fal.submit", True, False),
        ("google.text", True, True),
    ]
    assert [one["fault"] for one in happened] == ["busy", "unavailable_after"]


def test_a_plan_of_random_faults_is_set_and_cleared_over_http(url: str) -> None:
    plan = {"seed": 1, "rates": {"fal.submit": {"busy": 1.0}}}
    _post(f"{url}/_vendor/plan", plan).raise_for_status()
    assert _post(url + QUEUE, {}).status_code == 429
    _post(f"{url}/_vendor/clear", {}).raise_for_status()
    assert _post(url + QUEUE, {}).status_code == 200


def test_an_order_that_makes_no_sense_is_refused(url: str) -> None:
    orders: list[Json] = [
        {"call": "fal.nap", "fault": "busy"},
        {"call": "fal.submit", "fault": "still_running"},
        {},
    ]
    codes = [_post(f"{url}/_vendor/faults", order).status_code for order in orders]
    assert codes == [400, 400, 400]


def test_outputs_to_a_bucket_are_written_to_the_emulator(tmp_path: Path) -> None:
    with running_fake_gcs(tmp_path) as endpoint, _running("--gcs-endpoint", endpoint) as url:
        order = {
            "instances": [{"prompt": "x"}],
            "parameters": {"durationSeconds": 4, "storageUri": f"gs://{BUCKET}/attempts/a 1/"},
        }
        name = _post(f"{url}{VEO}:predictLongRunning", order).json()["name"]
        for _ in range(2):
            poll = _post(f"{url}{VEO}:fetchPredictOperation", {"operationName": name}).json()
        (video,) = poll["response"]["videos"]
        client = client_for(endpoint)
        (blob,) = client.list_blobs(BUCKET, prefix="attempts/a 1/")
        assert video["gcsUri"] == f"gs://{BUCKET}/{blob.name}"
        assert blob.download_as_bytes()[4:8] == b"ftyp"
        client.close()


def test_a_port_that_is_taken_is_an_error_and_not_a_hang(url: str) -> None:
    second = subprocess.run(
        [sys.executable, "-m", "tests.kit.vendors", "--port", url.rpartition(":")[2]],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
        timeout=STOP_SECONDS_MAX,
    )
    assert second.returncode != 0
    assert "address already in use" in second.stderr
