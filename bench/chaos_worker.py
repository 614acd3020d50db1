"""Worker processes that die by a plan and are there again at once: `… chaos_worker <slots>`.

This process has imported everything and forks a new worker for each that dies. It starts no thread
and no runtime of Temporal itself, so that a fork is whole. A worker's task queue is the configured
one with its slot's number; one that ends by itself ends everything.
"""

import asyncio
import ctypes
import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from temporalio.worker import Worker

from bench.chaos import Chaos, DeathPlan, watched_bench, watched_providers
from bench.naive_filming import naive_worker
from bench.real_workers import workbench_of, workers_of
from runtime.logs import configure_logging
from runtime.providers import open_providers
from runtime.settings import Settings, load_settings
from runtime.temporal_client import connect

QUEUE_VARIABLE: Final = "FVS_RENDER_TASK_QUEUE"
PR_SET_PDEATHSIG: Final = 1
EXIT_WORKER_FAILED: Final = 3


async def work(settings: Settings) -> None:
    client = await connect()
    chaos = Chaos(DeathPlan.of_environment())
    bench = watched_bench(workbench_of(settings), chaos)

    async def fetch_keyframe(key: str, destination: Path) -> None:
        await bench.fetch(key, destination)

    async with open_providers(
        settings, now=lambda: datetime.now(UTC), fetch_keyframe=fetch_keyframe
    ) as providers:
        mortal = watched_providers(providers, chaos)
        workers: list[Worker] = [
            *workers_of(settings, client, bench, mortal),
            naive_worker(settings, client, mortal),
        ]
        await asyncio.gather(*(worker.run() for worker in workers))


def queue_of(base: str, slot: int) -> str:
    return f"{base}-{slot}"


def supervise(slots: int) -> None:
    """Until SIGTERM. A worker that was killed is replaced; any other end is a failure."""
    base = os.environ[QUEUE_VARIABLE]
    slots_by_pid = {_fork(base, slot): slot for slot in range(slots)}

    def stop(*_: object) -> None:
        for pid in slots_by_pid:
            os.kill(pid, signal.SIGKILL)
        os._exit(0)

    signal.signal(signal.SIGTERM, stop)
    while True:
        pid, status = os.wait()
        slot = slots_by_pid.pop(pid)
        if not (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL):
            sys.stderr.write(f"A worker ended by itself with status {status}.\n")
            sys.stderr.flush()
            for other in slots_by_pid:
                os.kill(other, signal.SIGKILL)
            os._exit(EXIT_WORKER_FAILED)
        slots_by_pid[_fork(base, slot)] = slot


def _fork(base: str, slot: int) -> int:
    parent = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
        os.environ[QUEUE_VARIABLE] = queue_of(base, slot)
        settings = load_settings()
        configure_logging(service="chaos", level=settings.log_level, log_format=settings.log_format)
        asyncio.run(work(settings))
    finally:
        sys.stderr.flush()
        os._exit(1)


if __name__ == "__main__":
    # What providers are built from is imported before the first fork.
    import studio.providers.fal.video
    import studio.providers.google.factory
    import studio.providers.google.gcs_objects
    import studio.providers.google.veo
    import studio.providers.kling.video
    import studio.providers.local.factory  # noqa: F401 - as above

    supervise(int(sys.argv[1]))
