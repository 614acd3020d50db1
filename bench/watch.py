"""Waiting for work of other processes; given up when one has died or it takes too long."""

import asyncio
import time
from collections.abc import Coroutine, Sequence
from typing import Final, TypeVar

from bench.errors import MeasurementFailed
from runtime.processes import Child, last_log_line

LOOK_SECONDS: Final = 1.0

_Answer = TypeVar("_Answer")


async def while_alive(
    work: Coroutine[None, None, _Answer], children: Sequence[Child], *, seconds_max: float
) -> _Answer:
    """What `work` returns. MeasurementFailed if a child ends before, or after `seconds_max`."""
    task = asyncio.create_task(work)
    deadline = time.monotonic() + seconds_max
    try:
        while not (await asyncio.wait({task}, timeout=LOOK_SECONDS))[0]:
            check_alive(children)
            if time.monotonic() > deadline:
                raise MeasurementFailed(f"It was not done after {seconds_max:g} seconds.")
        return task.result()
    finally:
        task.cancel()


def check_alive(children: Sequence[Child]) -> None:
    """MeasurementFailed with the last words of one that has ended."""
    for child in children:
        if not child.is_running():
            words = last_log_line(child.spec.log_file) or "it said nothing"
            raise MeasurementFailed(f"{child.spec.name} ended: {words}")
