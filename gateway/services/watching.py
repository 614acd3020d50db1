"""Renders that somebody watches: each is looked at once, for all who watch it."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import ClassVar, Final

import structlog

from gateway.clock import Clock
from gateway.receipt import ReceiptResource, read_receipt
from gateway.services.renders import Renders
from gateway.services.threads import Threads
from gateway.services.views import RenderView
from studio.contracts.errors import StudioError

LOOK_SECONDS: Final = 1.0
"""How often a watched render is looked at; its run is asked at most once meanwhile."""
WATCHES_PER_ACCOUNT_MAX: Final = 5
"""Browsers keep six connections to a host (HTTP/1.1): one stays free for the next page."""
WATCHES_MAX: Final = 1_000
"""Of one process: each is an open connection."""

_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger("gateway")


class TooManyWatches(StudioError):
    """The account, or everybody together, watches as many renders as one process shows."""

    code: ClassVar[str] = "too_many_watches"

    def __init__(self) -> None:
        super().__init__(
            "Too many renders are being watched at once; close another page of a render."
        )


@dataclass(frozen=True)
class LiveRender:
    """A render and its money at one moment."""

    view: RenderView
    receipt: ReceiptResource

    @property
    def mark(self) -> object:
        """What tells it from the render at another moment."""
        return mark_of(self.view)


def mark_of(view: RenderView) -> object:
    return view.snapshot.revision, view.cancel_requested, view.run_id


@dataclass(frozen=True)
class _Key:
    project_id: str
    account_id: str


@dataclass
class _Channel:
    """What one render's watchers share. `beat` is set, and replaced, after every look."""

    newest: LiveRender | None = None
    beat: asyncio.Event = field(default_factory=asyncio.Event)
    watchers: int = 0
    is_over: bool = False

    def show(self, live: LiveRender) -> None:
        self.newest = live
        beat, self.beat = self.beat, asyncio.Event()
        beat.set()

    def end(self) -> None:
        self.is_over = True
        self.beat.set()


class Watching:
    """The watches of one process. `stopping`: they end, so that it can."""

    def __init__(
        self, renders: Renders, threads: Threads, clock: Clock, *, stopping: Callable[[], bool]
    ) -> None:
        self._renders = renders
        self._threads = threads
        self._clock = clock
        self._stopping = stopping
        self._held: Counter[str] = Counter()
        self._channels: dict[_Key, _Channel] = {}
        self._looking: set[asyncio.Task[None]] = set()

    async def look(
        self, project_id: str, account_id: str, known: LiveRender | None = None
    ) -> LiveRender:
        """The account's render as it is; `known` itself where nothing changed. UnknownRender."""
        view = await self._renders.get(project_id, lambda _session: account_id)
        if known is not None and mark_of(view) == known.mark:
            return known
        receipt = await self._threads.read(
            lambda session: read_receipt(session, project_id, account_id=account_id)
        )
        return LiveRender(view, receipt)

    @contextmanager
    def place(self, account_id: str) -> Iterator[None]:
        """Room for one watch. TooManyWatches."""
        if self._held[account_id] >= WATCHES_PER_ACCOUNT_MAX or self._held.total() >= WATCHES_MAX:
            raise TooManyWatches
        self._held[account_id] += 1
        try:
            yield
        finally:
            self._held[account_id] -= 1
            if not self._held[account_id]:
                del self._held[account_id]

    async def follow(self, project_id: str, account_id: str) -> AsyncIterator[LiveRender]:
        """The newest state after every look: the same object where nothing changed.

        Who is slow misses what was in between, and never the newest. It ends with the render, with
        the process, and where the render could not be looked at: whoever still wants it comes back.
        """
        channel = self._join(_Key(project_id, account_id))
        try:
            while True:
                # Before anything is handed out: what happens meanwhile is seen in the next round.
                beat, newest, is_over = channel.beat, channel.newest, channel.is_over
                if newest is not None:
                    yield newest
                if is_over:
                    return
                await beat.wait()
        finally:
            channel.watchers -= 1

    async def close(self) -> None:
        """Look at nothing any more."""
        for task in self._looking:
            task.cancel()
        await asyncio.gather(*self._looking, return_exceptions=True)

    def _join(self, key: _Key) -> _Channel:
        channel = self._channels.get(key)
        if channel is None:
            channel = self._channels[key] = _Channel()
            task = asyncio.create_task(self._look_on(key, channel))
            self._looking.add(task)
            task.add_done_callback(self._looking.discard)
        channel.watchers += 1
        return channel

    async def _look_on(self, key: _Key, channel: _Channel) -> None:
        try:
            while channel.watchers and not self._stopping():
                live = await self.look(key.project_id, key.account_id, channel.newest)
                channel.show(live)
                if live.view.is_terminal:
                    break
                await self._clock.pause(LOOK_SECONDS)
        except Exception as error:  # noqa: BLE001 - watchers come back, and are told then
            _log.warning("render not watched", error=type(error).__name__)
        finally:
            del self._channels[key]
            channel.end()
