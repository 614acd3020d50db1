"""Running the development Temporal server: its command line, readiness and namespace.

Readiness and retention go over the server's HTTP API, so nothing here needs the SDK.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

import httpx2
from pydantic import BaseModel, JsonValue, TypeAdapter, ValidationError

from runtime.ports import free_port, is_listening
from runtime.processes import Child, ProcessSpec, last_log_line, start_process
from runtime.temporal_config import TemporalConfig
from runtime.temporal_find import find_temporal
from studio.contracts.errors import StudioError

ATTEMPTS_MAX: Final = 3
"""A port that was free may be taken a moment later; only a start on free ports is tried again."""

REQUEST_SECONDS: Final = 2.0
LOOK_SECONDS: Final = 0.05
SECONDS_A_DAY: Final = 86_400
STOP_SECONDS: Final = 10.0
"""SIGTERM takes the server 1.3 s; after this it is killed."""

_JSON: TypeAdapter[JsonValue] = TypeAdapter(JsonValue)


class TemporalNotStarted(StudioError):
    """The server ended or did not answer in time; the sentence has its last words."""

    code: ClassVar[str] = "temporal_not_started"


@dataclass(frozen=True)
class TemporalPlace:
    """Where a server listens. No `ui_port` is a server without its web interface."""

    address: str
    port: int
    http_port: int
    ui_port: int | None = None

    @property
    def grpc_address(self) -> str:
        return f"{self.address}:{self.port}"

    @property
    def ui_url(self) -> str | None:
        return None if self.ui_port is None else f"http://{self.address}:{self.ui_port}"


def temporal_spec(
    config: TemporalConfig,
    binary: Path,
    place: TemporalPlace,
    *,
    db_file: Path | None,
    log_file: Path,
) -> ProcessSpec:
    """The process that serves there; without a database file all is lost when it stops."""
    command = [str(binary), "server", "start-dev", "--ip", place.address]
    command += ["--port", str(place.port), "--http-port", str(place.http_port)]
    command += ["--log-format", "json", "--log-level", "warn"]
    command += ["--namespace", config.namespace.name]
    command += ["--headless"] if place.ui_port is None else ["--ui-port", str(place.ui_port)]
    if db_file is not None:
        command += ["--db-filename", str(db_file)]
        for name, value in config.database.pragmas.items():
            command += ["--sqlite-pragma", f"{name}={value}"]
    for name, kind in config.search_attributes.items():
        command += ["--search-attribute", f"{name}={kind}"]
    for name, setting in config.dynamic_config.items():
        command += ["--dynamic-config-value", f"{name}={_JSON.dump_json(setting).decode()}"]
    # Without profiles: the command's own defaults must not be changed by a developer's.
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TEMPORAL_")}
    return ProcessSpec(
        "temporal", command, environment | {"TEMPORAL_CONFIG_FILE": os.devnull}, log_file
    )


def wait_until_ready(
    child: Child,
    config: TemporalConfig,
    place: TemporalPlace,
    *,
    between: Callable[[], None] = lambda: None,
) -> None:
    """Return when the namespace can be used, its retention set. Raises TemporalNotStarted.

    `between` is called between two looks, and may raise to give up.
    """
    deadline = time.monotonic() + config.server.startup_seconds
    url = f"http://{place.address}:{place.http_port}/api/v1/namespaces/{config.namespace.name}"
    with httpx2.Client(timeout=REQUEST_SECONDS, trust_env=False) as client:
        while True:
            if not child.is_running():
                raise TemporalNotStarted(
                    "The Temporal server ended while it was starting: "
                    f"{last_log_line(child.spec.log_file) or 'it said nothing'}"
                )
            if is_listening(place.address, place.port) and _is_set_up(client, url, config):
                return
            if time.monotonic() > deadline:
                raise TemporalNotStarted(
                    "The Temporal server did not answer within "
                    f"{config.server.startup_seconds:.0f} seconds; see {child.spec.log_file}."
                )
            between()
            time.sleep(LOOK_SECONDS)


class _NamespaceConfig(BaseModel):
    customSearchAttributeAliases: dict[str, str] = {}  # noqa: N815 - the server's spelling


class _Namespace(BaseModel):
    config: _NamespaceConfig


def _is_set_up(client: httpx2.Client, url: str, config: TemporalConfig) -> bool:
    """Whether all search attributes are there; if so, the retention is set.

    Not before: the command is then still writing the same record of the namespace.
    """
    ttl = f"{config.namespace.retention_days * SECONDS_A_DAY}s"
    try:
        answer = client.get(url)
        if not answer.is_success:
            return False
        known = _Namespace.model_validate_json(answer.content).config
        if not set(config.search_attributes) <= set(known.customSearchAttributeAliases.values()):
            return False
        change = {"config": {"workflowExecutionRetentionTtl": ttl}}
        return client.post(f"{url}/update", json=change).is_success
    except (httpx2.HTTPError, ValidationError):
        return False


@dataclass(frozen=True)
class RunningTemporal:
    """A server that this process started. `ui_url` is None when it has no web interface."""

    address: str
    ui_url: str | None
    pid: int
    namespace: str
    http_address: str
    child: Child

    def stop(self) -> None:
        """Stop it and wait; harmless when it has already ended."""
        self.child.signal_stop()
        self.child.finish(STOP_SECONDS)


def start_temporal(
    config: TemporalConfig,
    *,
    log_file: Path,
    db_file: Path | None = None,
    port: int | None = None,
    ui_port: int | None = None,
    headless: bool = False,
    binary: Path | None = None,
    say: Callable[[str], None] = print,
) -> RunningTemporal:
    """Start a server and wait until it can be used. Ports that are not given are free ones.

    Call from the main thread: on Linux the server dies with the thread that started it.
    Raises TemporalNotFound, TemporalNotStarted.
    """
    found = binary or find_temporal(config, say)
    attempts = ATTEMPTS_MAX if port is None else 1
    for attempt in range(1, attempts + 1):
        place = TemporalPlace(
            config.server.address,
            port or free_port(config.server.address),
            free_port(config.server.address),
            None if headless else ui_port or free_port(config.server.address),
        )
        spec = temporal_spec(config, found, place, db_file=db_file, log_file=log_file)
        child = start_process(spec)
        try:
            wait_until_ready(child, config, place)
        except BaseException as error:
            child.signal_stop()
            child.finish(STOP_SECONDS)
            if isinstance(error, TemporalNotStarted) and attempt < attempts:
                continue
            raise
        return RunningTemporal(
            address=place.grpc_address,
            ui_url=place.ui_url,
            pid=child.pid,
            namespace=config.namespace.name,
            http_address=f"{place.address}:{place.http_port}",
            child=child,
        )
    raise AssertionError("unreachable: the last attempt returns or raises")
