"""The measures that activities take, on the SDK's own meter, and the page they are served on."""

import socket
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from temporalio.runtime import BufferedMetricUpdate, MetricBuffer, Runtime, TelemetryConfig
from temporalio.testing import ActivityEnvironment

from activities import measures
from runtime.settings import Settings
from runtime.telemetry import MetricsUnavailable, worker_runtime

BUFFERED_MAX = 10_000
SDK_LABELS = {"service_name", "namespace", "task_queue", "activity_type"}


@dataclass(frozen=True)
class Meter:
    buffer: MetricBuffer
    environment: ActivityEnvironment

    def taken(self, measure: Callable[[], None]) -> dict[tuple[str, ...], float]:
        """What the measure adds: name and label values, to amount."""
        self.environment.run(measure)
        return {
            (update.metric.name, *_our_labels(update)): update.value
            for update in self.buffer.retrieve_updates()
            if update.metric.name.startswith("fvs_")
        }


def _our_labels(update: BufferedMetricUpdate) -> list[str]:
    """In alphabetical order: the SDK keeps them in none."""
    labels = update.attributes.items()
    return sorted(str(value) for label, value in labels if label not in SDK_LABELS)


@pytest.fixture(scope="module")
def meter() -> Meter:
    buffer = MetricBuffer(BUFFERED_MAX)
    runtime = Runtime(telemetry=TelemetryConfig(metrics=buffer))
    environment = ActivityEnvironment()
    environment.metric_meter = runtime.metric_meter
    return Meter(buffer, environment)


@pytest.mark.parametrize(
    ("measure", "expected"),
    [
        (
            lambda: measures.count_attempt("local", "accepted"),
            {("fvs_provider_attempts", "accepted", "local"): 1},
        ),
        (lambda: measures.count_drift(2), {("fvs_ledger_drift_findings",): 2}),
        (lambda: measures.count_drift(0), {("fvs_ledger_drift_findings",): 0}),
        (
            lambda: measures.count_film_misses(["loudness", "true_peak"]),
            {("fvs_film_check_misses", "loudness"): 1, ("fvs_film_check_misses", "true_peak"): 1},
        ),
        (
            lambda: measures.count_sweep(started=1, closed=3),
            {("fvs_sweep_renders", "started"): 1, ("fvs_sweep_renders", "closed"): 3},
        ),
        (lambda: measures.count_released(120), {("fvs_credits_released", "swept"): 120}),
        (lambda: measures.count_failure(None), {("fvs_activity_failures", "other"): 1}),
    ],
)
def test_what_happened_is_counted(
    measure: Callable[[], None], expected: dict[tuple[str, ...], float], meter: Meter
) -> None:
    assert meter.taken(measure) == expected


@pytest.mark.parametrize(
    "text",
    [
        "fvs_live_k3Yk3Yk3Y",
        "proj_api_6df2a599db88daed",
        "https://h/f?X-Goog-Signature=5ae1",
        "a sentence with spaces",
        "word_" * 9,
        "",
    ],
)
def test_a_label_is_plain_words_or_other(text: str) -> None:
    assert measures.word(text) == "other"


@pytest.mark.parametrize("text", ["unexpected", "insufficient_credits", "local", "google-vertex"])
def test_codes_and_providers_stay_as_they_are(text: str) -> None:
    assert measures.word(text) == text


def test_a_port_that_is_taken_is_named_in_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = Settings(worker_metrics_port=taken.getsockname()[1])
        with pytest.raises(MetricsUnavailable, match="FVS_WORKER_METRICS_PORT"):
            worker_runtime(settings)
