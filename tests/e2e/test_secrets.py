"""Secrets planted wherever one can be put, and looked for wherever anything is kept or sent."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from runtime.temporal_server import RunningTemporal
from tests.kit.client import SHORT_FILM, Agent
from tests.kit.collector import Collector
from tests.kit.leaks import Secrets, kept_of, metrics_of, tell_all
from tests.kit.metrics import Scrape
from tests.kit.stack import Stack
from tests.kit.vendors.faults import Fault
from tests.kit.vendors.server import VendorServer

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]

ECHOED = {
    "name": "A film of errors",
    "screenplay": "Shot 1: A boat. Shot 2: A pier. Shot 3: A lamp. Shot 4: A gull.",
    "shot_count": 4,
    "scene_target_duration_seconds": 12,
    "image_model": "gemini-3-pro-image",
    "music_model": "lyria-3.5",
    "video_model": "kling-v3-pro-image-to-video",
    "style_prompt": "slow strings",
    "stage_voice_briefs_enabled": True,
}
TOKEN = "t0k3n" * 6
SIGNATURE = "5ae1" * 16
SIGNED = f"https://provider.example/f.mp4?X-Goog-Expires=60&X-Goog-Signature={SIGNATURE}"


@pytest.fixture
def traced(
    tmp_path: Path, temporal_server: RunningTemporal, collector: Collector
) -> Iterator[Stack]:
    """A deployment that tells everything it can tell."""
    deployment = Stack(tmp_path / "traced", temporal_server.address)
    tell_all(deployment, collector)
    yield deployment
    deployment.stop()


def plant(stack: Stack) -> None:
    """Requests with secrets in every part that a caller chooses."""
    key = stack.api_key
    for headers in (
        {"X-FVS-Agent-Key": key},
        {"Authorization": f"Bearer {key}"},
        {"Authorization": f"Payment {TOKEN}"},
        {"X-Request-Id": key, "Cookie": f"token={TOKEN}"},
        {"traceparent": TOKEN, "tracestate": f"a={TOKEN}", "baggage": f"a={TOKEN}"},
    ):
        for path in (
            f"/api/agent/renders/proj_api_0?claim_token={TOKEN}",
            f"/files/x?X-FVS-Expires=1&X-FVS-Signature={SIGNATURE}",
            f"/api/agent/renders/{key}",
            f"/nowhere?url={SIGNED}",
        ):
            httpx2.get(f"{stack.base_url}{path}", headers=headers, timeout=10)
    httpx2.post(
        f"{stack.base_url}/api/agent/renders",
        headers=stack.headers,
        files=[
            ("request_json", (None, json.dumps({"name": key, "claim_token": TOKEN}).encode())),
            ("files", (f"{key}.png", b"not a picture")),
        ],
        timeout=10,
    )


def payload(stack: Stack) -> dict[str, object]:
    return {
        **SHORT_FILM,
        "name": f"A film by {stack.api_key}, claim_token={TOKEN}",
        "screenplay": f"Shot 1: A boat. The password is at {SIGNED} for {stack.api_key}.",
        "stage_voice_briefs_enabled": False,
    }


def test_no_secret_gets_into_logs_traces_metrics_or_history(
    traced: Stack, collector: Collector
) -> None:
    traced.start_gateway()
    traced.start_leaky_worker(f"{traced.api_key} claim_token={TOKEN} {SIGNED}")
    plant(traced)
    agent = Agent(traced)
    project_id = agent.submit(dict(payload(traced)))["project_id"]
    resource = agent.wait_until_ended(project_id)
    agent.close()
    assert resource["status"] == "completed", resource
    metrics = metrics_of(traced)
    traced.end("worker")
    traced.end("gateway")

    kept = kept_of(traced, collector, [project_id]) | metrics
    kept.pop("database")  # has the brief as it was written
    secrets = Secrets({traced.api_key: "key", TOKEN: "token", SIGNATURE: "signature"})
    assert secrets.found_in(kept) == []
    check_that_the_places_are_real(kept, collector)


def test_no_key_of_a_provider_comes_back_with_its_errors(
    traced: Stack, collector: Collector
) -> None:
    """The real SDKs, whose server repeats the caller's key in every way at most of the stages."""
    google, fal = "AIza-a-planted-key-0123456789", "planted-id-of-fal:planted-secret-of-fal"
    with VendorServer() as vendors:
        traced.variables |= {
            "FVS_GOOGLE_API_KEY": google,
            "FVS_GOOGLE_BASE_URL": vendors.url,
            "FVS_FAL_KEY": fal,
            "FVS_FAL_BASE_URL": vendors.url,
        }
        for call in ("interactions.create", "google.speech", "fal.submit"):
            vendors.faults.add(call, Fault.KEY_ECHOED)
        vendors.faults.add("google.image", Fault.KEY_ECHOED, skip=1)
        traced.start_gateway()
        traced.start_worker()
        agent = Agent(traced)
        project_id = agent.submit(dict(ECHOED))["project_id"]
        resource = agent.wait_until_ended(project_id, seconds=180)
        agent.close()
        traced.end("worker")
        traced.end("gateway")
        happened = {call for call, fault in vendors.faults.happened if fault is Fault.KEY_ECHOED}
    assert resource["status"] == "completed", resource
    assert happened == {*("interactions.create", "google.speech", "google.image"), "fal.submit"}
    kept = kept_of(traced, collector, [project_id])
    kept["status"] = json.dumps(resource).encode()
    secrets = Secrets(dict.fromkeys((google, fal, *fal.split(":")), "key of a provider"))
    assert secrets.found_in(kept) == []
    assert b"Unexpected request to" in kept["status"]
    assert b"Unexpected request to" in kept["histories"]


def check_that_the_places_are_real(kept: dict[str, bytes], collector: Collector) -> None:
    """The planted texts got there, but for what was secret in them."""
    worker = Scrape(kept["worker metrics"].decode())
    for line in (kept["worker log"] + kept["gateway log"]).splitlines():
        json.loads(line)
    assert b"RuntimeError: connection lost: fvs_live_[redacted]" in kept["worker log"]
    assert b"RuntimeError" not in kept["histories"].replace(b"unexpected RuntimeError", b"")
    assert b"We could not store fvs_live_[redacted]" in kept["histories"]
    assert b"A film by fvs_live_[redacted]" in kept["histories"]
    assert worker.value("fvs_activity_failures_total", {"code": "unexpected"}) == 1
    for state, count in {"accepted": 2, "failed": 1, "filmed": 1}.items():
        labels = {"provider": "local", "state": state}
        assert worker.value("fvs_provider_attempts_total", labels) == count
    services = {span.service for span in collector.spans()}
    assert services == {"fvs-gateway", "fvs-worker"}
    failed = [span for span in collector.named("RunActivity:plan_shots") if span.span.status.code]
    assert len(failed) == 1
