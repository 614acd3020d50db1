"""What can be asked about a render, and its cancellation, whoever asks: HTTP, MCP, a console."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import structlog
from cachetools import LRUCache
from sqlalchemy.orm import Session

from gateway.clock import Clock
from gateway.metrics import GatewayMetrics
from gateway.services.live import LiveStatus
from gateway.services.threads import Threads
from gateway.services.views import RenderFacts, RenderView, view_of_progress
from gateway.services.workflows import WorkflowStarter
from studio.contracts.names import is_guest
from studio.contracts.status import RenderSnapshot, RenderState
from studio.contracts.workflow_io import RenderInput
from studio.renders.progress import (
    Progress,
    ProgressPage,
    list_progress,
    read_progress,
    read_workflow_input,
    read_workflow_inputs,
)
from studio.renders.repository import mark_started, request_cancel

WAIT_POLL_SECONDS: Final = 0.5
"""How often a held answer looks at the row: nobody notices half a second of minutes."""
RENDERS_CACHED_MAX: Final = 2_000
CANCEL_REASON: Final = "The caller asked for it."

Authorize = Callable[[Session], str]
"""Checks the caller's credential in the session of the read and names the account."""

_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger("gateway")


@dataclass(frozen=True)
class ViewPage:
    views: tuple[RenderView, ...]
    next_cursor: str | None


@dataclass(frozen=True)
class _Parsed:
    """A snapshot as parsed from a row that read like this."""

    updated_at: datetime
    snapshot: RenderSnapshot


