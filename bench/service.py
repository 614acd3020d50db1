"""The gateway of a benchmark as a real process, and a caller of it."""

import contextlib
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import httpx2
from pydantic import JsonValue

from bench.errors import MeasurementFailed
from bench.place import Place, running
from bench.watch import check_alive
from runtime.dev_account import FirstAccount
from runtime.ports import free_port
from runtime.processes import Child

START_SECONDS_MAX: Final = 60.0
CALL_SECONDS_MAX: Final = 120.0
LOOK_SECONDS: Final = 0.02

FILM: Final[Mapping[str, JsonValue]] = {
    "name": "A measured film",
    "screenplay": "Shot 1: A boat leaves. Shot 2: It passes a bridge. Shot 3: It reaches the sea.",
    "shot_count": 3,
    "scene_target_duration_seconds": 24,
    "stage_voice_briefs_enabled": False,
}


@dataclass(frozen=True)
class Service:
    """One gateway, its database and the account that calls it."""

    process: Child
    base_url: str
    metrics_url: str
    database_url: str
    account: FirstAccount
    environment: Mapping[str, str]

    @property
    def headers(self) -> dict[str, str]:
        return {"X-FVS-Agent-Key": self.account.api_key}

    def submit(self, client: httpx2.Client, film: Mapping[str, JsonValue] = FILM) -> str:
        """The id of a new render. MeasurementFailed if it was refused."""
        answer = client.post(
            f"{self.base_url}/api/agent/renders",
            headers=self.headers,
            files={"request_json": (None, json.dumps(dict(film)).encode())},
        )
        if answer.status_code != httpx2.codes.CREATED:
            raise MeasurementFailed(f"The render was refused: {answer.text}")
        return str(answer.json()["project_id"])

    def status(self, client: httpx2.Client, project_id: str) -> dict[str, JsonValue]:
        answer = client.get(f"{self.base_url}/api/agent/renders/{project_id}", headers=self.headers)
        answer.raise_for_status()
        return dict(answer.json())

    def all_filming(self, client: httpx2.Client, projects: Sequence[str]) -> bool:
        return all(
            self.status(client, project)["current_stage"] == "filming" for project in projects
        )


@contextlib.contextmanager
def a_service(place: Place, name: str, **settings: str) -> Iterator[Service]:
    """A gateway on a free port with a database of its own. `settings` are more variables of its."""
    database_url, account = place.new_database(name)
    port, metrics_port = free_port(), free_port()
    environment = place.environment(
        database_url,
        FVS_PORT=str(port),
        FVS_GATEWAY_METRICS_PORT=str(metrics_port),
        FVS_ACTIVE_RENDERS_PER_ACCOUNT_MAX="1000",
        FVS_RENDER_TASK_QUEUE=name,
        **settings,
    )
    spec = place.python(f"{name}-gateway", "-m", "runtime.cli", "gateway", environment=environment)
    with running(spec) as process:
        service = Service(
            process,
            f"http://127.0.0.1:{port}",
            f"http://127.0.0.1:{metrics_port}/metrics",
            database_url,
            account,
            environment,
        )
        with httpx2.Client(timeout=5, trust_env=False) as client:
            wait_until(lambda: _answers(client, f"{service.base_url}/health"), process)
        yield service


def a_caller() -> httpx2.Client:
    return httpx2.Client(timeout=CALL_SECONDS_MAX, trust_env=False)


def wait_until(
    condition: Callable[[], bool], *children: Child, seconds_max: float = START_SECONDS_MAX
) -> float:
    """Seconds until it held. MeasurementFailed if a process ends or it takes too long."""
    began = time.monotonic()
    while not condition():
        check_alive(children)
        if time.monotonic() - began > seconds_max:
            raise MeasurementFailed(f"It did not happen within {seconds_max:g} seconds.")
        time.sleep(LOOK_SECONDS)
    return time.monotonic() - began


def _answers(client: httpx2.Client, url: str) -> bool:
    try:
        return client.get(url).is_success
    except httpx2.HTTPError:
        return False
