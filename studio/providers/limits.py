"""How many calls of one provider are under way in a worker.

Providers limit by account, so one slot is taken by any of a provider's adapters. An order does not
wait for long: its activity's minute is for the provider, and an order that was never sent must not
end as one that nobody knows of.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from studio.contracts.documents import ScreenplayDocument, Transcript
from studio.providers.errors import ProviderBusy
from studio.providers.ports import (
    Analyst,
    Composition,
    Critic,
    DescribeRequest,
    Description,
    Handle,
    ImageModel,
    ImageRequest,
    JobStatus,
    MusicModel,
    MusicRequest,
    Planner,
    PlanRequest,
    Providers,
    ReviewRequest,
    SpeechRequest,
    TranscribeRequest,
    Verdict,
    VideoModel,
    VideoRequest,
    VoiceModel,
)

ORDER_WAIT_SECONDS: Final = 10.0
"""With the 45 s of the order itself still within its activity's minute."""

Adapter = TypeVar("Adapter")


class CallSlots:
    def __init__(
        self, provider: str, calls_max: int, *, order_wait_seconds: float = ORDER_WAIT_SECONDS
    ) -> None:
        self._provider = provider
        self._order_wait_seconds = order_wait_seconds
        self._free = asyncio.Semaphore(calls_max)

    def call(self) -> AbstractAsyncContextManager[None]:
        """Waits its turn, first come first served."""
        return self._free

    @asynccontextmanager
    async def order(self) -> AsyncIterator[None]:
        """Raises ProviderBusy where no slot is free in time: nothing was sent."""
        try:
            async with asyncio.timeout(self._order_wait_seconds):
                await self._free.acquire()
        except TimeoutError:
            raise ProviderBusy(
                f"This worker has as many calls of {self._provider} under way as it may."
            ) from None
        try:
            yield
        finally:
            self._free.release()


def limited(providers: Providers, calls_max: Mapping[str, int]) -> Providers:
    """The same adapters, of each provider at most so many calls at once; others are not limited."""
    slots = {name: CallSlots(name, most) for name, most in calls_max.items()}

    def around(
        adapters: Mapping[str, Adapter], wrap: Callable[[Adapter, CallSlots], Adapter]
    ) -> Mapping[str, Adapter]:
        return {
            name: wrap(adapter, slots[name]) if name in slots else adapter
            for name, adapter in adapters.items()
        }

    return Providers(
        analysts=around(providers.analysts, _LimitedAnalyst),
        planners=around(providers.planners, _LimitedPlanner),
        images=around(providers.images, _LimitedImages),
        critics=around(providers.critics, _LimitedCritic),
        videos=around(providers.videos, LimitedVideo),
        music=around(providers.music, _LimitedMusic),
        voices=around(providers.voices, _LimitedVoice),
    )


@dataclass(frozen=True)
class LimitedVideo:
    inner: VideoModel
    slots: CallSlots

    async def prepare(self, request: VideoRequest) -> Handle:
        async with self.slots.call():
            return await self.inner.prepare(request)

    async def submit(self, request: VideoRequest, prepared: Handle) -> Handle:
        async with self.slots.order():
            return await self.inner.submit(request, prepared)

    async def poll(self, handle: Handle) -> JobStatus:
        async with self.slots.call():
            return await self.inner.poll(handle)

    async def cancel(self, handle: Handle) -> bool:
        async with self.slots.call():
            return await self.inner.cancel(handle)

    async def collect(self, handle: Handle, destination: Path) -> None:
        async with self.slots.call():
            await self.inner.collect(handle, destination)

    async def reconcile(
        self, request: VideoRequest, prepared: Handle, *, age_seconds: float
    ) -> Handle | None:
        async with self.slots.call():
            return await self.inner.reconcile(request, prepared, age_seconds=age_seconds)


@dataclass(frozen=True)
class _LimitedAnalyst:
    inner: Analyst
    slots: CallSlots

    async def describe(self, request: DescribeRequest) -> Description | None:
        async with self.slots.call():
            return await self.inner.describe(request)

    async def transcribe(self, request: TranscribeRequest) -> Transcript | None:
        async with self.slots.call():
            return await self.inner.transcribe(request)


@dataclass(frozen=True)
class _LimitedPlanner:
    inner: Planner
    slots: CallSlots

    async def plan(self, request: PlanRequest) -> ScreenplayDocument:
        async with self.slots.call():
            return await self.inner.plan(request)


@dataclass(frozen=True)
class _LimitedImages:
    inner: ImageModel
    slots: CallSlots

    async def draw(self, request: ImageRequest, destination: Path) -> None:
        async with self.slots.call():
            await self.inner.draw(request, destination)


@dataclass(frozen=True)
class _LimitedCritic:
    inner: Critic
    slots: CallSlots

    @property
    def lenses(self) -> Sequence[str]:
        return self.inner.lenses

    async def review_image(self, request: ReviewRequest) -> Verdict:
        async with self.slots.call():
            return await self.inner.review_image(request)

    async def review_clip(self, request: ReviewRequest) -> Verdict:
        async with self.slots.call():
            return await self.inner.review_clip(request)


@dataclass(frozen=True)
class _LimitedMusic:
    inner: MusicModel
    slots: CallSlots

    async def compose(self, request: MusicRequest, destination: Path) -> Composition:
        async with self.slots.call():
            return await self.inner.compose(request, destination)


@dataclass(frozen=True)
class _LimitedVoice:
    inner: VoiceModel
    slots: CallSlots

    async def speak(self, request: SpeechRequest, destination: Path) -> None:
        async with self.slots.call():
            await self.inner.speak(request, destination)
