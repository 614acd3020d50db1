"""Polls a second of running renders, beside a route that authenticates the key and reads a row."""

import json
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import httpx2
from pydantic import JsonValue

from bench.errors import MeasurementFailed
from bench.options import Options
from bench.place import a_place, opened, running
from bench.result import Finding, Row, middle, rounded, show
from bench.service import Service, a_caller, a_service, wait_until
from runtime.ports import free_port, is_listening
from studio.accounts.service import list_keys, revoke_key

NAME: Final = "status-polls"
UNIT: Final = "polls/s"
TARGET_RATIO: Final = 0.5
RENDERS: Final = 8
CONNECTIONS: Final = 32
ROUNDS: Final = 4
ROUND_SECONDS: Final = 6.0
WARMING_SECONDS: Final = 1.0


@dataclass(frozen=True)
class Load:
    polls_a_second: float
    p50_ms: float
    p99_ms: float
    polls: int
    refused: int


def run(options: Options) -> Finding:
    """Rounds alternate between the two, so that what else the machine does hits both."""
    rounds, seconds = (1, 2.0) if options.quick else (ROUNDS, ROUND_SECONDS)
    with a_place(options.say) as place, a_service(place, "polls") as service:
        worker = place.python(
            "holding-worker", "-m", "bench.holding_worker", environment=service.environment
        )
        plain_port = free_port()
        plain = place.python(
            "plain-status",
            *("-m", "bench.plain_status", str(plain_port)),
            environment=service.environment,
        )
        with (
            running(worker) as worker_process,
            running(plain) as plain_process,
            a_caller() as client,
        ):
            projects = [service.submit(client) for _ in range(RENDERS)]
            wait_until(lambda: service.all_filming(client, projects), worker_process)
            wait_until(lambda: is_listening("127.0.0.1", plain_port), plain_process)
            port = int(service.base_url.rpartition(":")[2])
            ours: list[Load] = []
            bare: list[Load] = []
            _load(service, port, WARMING_SECONDS, projects)
            _load(service, plain_port, WARMING_SECONDS, projects)
            before = _queries(service, client)
            for _ in range(rounds):
                ours.append(_load(service, port, seconds, projects))
                bare.append(_load(service, plain_port, seconds, projects))
            queries = _queries(service, client) - before
            refused_at_once = _revoked_is_refused(service, client, projects[0])
    return _finding(options, ours, bare, queries=queries, refused_at_once=refused_at_once)


def _finding(
    options: Options,
    ours: list[Load],
    bare: list[Load],
    *,
    queries: float,
    refused_at_once: bool,
) -> Finding:
    value = middle([load.polls_a_second for load in ours])
    baseline = middle([load.polls_a_second for load in bare])
    ratio = rounded(value / baseline)
    polls = sum(load.polls for load in ours)
    rows = [
        Row("polls a second", f"{value:g}", f"{baseline:g}", f"{ratio:g} (≥ {TARGET_RATIO})"),
        *(
            Row(name, f"{middle(mine):g}", f"{middle(theirs):g}")
            for name, mine, theirs in (
                ("p50, ms", [load.p50_ms for load in ours], [load.p50_ms for load in bare]),
                ("p99, ms", [load.p99_ms for load in ours], [load.p99_ms for load in bare]),
            )
        ),
        Row("workflow queries for these polls", f"{queries:g} for {polls}"),
        Row("a revoked key is refused at once", "yes" if refused_at_once else "NO"),
    ]
    show(options.console, f"Polls of {RENDERS} running renders, {CONNECTIONS} callers", rows)
    details: dict[str, JsonValue] = {
        "target_ratio_min": TARGET_RATIO,
        "target_met": ratio >= TARGET_RATIO,
        "p50_ms": middle([load.p50_ms for load in ours]),
        "p99_ms": middle([load.p99_ms for load in ours]),
        "baseline_p50_ms": middle([load.p50_ms for load in bare]),
        "baseline_p99_ms": middle([load.p99_ms for load in bare]),
        "polls": polls,
        "workflow_queries": queries,
        "renders": RENDERS,
        "connections": CONNECTIONS,
        "rounds": len(ours),
        "revoked_key_refused_at_once": refused_at_once,
    }
    return Finding(NAME, value, UNIT, baseline, ratio, details)


def _load(service: Service, port: int, seconds: float, projects: list[str]) -> Load:
    """One round by a process of its own. MeasurementFailed if any poll was refused."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "bench.poll_load"),
            *(str(port), str(seconds), str(CONNECTIONS)),
            *projects,
        ],
        env={**service.environment, "POLL_KEY": service.account.api_key},
        capture_output=True,
        text=True,
        check=False,
        timeout=seconds + 60,
    )
    if done.returncode != 0:
        raise MeasurementFailed(f"The load could not be made: {done.stderr[-500:]}")
    load = Load(**json.loads(done.stdout))
    if load.refused:
        raise MeasurementFailed(f"{load.refused} of {load.polls} polls were refused.")
    return load


def _queries(service: Service, client: httpx2.Client) -> float:
    """How many workflow queries the gateway has made, as its own metrics say."""
    lines = client.get(service.metrics_url).text.splitlines()
    counters = [line for line in lines if line.startswith("fvs_status_queries_total")]
    return sum(float(line.rpartition(" ")[2]) for line in counters)


def _revoked_is_refused(service: Service, client: httpx2.Client, project_id: str) -> bool:
    """Revoke the key that was just used a thousand times; its very next poll must fail."""
    with opened(service.database_url) as database, database.transaction() as session:
        for key in list_keys(session, account_id=service.account.account_id):
            revoke_key(session, key_id=key.key_id, now=datetime.now(UTC))
    answer = client.get(
        f"{service.base_url}/api/agent/renders/{project_id}", headers=service.headers
    )
    return answer.status_code == httpx2.codes.UNAUTHORIZED
