"""The activity of the naive pipeline: no journal, no question about what was ordered before."""

import asyncio
import secrets
import tempfile
from pathlib import Path
from typing import Final

from PIL import Image
from temporalio import activity
from temporalio.client import Client
from temporalio.worker import Worker

from activities.heartbeats import heartbeating
from bench.errors import MeasurementFailed
from bench.naive_workflow import NaiveActivities, NaiveOrder, NaiveWorkflow
from runtime.settings import Settings
from runtime.worker import HEARTBEAT_THROTTLE, STICKY_TIMEOUT, workflow_runner
from studio.providers.ports import JobState, Picture, Providers, VideoModel, VideoRequest

FRAME: Final = (1280, 720)
FRAMES_PER_SECOND: Final = 24
POLL_SECONDS: Final = 0.2


class NaiveFilming(NaiveActivities):
    def __init__(self, providers: Providers) -> None:
        self._providers = providers

    @activity.defn
    async def film_naively(self, order: NaiveOrder) -> None:
        model = self._providers.videos[order.provider]
        with tempfile.TemporaryDirectory(prefix="naive-") as folder:
            async with heartbeating("filming"):
                await _film(model, order, Path(folder))


async def _film(model: VideoModel, order: NaiveOrder, folder: Path) -> None:
    request = _request(order, folder)
    handle = await model.submit(request, await model.prepare(request))
    status = await model.poll(handle)
    while status.state == JobState.RUNNING:
        await asyncio.sleep(POLL_SECONDS)
        status = await model.poll(handle)
    if status.state == JobState.FAILED:
        raise MeasurementFailed(status.error or "The job failed.")
    await model.collect(handle, folder / "clip.mp4")


def _request(order: NaiveOrder, folder: Path) -> VideoRequest:
    """Each try is an order of its own: nothing in it says that it was made before."""
    width, height = FRAME
    still = folder / "keyframe.png"
    Image.new("RGB", FRAME, "#336699").save(still)
    return VideoRequest(
        model=order.model,
        attempt_id=f"naive-{secrets.token_hex(8)}",
        prompt="Slow push in.",
        description="An airship passes over a harbour at dawn.",
        camera_move="push_in",
        keyframe=Picture(key="keyframe.png", path=still),
        resolution="720p",
        width=width,
        height=height,
        duration_seconds=order.seconds,
        frames_per_second=FRAMES_PER_SECOND,
        seed=1,
    )


def naive_worker(settings: Settings, client: Client, providers: Providers) -> Worker:
    return Worker(
        client,
        task_queue=naive_queue(settings.render_task_queue),
        workflows=[NaiveWorkflow],
        workflow_runner=workflow_runner(),
        activities=[NaiveFilming(providers).film_naively],
        max_heartbeat_throttle_interval=HEARTBEAT_THROTTLE,
        sticky_queue_schedule_to_start_timeout=STICKY_TIMEOUT,
    )


def naive_queue(render_task_queue: str) -> str:
    return f"{render_task_queue}-naive"
