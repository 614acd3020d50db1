"""Whether what the gateway needs is there, asked at most once a second."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.clock import Clock
from gateway.services.threads import Threads
from gateway.services.workflows import WorkflowStarter
from studio.renders.tables import RenderRow
from studio.storage.port import Storage

CHECK_SECONDS_MAX: Final = 2.0
RESULT_LIFETIME_SECONDS: Final = 1.0
"""Anybody may ask, so asking often must cost nothing."""
PROBE_KEY: Final = "health/probe"
"""No such object is needed: a store that says so works."""


@dataclass(frozen=True)
class Check:
    """`error` is a plain sentence without the cause, which is in the log."""

    ok: bool
    error: str | None = None


@dataclass(frozen=True)
class Report:
    database: Check
    temporal: Check
    storage: Check

    @property
    def ok(self) -> bool:
        return self.database.ok and self.temporal.ok and self.storage.ok


class Health:
    def __init__(
        self, *, threads: Threads, starter: WorkflowStarter, storage: Storage, clock: Clock
    ) -> None:
        self._threads = threads
        self._starter = starter
        self._storage = storage
        self._clock = clock
        self._running: asyncio.Task[Report] | None = None
        self._last: tuple[float, Report] | None = None

    async def report(self) -> Report:
        """What works now. Never raises; callers at the same moment share one check."""
        if self._last is not None:
            checked_at, last = self._last
            if self._clock.monotonic() - checked_at < RESULT_LIFETIME_SECONDS:
                return last
        if self._running is None:
            self._running = asyncio.create_task(self._check_all())
        return await asyncio.shield(self._running)

    async def _check_all(self) -> Report:
        try:
            database, temporal, storage = await asyncio.gather(
                _check("The database", lambda: self._threads.read(_touch_database)),
                _check("Temporal", self._starter.check),
                _check("The file store", lambda: self._threads.store(self._touch_storage)),
            )
            report = Report(database, temporal, storage)
            self._last = (self._clock.monotonic(), report)
            return report
        finally:
            self._running = None

    def _touch_storage(self) -> None:
        self._storage.stat(PROBE_KEY)


def _touch_database(session: Session) -> None:
    session.execute(select(RenderRow.project_id).limit(1)).first()


async def _check(name: str, attempt: Callable[[], Awaitable[None]]) -> Check:
    try:
        await asyncio.wait_for(attempt(), CHECK_SECONDS_MAX)
    except TimeoutError:
        return Check(ok=False, error=f"{name} did not answer in {CHECK_SECONDS_MAX:g} s.")
    except Exception as error:  # noqa: BLE001 - health says what is wrong, whatever it is
        return Check(ok=False, error=f"{name} cannot be used ({type(error).__name__}).")
    return Check(ok=True)
