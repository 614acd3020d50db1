"""What the Temporal SDK's native part tells: its logs, and a worker's metrics for Prometheus."""

import logging
from typing import ClassVar, Final

from temporalio.runtime import (
    LogForwardingConfig,
    LoggingConfig,
    PrometheusConfig,
    Runtime,
    TelemetryConfig,
    TelemetryFilter,
)

from runtime.settings import Settings
from studio.contracts.errors import StudioError

CORE_LOGGER: Final = "temporalio.core"

MINUTE: Final = 60.0
STAGE_BUCKETS_SECONDS: Final = (
    *(0.5, 1.0, 2.5, 5.0, 10.0, 30.0),
    *(minutes * MINUTE for minutes in (1, 2, 5, 10, 20, 30, 60, 120)),
)
"""From a local stand-in's stages to a provider's slow hour."""

HISTOGRAM_BUCKETS: Final = {
    "fvs_stage_duration": STAGE_BUCKETS_SECONDS,
    "fvs_render_duration": STAGE_BUCKETS_SECONDS,
}


class MetricsUnavailable(StudioError):
    """The port that metrics should be served on cannot be had."""

    code: ClassVar[str] = "metrics_unavailable"

    def __init__(self, variable: str, address: str) -> None:
        super().__init__(
            f"Metrics cannot be served on {address}: the port is taken or the address is not this "
            f"machine's. Change {variable} or FVS_METRICS_HOST."
        )


def sdk_runtime() -> Runtime:
    """A runtime whose native part logs the way we do, and measures nothing."""
    return Runtime(telemetry=TelemetryConfig(logging=_native_logs()))


def worker_runtime(settings: Settings) -> Runtime:
    """A runtime that serves `/metrics` where a port is set: the SDK's measures and ours.

    Make one a process: each serves what was measured through the clients that were made with it.
    Raises MetricsUnavailable.
    """
    if settings.worker_metrics_port is None:
        return sdk_runtime()
    address = f"{settings.metrics_host}:{settings.worker_metrics_port}"
    prometheus = PrometheusConfig(
        bind_address=address,
        counters_total_suffix=True,
        unit_suffix=True,
        durations_as_seconds=True,
        histogram_bucket_overrides=HISTOGRAM_BUCKETS,
    )
    try:
        return Runtime(
            telemetry=TelemetryConfig(
                logging=_native_logs(), metrics=prometheus, attach_service_name=False
            )
        )
    except ValueError as error:
        raise MetricsUnavailable("FVS_WORKER_METRICS_PORT", address) from error


def _native_logs() -> LoggingConfig:
    """Through our own logs, so that they are JSON and redacted like everything else."""
    return LoggingConfig(
        filter=TelemetryFilter(core_level="WARN", other_level="ERROR"),
        forwarding=LogForwardingConfig(
            logger=logging.getLogger(CORE_LOGGER),
            append_target_to_name=False,
            prepend_target_on_message=False,
            append_log_fields_to_message=False,
        ),
    )
