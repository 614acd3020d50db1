"""Metrics of the Temporal SDK and traces, where the settings ask for them."""

from temporalio.runtime import PrometheusConfig, Runtime, TelemetryConfig

from runtime.settings import Settings


def worker_runtime(settings: Settings) -> Runtime | None:
    """A runtime that serves the SDK's and the activities' metrics for Prometheus, or None."""
    if settings.worker_metrics_port is None:
        return None
    address = f"0.0.0.0:{settings.worker_metrics_port}"
    return Runtime(telemetry=TelemetryConfig(metrics=PrometheusConfig(bind_address=address)))
