"""A worker whose providers are careless with secrets: in errors, in logs, in what a job ends with.

The real worker with the real local models; each carelessness happens once, so the film is made.
LEAK is what is let slip.
"""

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import structlog

import runtime.worker
from runtime.logs import configure_logging
from runtime.settings import Settings, load_settings
from runtime.worker import WorkerParts
from studio.contracts.documents import ScreenplayDocument
from studio.providers.ports import (
    Handle,
    JobState,
    JobStatus,
    Planner,
    PlanRequest,
    VideoModel,
)


class LeakyPlanner:
    """Its first plan ends in a defect whose message tells too much."""

    def __init__(self, inner: Planner, leak: str) -> None:
        self._inner = inner
        self._leak = leak

    async def plan(self, request: PlanRequest) -> ScreenplayDocument:
        leak, self._leak = self._leak, ""
        if leak:
            structlog.get_logger("provider").info(f"asking {leak}", headers={"authorization": leak})
            logging.getLogger("provider").warning("answered %s", leak)
            raise RuntimeError(f"connection lost: {leak}")
        return await self._inner.plan(request)


class LeakyVideoModel:
    """Its first job ends without a clip, and with a sentence that tells too much."""

    def __init__(self, inner: VideoModel, leak: str) -> None:
        self._inner = inner
        self._leak = leak
        self.prepare = inner.prepare
        self.submit = inner.submit
        self.cancel = inner.cancel
        self.collect = inner.collect
        self.reconcile = inner.reconcile

    async def poll(self, handle: Handle) -> JobStatus:
        leak, self._leak = self._leak, ""
        if leak:
            return JobStatus(JobState.FAILED, error=f"We could not store {leak}")
        return await self._inner.poll(handle)


@asynccontextmanager
async def _leaky_parts(settings: Settings) -> AsyncIterator[WorkerParts]:
    leak = os.environ["LEAK"]
    async with runtime.worker.open_parts(settings) as parts:
        providers = parts.providers
        planners = {name: LeakyPlanner(model, leak) for name, model in providers.planners.items()}
        videos = {name: LeakyVideoModel(model, leak) for name, model in providers.videos.items()}
        yield replace(parts, providers=replace(providers, planners=planners, videos=videos))


if __name__ == "__main__":
    chosen = load_settings()
    configure_logging(service="worker", level=chosen.log_level, log_format=chosen.log_format)
    asyncio.run(runtime.worker.run_worker(chosen, _leaky_parts))
