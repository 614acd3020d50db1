"""Live progress: the run is asked, the row is the record.

However many poll one render, one query is in flight, and its answer is stored before anybody
sees it: what one gateway has said, no other gateway goes back on. A run that cannot answer (its
worker was just killed, or there is none) is left alone for a while and the row answers instead,
so that a poll costs at most one short wait. An ending is never taken from a query: a run says
`completed` before its charges are settled, the row only in the transaction that settles them.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from cachetools import LRUCache

from gateway.metrics import GatewayMetrics
from gateway.services.workflows import QueryUnanswered, WorkflowReader
from studio.contracts.status import TERMINAL_STATES, RenderSnapshot

ANSWER_LIFETIME_SECONDS: Final = 0.25
"""The row is this fresh without another query; pollers ask every few seconds."""
POLL_WAIT_SECONDS_MAX: Final = 1.1
"""A poll ends within 1.5 s even when its run cannot answer: the query's limit is 1 s."""
BACKOFF_SECONDS: Final = (2.0, 4.0, 8.0)
"""A run whose worker died answers again after about ten seconds, once its queue gives it up."""
QUERIES_IN_FLIGHT_MAX: Final = 64
"""More runs than this asked at once only queue in the workers; their rows answer."""
RENDERS_REMEMBERED_MAX: Final = 10_000


@dataclass(frozen=True)
class Answer:
    """`asked` and no snapshot: time went by and the row may have moved on, so read it again."""

    asked: bool
    snapshot: RenderSnapshot | None = None


@dataclass
class _Asked:
    """What this gateway knows of asking one run."""

    flight: "asyncio.Task[RenderSnapshot | None] | None" = None
    not_before: float = 0.0
    failures: int = 0


class LiveStatus:
    """`store` writes a snapshot to the row; it answers what is stored, None if that is another."""

    def __init__(
        self,
        reader: WorkflowReader,
        *,
        store: Callable[[str, RenderSnapshot], Awaitable[RenderSnapshot | None]],
        monotonic: Callable[[], float],
        metrics: GatewayMetrics,
    ) -> None:
        self._reader = reader
        self._store = store
        self._monotonic = monotonic
        self._metrics = metrics
        self._asked: LRUCache[str, _Asked] = LRUCache(RENDERS_REMEMBERED_MAX)
        self._in_flight = 0

    async def ask(self, project_id: str, known: RenderSnapshot) -> Answer:
        """Ask the run, or join whoever is asking it, or do neither. Never raises."""
        flight = self._join(project_id, known.revision)
        if flight is None:
            return Answer(asked=False)
        done, _ = await asyncio.wait({flight}, timeout=POLL_WAIT_SECONDS_MAX)
        return Answer(asked=True, snapshot=flight.result() if done else None)

    async def close(self) -> None:
        """Wait for what is in flight; each ends within its own limit."""
        flights = [asked.flight for asked in self._asked.values() if asked.flight is not None]
        await asyncio.gather(*flights, return_exceptions=True)

    def _join(
        self, project_id: str, known_revision: int
    ) -> "asyncio.Task[RenderSnapshot | None] | None":
        asked = self._asked.get(project_id)
        if asked is None:
            asked = self._asked[project_id] = _Asked()
        if asked.flight is not None:
            return asked.flight
        if self._monotonic() < asked.not_before or self._in_flight >= QUERIES_IN_FLIGHT_MAX:
            return None
        self._in_flight += 1
        asked.flight = asyncio.create_task(self._ask(project_id, known_revision, asked))
        return asked.flight

    async def _ask(
        self, project_id: str, known_revision: int, asked: _Asked
    ) -> RenderSnapshot | None:
        try:
            return await self._query_and_store(project_id, known_revision, asked)
        except Exception:  # noqa: BLE001 - a poll never fails because its extra could not be had
            self._back_off(asked, "failed")
            return None
        finally:
            asked.flight = None
            self._in_flight -= 1

    async def _query_and_store(
        self, project_id: str, known_revision: int, asked: _Asked
    ) -> RenderSnapshot | None:
        try:
            snapshot = await self._reader.query(project_id)
        except QueryUnanswered:
            self._back_off(asked, "unanswered")
            return None
        asked.failures = 0
        asked.not_before = self._monotonic() + ANSWER_LIFETIME_SECONDS
        self._metrics.query_ended("answered")
        if snapshot.status in TERMINAL_STATES:
            return None
        if snapshot.revision == known_revision:
            return snapshot
        return await self._store(project_id, snapshot)

    def _back_off(self, asked: _Asked, outcome: str) -> None:
        wait = BACKOFF_SECONDS[min(asked.failures, len(BACKOFF_SECONDS) - 1)]
        asked.failures += 1
        asked.not_before = self._monotonic() + wait
        self._metrics.query_ended(outcome)
