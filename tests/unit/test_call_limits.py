"""How many calls of one provider a worker has under way."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from studio.providers.errors import ProviderBusy
from studio.providers.limits import CallSlots, LimitedVideo, limited
from studio.providers.ports import (
    Handle,
    JobState,
    JobStatus,
    Picture,
    Providers,
    SpeechRequest,
    VideoRequest,
)

REQUEST = VideoRequest(
    model="m",
    attempt_id="a",
    prompt="",
    description="",
    camera_move="",
    keyframe=Picture("k", Path("k.png")),
    resolution="720p",
    width=1280,
    height=720,
    duration_seconds=4,
    frames_per_second=24,
    seed=1,
)


@dataclass
class Held:
    """Video and voice of one provider, whose calls last until they are let go."""

    go: asyncio.Event = field(default_factory=asyncio.Event)
    entered: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))
    under_way: int = 0
    most: int = 0
    orders: int = 0

    async def _call(self) -> None:
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        self.entered.release()
        await self.go.wait()
        self.under_way -= 1

    async def prepare(self, request: VideoRequest) -> Handle:
        del request
        await self._call()
        return {}

    async def submit(self, request: VideoRequest, prepared: Handle) -> Handle:
        del request, prepared
        self.orders += 1
        return {}

    async def poll(self, handle: Handle) -> JobStatus:
        del handle
        await self._call()
        return JobStatus(JobState.RUNNING)

    async def cancel(self, handle: Handle) -> bool:
        del handle
        await self._call()
        return True

    async def collect(self, handle: Handle, destination: Path) -> None:
        del handle, destination
        await self._call()

    async def reconcile(
        self, request: VideoRequest, prepared: Handle, *, age_seconds: float
    ) -> Handle | None:
        del request, prepared, age_seconds
        await self._call()
        return None

    async def speak(self, request: SpeechRequest, destination: Path) -> None:
        del request, destination
        await self._call()


async def test_all_of_a_provider_s_adapters_share_its_slots() -> None:
    held = Held()
    both = limited(Providers(videos={"fal": held}, voices={"fal": held}), {"fal": 2})
    speech = SpeechRequest("m", "words")
    calls = asyncio.gather(
        *(both.videos["fal"].poll({}) for _ in range(3)),
        *(both.voices["fal"].speak(speech, Path("w")) for _ in range(3)),
    )
    await held.entered.acquire()
    await held.entered.acquire()
    held.go.set()
    await calls
    assert held.most == 2


async def test_a_provider_without_a_limit_is_left_alone() -> None:
    held = Held()
    assert limited(Providers(videos={"local": held}), {"fal": 1}).videos["local"] is held


async def test_an_order_that_finds_no_slot_is_not_sent() -> None:
    held = Held()
    model = LimitedVideo(held, CallSlots("fal", 1, order_wait_seconds=0))
    poll = asyncio.create_task(model.poll({}))
    await held.entered.acquire()
    with pytest.raises(ProviderBusy):
        await model.submit(REQUEST, {})
    assert held.orders == 0
    held.go.set()
    await poll
    await model.submit(REQUEST, {})
    assert held.orders == 1