class Renders:
    """Reads answer from the row, refreshed by the run itself where that is quick."""

    def __init__(
        self,
        *,
        threads: Threads,
        live: LiveStatus,
        starter: WorkflowStarter,
        clock: Clock,
        metrics: GatewayMetrics,
    ) -> None:
        self._threads = threads
        self._live = live
        self._starter = starter
        self._clock = clock
        self._metrics = metrics
        self._facts: LRUCache[str, RenderFacts] = LRUCache(RENDERS_CACHED_MAX)
        self._parsed: LRUCache[str, _Parsed] = LRUCache(RENDERS_CACHED_MAX)
        # A run hears of it once from each gateway: every signal is an event of its history, and a
        # history that is too long ends the run.
        self._cancellations: LRUCache[str, asyncio.Task[None]] = LRUCache(RENDERS_CACHED_MAX)

    async def get(self, project_id: str, authorize: Authorize) -> RenderView:
        """The render as it is now. UnknownRender, or what `authorize` raises."""
        stored = await self._read(project_id, authorize)
        if not stored.is_running:
            self._metrics.poll_answered("row")
            return stored
        answer = await self._live.ask(project_id, stored.snapshot)
        if not answer.asked:
            self._metrics.poll_answered("row")
            return stored
        if answer.snapshot is None or answer.snapshot.revision < stored.snapshot.revision:
            self._metrics.poll_answered("row")
            return await self._read(project_id, lambda _session: stored.account_id)
        self._metrics.poll_answered("live")
        if answer.snapshot.revision == stored.snapshot.revision:
            return stored  # the row knows what was charged before the run does
        return replace(stored, snapshot=answer.snapshot)

    async def list(
        self,
        authorize: Authorize,
        *,
        limit: int,
        cursor: str | None = None,
        status: RenderState | None = None,
        name_part: str = "",
    ) -> ViewPage:
        """The account's renders, newest first, as stored. InvalidCursor."""

        def read(session: Session) -> ProgressPage:
            return list_progress(
                session,
                account_id=authorize(session),
                limit=limit,
                cursor=cursor,
                status=status,
                name_part=name_part,
            )

        page = await self._threads.read(read)
        facts = await self._facts_of(page.renders)
        views = (
            view_of_progress(progress, facts[progress.project_id], self._parse(progress))
            for progress in page.renders
        )
        return ViewPage(tuple(views), page.next_cursor)

    async def wait(
        self, view: RenderView, *, seconds: float, wanted: Callable[[], Awaitable[bool]]
    ) -> RenderView:
        """Hold the answer until the render ends, the time is up or nobody wants it any more."""
        deadline = self._clock.monotonic() + seconds
        while not view.is_terminal and await wanted():
            left = deadline - self._clock.monotonic()
            if left <= 0:
                break
            await self._clock.pause(min(WAIT_POLL_SECONDS, left))
            account_id = view.account_id
            view = await self._read(view.project_id, lambda _session: account_id)  # noqa: B023
        return view

    async def cancel(self, project_id: str, authorize: Authorize) -> RenderView:
        """Ask the run to end. A finished render is returned unchanged.

        UnknownRender; WorkflowsUnavailable before anything was changed.
        """
        stored = await self._read(project_id, authorize)
        if stored.is_terminal:
            return stored
        await asyncio.shield(self._cancellation_of(stored))
        return await self.get(project_id, lambda _session: stored.account_id)

    def _cancellation_of(self, stored: RenderView) -> asyncio.Task[None]:
        """The one delivery of a cancellation, under way or done; a failed one is tried again."""
        known = self._cancellations.get(stored.project_id)
        if known is not None and not (known.done() and (known.cancelled() or known.exception())):
            return known
        delivery = asyncio.create_task(self._deliver_cancel(stored))
        self._cancellations[stored.project_id] = delivery
        return delivery

    async def _deliver_cancel(self, stored: RenderView) -> None:
        """Write the wish down and tell the run. WorkflowsUnavailable before anything is changed."""
        await self._starter.check()
        project_id, now = stored.project_id, self._clock.now()
        await self._threads.write(lambda session: request_cancel(session, project_id, now=now))
        signaled = await self._starter.cancel(project_id, CANCEL_REASON)
        if not signaled and stored.run_id is None and not is_guest(stored.account_id):
            # A guest's render is begun by its quote's run, which sees the wish itself.
            await self._cancel_without_run(project_id)

    async def _cancel_without_run(self, project_id: str) -> None:
        """Start a render that was never started, canceled: its one end releases the holds.

        A run that Temporal has closed while its row is open is left to the reconciling sweep.
        """
        document = await self._threads.read(lambda s: read_workflow_input(s, project_id))
        run_id = await self._starter.start(
            RenderInput.model_validate(document), cancel_reason=CANCEL_REASON
        )
        await self._threads.write(lambda session: mark_started(session, project_id, run_id))

    async def _read(self, project_id: str, authorize: Authorize) -> RenderView:
        facts = self._facts.get(project_id)

        def read(session: Session) -> tuple[Progress, RenderFacts]:
            account_id = authorize(session)
            progress = read_progress(session, project_id, account_id=account_id)
            if facts is not None:
                return progress, facts
            document = read_workflow_input(session, project_id)
            return progress, RenderFacts.of(RenderInput.model_validate(document))

        progress, known = await self._threads.read(read)
        self._facts[project_id] = known
        return view_of_progress(progress, known, self._parse(progress))

    async def _facts_of(self, renders: Sequence[Progress]) -> dict[str, RenderFacts]:
        """What is fixed about each; read for those that were not asked for before."""
        ids = [progress.project_id for progress in renders]
        known = {one: facts for one in ids if (facts := self._facts.get(one)) is not None}
        unknown = [one for one in ids if one not in known]

        def read(session: Session) -> dict[str, RenderFacts]:
            documents = read_workflow_inputs(session, unknown).items()
            return {one: RenderFacts.of(RenderInput.model_validate(it)) for one, it in documents}

        if unknown:
            found = await self._threads.read(read)
            self._facts.update(found)
            known |= found
        return known

    def _parse(self, progress: Progress) -> RenderSnapshot:
        parsed = self._parsed.get(progress.project_id)
        revision = progress.snapshot.get("revision")
        if (
            parsed is not None
            and parsed.updated_at == progress.updated_at
            and parsed.snapshot.revision == revision
        ):
            return parsed.snapshot
        snapshot = RenderSnapshot.model_validate(progress.snapshot)
        self._parsed[progress.project_id] = _Parsed(progress.updated_at, snapshot)
        return snapshot
