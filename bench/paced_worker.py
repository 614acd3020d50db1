"""A worker process whose models take as long as they are told to, and whose media are copies.

Workflow, credits, journal, documents and storage are the real ones.
"""

import asyncio
import os
import signal

from bench.paced_models import Pace, paced_providers
from bench.real_workers import workbench_of, workers_of
from runtime.logs import configure_logging
from runtime.settings import Settings, load_settings
from runtime.temporal_client import connect


async def work(settings: Settings) -> None:
    client = await connect()
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    providers = paced_providers(Pace.of_environment())
    for worker in workers_of(settings, client, workbench_of(settings), providers):
        asyncio.create_task(worker.run())  # noqa: RUF006 - they end with the process
    await stop.wait()


if __name__ == "__main__":
    chosen = load_settings()
    configure_logging(service="paced", level=chosen.log_level, log_format=chosen.log_format)
    asyncio.run(work(chosen))
    # Nothing is left to be saved, and the SDK's threads may crash an interpreter that ends.
    os._exit(0)
