"""Seconds from `kill -9` of the worker to the render's next step, beside an undisturbed one."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import httpx2
from pydantic import JsonValue

from bench.options import Options
from bench.place import Place, a_place
from bench.result import Finding, Row, middle, rounded, show
from bench.service import Service, a_caller, a_service, wait_until
from runtime.processes import Child, ProcessSpec, start_process
from studio.contracts.workflow_io import Timings

NAME: Final = "crash-recovery"
UNIT: Final = "s from kill to progress"
ROUNDS: Final = 3
RENDER_SECONDS_MAX: Final = 180.0
STOP_SECONDS: Final = 10.0


def run(options: Options) -> Finding:
    """Each round films once with a kill and once without, from the same moment on.

    The moment is the first shot's filming; progress is the next revision that a caller sees. All
    waits are the defaults of a deployment.
    """
    rounds = 1 if options.quick else ROUNDS
    killed: list[float] = []
    undisturbed: list[float] = []
    with (
        a_place(options.say) as place,
        a_service(place, "recovery") as service,
        a_caller() as client,
    ):
        for _ in range(rounds):
            undisturbed.append(_measure(place, service, client, kill=False))
            killed.append(_measure(place, service, client, kill=True))
    value, baseline = middle(killed), middle(undisturbed)
    show(
        options.console,
        "The worker is killed while the first shots are filmed",
        [
            Row("next step, s", f"{value:g}", f"{baseline:g}", f"{value / baseline:.2f}"),
            Row("heartbeat time-out, s", f"{Timings().heartbeat_timeout_seconds:g}"),
        ],
    )
    details: dict[str, JsonValue] = {
        "killed_seconds": [rounded(seconds) for seconds in killed],
        "undisturbed_seconds": [rounded(seconds) for seconds in undisturbed],
        "heartbeat_timeout_seconds": Timings().heartbeat_timeout_seconds,
        "rounds": rounds,
        "every_render_completed": True,
    }
    return Finding(NAME, value, UNIT, baseline, rounded(value / baseline), details)


def _measure(place: Place, service: Service, client: httpx2.Client, *, kill: bool) -> float:
    spec = place.python(
        "recovery-worker", "-m", "runtime.cli", "worker", environment=service.environment
    )
    with _worker(spec) as workers:
        project_id = service.submit(client)

        def is_filming() -> bool:
            clips = service.status(client, project_id)["clips"]
            return isinstance(clips, list) and all(
                isinstance(clip, dict) and clip["status"] == "filming" for clip in clips
            )

        wait_until(is_filming, *workers, seconds_max=RENDER_SECONDS_MAX)
        before = _revision(service, client, project_id)
        began = time.monotonic()
        if kill:
            workers.pop().process.kill()
            workers.append(start_process(spec))
        wait_until(
            lambda: _revision(service, client, project_id) > before,
            *workers,
            seconds_max=RENDER_SECONDS_MAX,
        )
        seconds = time.monotonic() - began
        wait_until(
            lambda: service.status(client, project_id)["status"] == "completed",
            *workers,
            seconds_max=RENDER_SECONDS_MAX,
        )
    return seconds


def _revision(service: Service, client: httpx2.Client, project_id: str) -> int:
    revision = service.status(client, project_id)["revision"]
    return revision if isinstance(revision, int) else 0


@contextmanager
def _worker(spec: ProcessSpec) -> Iterator[list[Child]]:
    """One worker; whoever is in the list at the end is stopped."""
    workers = [start_process(spec)]
    try:
        yield workers
    finally:
        for worker in workers:
            worker.signal_stop()
            worker.finish(STOP_SECONDS)
