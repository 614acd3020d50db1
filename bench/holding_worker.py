"""A worker whose clips are never ready: its renders stay at filming for as long as it is polled."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from runtime.logs import configure_logging
from runtime.settings import Settings, load_settings
from runtime.worker import WorkerParts, open_parts, run_worker
from studio.providers.ports import Handle, JobState, JobStatus, VideoModel, VideoRequest


class NeverReady(VideoModel):
    """Takes every order and works on it for ever."""

    async def prepare(self, request: VideoRequest) -> Handle:
        del request
        return {}

    async def submit(self, request: VideoRequest, prepared: Handle) -> Handle:
        del prepared
        return {"job": request.attempt_id}

    async def poll(self, handle: Handle) -> JobStatus:
        return JobStatus(JobState.RUNNING, progress=0.5 if handle else 0.0)

    async def cancel(self, handle: Handle) -> bool:
        """There is nothing to stop."""
        return bool(handle)

    async def collect(self, handle: Handle, destination: Path) -> None:
        raise NotImplementedError

    async def reconcile(
        self, request: VideoRequest, prepared: Handle, *, age_seconds: float
    ) -> Handle | None:
        del prepared, age_seconds
        return {"job": request.attempt_id}


@asynccontextmanager
async def _holding_parts(settings: Settings) -> AsyncIterator[WorkerParts]:
    async with open_parts(settings) as parts:
        yield replace(parts, providers=replace(parts.providers, videos={"local": NeverReady()}))


if __name__ == "__main__":
    chosen = load_settings()
    configure_logging(service="worker", level=chosen.log_level, log_format=chosen.log_format)
    asyncio.run(run_worker(chosen, _holding_parts))
