"""Heartbeats beside the work, so that a dead worker is noticed within seconds."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from temporalio import activity

BEATS_PER_TIMEOUT = 4
"""Three beats may be late before the server gives the activity to another worker."""

FIRST_BEAT_SECONDS = 0.5
"""What is over by then needs none: of the activities of 64 shots five in six, and a beat costs the
server as much as an activity's end."""


@dataclass
class Pulse:
    """What the next beat tells an operator: a small dictionary, shown in the Temporal UI."""

    state: str = "working"
    progress: float = 0.0

    def report(self, progress: float) -> None:
        self.progress = progress


@contextlib.asynccontextmanager
async def heartbeating(state: str = "working") -> AsyncIterator[Pulse]:
    """Beat while the block runs. Cancellation reaches the block as CancelledError."""
    pulse = Pulse(state)
    timeout = activity.info().heartbeat_timeout
    if timeout is None:
        yield pulse
        return
    beating = asyncio.create_task(_beat(pulse, timeout.total_seconds() / BEATS_PER_TIMEOUT))
    try:
        yield pulse
    finally:
        beating.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await beating


async def _beat(pulse: Pulse, interval_seconds: float) -> None:
    await asyncio.sleep(min(FIRST_BEAT_SECONDS, interval_seconds))
    while True:
        activity.heartbeat({"state": pulse.state, "progress": round(pulse.progress, 3)})
        await asyncio.sleep(interval_seconds)
