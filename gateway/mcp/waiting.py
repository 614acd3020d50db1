"""Holding an answer until something has changed, for callers who would ask again at once."""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from gateway.clock import Clock

WAIT_SECONDS_MAX: Final = 45
"""Below the 60 s after which common clients give a call up."""
LOOK_SECONDS: Final = 1.0
"""How often a render is looked at meanwhile; callers of one render share the query of its run."""
TELL_SECONDS: Final = 5.0
"""How often the caller is told of it: some clients count their time-outs from the last word."""
WAITS_PER_OWNER_MAX: Final = 16
"""Side by side in this process; who wants more is answered at once, as without a wait."""
WAITS_MAX: Final = 512
"""Of all owners together: anybody may have any number of quotes, and each wait reads the database
once a second, which has eight threads for everything."""

View = TypeVar("View")


@dataclass(frozen=True)
class Watch(Generic[View]):
    """How to look, when there is nothing more to wait for, what counts as a change, how to tell.

    `tell` gets the view, the seconds waited and the seconds wanted.
    """

    look: Callable[[], Awaitable[View]]
    is_over: Callable[[View], bool]
    mark: Callable[[View], object]
    tell: Callable[[View, float, float], Awaitable[None]]


class Waits:
    """The waits of one process. `stopping`: they end, so that it can."""

    def __init__(self, clock: Clock, *, stopping: Callable[[], bool]) -> None:
        self._clock = clock
        self._stopping = stopping
        self._held: Counter[str] = Counter()

    async def until_changed(
        self, first: View, watch: Watch[View], *, owner: str, seconds: float
    ) -> View:
        """The view once it has changed or the time is up; `seconds` is cut to what is held."""
        if seconds <= 0 or watch.is_over(first) or self._is_full(owner):
            return first
        with self._holding(owner):
            return await self._wait(first, watch, min(seconds, WAIT_SECONDS_MAX))

    def _is_full(self, owner: str) -> bool:
        return self._held[owner] >= WAITS_PER_OWNER_MAX or self._held.total() >= WAITS_MAX

    async def _wait(self, first: View, watch: Watch[View], seconds: float) -> View:
        began = self._clock.monotonic()
        view, waited, told_at = first, 0.0, -TELL_SECONDS
        while waited < seconds and not self._stopping():
            if waited - told_at >= TELL_SECONDS:
                await watch.tell(view, waited, seconds)
                told_at = waited
            await self._clock.pause(min(LOOK_SECONDS, seconds - waited))
            view = await watch.look()
            if watch.is_over(view) or watch.mark(view) != watch.mark(first):
                break
            waited = self._clock.monotonic() - began
        return view

    @contextmanager
    def _holding(self, owner: str) -> Iterator[None]:
        self._held[owner] += 1
        try:
            yield
        finally:
            self._held[owner] -= 1
            if not self._held[owner]:
                del self._held[owner]
