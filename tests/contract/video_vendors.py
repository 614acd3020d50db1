"""The paid video adapters as they stand before the vendors' server, one kind of each."""

import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from PIL import Image

from studio.providers.downloads import keep_clip_bytes
from studio.providers.errors import OutputExpired, RefusedInput
from studio.providers.fal.video import FalKlingVideo
from studio.providers.google.client import DeveloperAccess, EnterpriseAccess, GoogleClient
from studio.providers.google.files import DeveloperFiles
from studio.providers.google.objects import StoredClip
from studio.providers.google.omni import OmniVideo
from studio.providers.google.veo import VeoVideo
from studio.providers.kling.video import KlingVideo
from studio.providers.ports import Handle, JobState, JobStatus, Picture, VideoModel, VideoRequest
from tests.kit.vendors.clients import LOCATION, PROJECT, StandingCredentials
from tests.kit.vendors.server import VendorServer

KEY = "key-that-nobody-may-read"
OUTPUT_URI = "gs://clips/provider-outputs"


@dataclass(frozen=True)
class Vendor:
    """One adapter. `submit`, `poll` and `download` are its calls at the server; empty: none.

    `old_seconds` is an age at which it can say that an order never arrived; None: never.
    """

    name: str
    model: str
    submit: str
    poll: str
    download: str
    open: Callable[[AsyncExitStack, str, dict[str, bytes], float], VideoModel]
    old_seconds: float | None
    can_cancel: bool = False
    last_frame: bool = True

    @property
    def cancel(self) -> str:
        return f"{self.books}.cancel"

    @property
    def books(self) -> str:
        return self.submit.partition(".")[0]

    def __str__(self) -> str:
        return self.name


class HeldObjects:
    """ObjectStore over what the vendors' server says that it wrote."""

    def __init__(self, objects: dict[str, bytes]) -> None:
        self._objects = objects

    async def list(self, prefix: str) -> Sequence[StoredClip]:
        return [
            StoredClip(uri, len(body))
            for uri, body in self._objects.items()
            if uri.startswith(prefix)
        ]

    async def download(self, uri: str, destination: Path) -> None:
        if uri not in self._objects:
            raise OutputExpired("The bucket no longer has the clip.")
        await keep_clip_bytes(self._objects[uri], destination)


def _developer(stack: AsyncExitStack, url: str) -> GoogleClient:
    client = GoogleClient(DeveloperAccess(KEY), base_url=url)
    stack.push_async_callback(client.aclose)
    return client


def _enterprise(stack: AsyncExitStack, url: str) -> GoogleClient:
    access = EnterpriseAccess(PROJECT, LOCATION, StandingCredentials())
    client = GoogleClient(access, base_url=url)
    stack.push_async_callback(client.aclose)
    return client


def _veo(
    stack: AsyncExitStack, url: str, objects: dict[str, bytes], timeout_seconds: float
) -> VideoModel:
    return VeoVideo(
        _enterprise(stack, url),
        HeldObjects(objects),
        output_uri=OUTPUT_URI,
        order_timeout_seconds=timeout_seconds,
    )


def _omni(
    stack: AsyncExitStack, url: str, objects: dict[str, bytes], timeout_seconds: float
) -> VideoModel:
    del objects
    files = DeveloperFiles(KEY, base_url=url)
    stack.push_async_callback(files.aclose)
    return OmniVideo(_developer(stack, url), files=files, order_timeout_seconds=timeout_seconds)


def _omni_cloud(
    stack: AsyncExitStack, url: str, objects: dict[str, bytes], timeout_seconds: float
) -> VideoModel:
    return OmniVideo(
        _enterprise(stack, url),
        objects=HeldObjects(objects),
        output_uri=OUTPUT_URI,
        order_timeout_seconds=timeout_seconds,
    )


def _fal(
    stack: AsyncExitStack, url: str, objects: dict[str, bytes], timeout_seconds: float
) -> VideoModel:
    del objects
    model = FalKlingVideo(
        KEY,
        now=lambda: datetime.now(UTC),
        base_url=url,
        order_timeout_seconds=timeout_seconds,
    )
    stack.push_async_callback(model.aclose)
    return model


def _kling(
    stack: AsyncExitStack, url: str, objects: dict[str, bytes], timeout_seconds: float
) -> VideoModel:
    del objects
    model = KlingVideo(KEY, base_url=url, order_timeout_seconds=timeout_seconds)
    stack.push_async_callback(model.aclose)
    return model


VEO = Vendor("veo", "veo-3.1-fast-generate-001", "veo.submit", "veo.poll", "", _veo, 901)
OMNI = Vendor(
    "omni",
    "gemini-omni-1.2-flash",
    "interactions.create",
    "interactions.poll",
    "files.download",
    _omni,
    None,
    can_cancel=True,
    last_frame=False,
)
OMNI_CLOUD = Vendor(
    "omni-cloud",
    "gemini-omni-1.2-flash",
    "interactions.create",
    "interactions.poll",
    "",
    _omni_cloud,
    901,
    can_cancel=True,
    last_frame=False,
)
FAL = Vendor(
    "fal",
    "fal-ai/kling-video/v3/pro/image-to-video",
    "fal.submit",
    "fal.status",
    "fal.download",
    _fal,
    301,
    can_cancel=True,
)
KLING = Vendor("kling", "kling-3.0", "kling.submit", "kling.poll", "kling.download", _kling, 121)
VENDORS = (VEO, OMNI, OMNI_CLOUD, FAL, KLING)
FINDING = tuple(vendor for vendor in VENDORS if vendor.old_seconds is not None)
CANCELING = tuple(vendor for vendor in VENDORS if vendor.can_cancel)
DOWNLOADING = tuple(vendor for vendor in VENDORS if vendor.download)


@asynccontextmanager
async def adapter(
    vendor: Vendor,
    url: str,
    objects: dict[str, bytes] | None = None,
    timeout_seconds: float = 20,
) -> AsyncIterator[VideoModel]:
    """A new instance, as on the worker that takes over."""
    async with AsyncExitStack() as stack:
        yield vendor.open(stack, url, objects if objects is not None else {}, timeout_seconds)


@dataclass(frozen=True)
class Scene:
    """A vendor's server, one adapter before it, and an order for it."""

    vendor: Vendor
    server: VendorServer
    model: VideoModel
    request: VideoRequest
    written: threading.Event
    """Set when an output was written to a bucket."""

    async def order(self) -> Handle:
        return await self.model.submit(self.request, await self.model.prepare(self.request))

    async def ended(self, handle: Handle) -> JobStatus:
        return await ended(self.model, handle)

    @property
    def posts(self) -> int:
        return len(self.server.books.submits(self.vendor.submit))

    @property
    def jobs(self) -> int:
        return len(self.server.books.jobs(self.vendor.submit))


@asynccontextmanager
async def scene_of(
    vendor: Vendor, folder: Path, *, timeout_seconds: float = 20
) -> AsyncIterator[Scene]:
    written = threading.Event()
    async with (
        VendorServer(object_sink=lambda *_: written.set()) as server,
        adapter(vendor, server.url, server.objects, timeout_seconds) as model,
    ):
        yield Scene(vendor, server, model, order_for(vendor, folder), written)


async def ended(model: VideoModel, handle: Handle) -> JobStatus:
    """Ask until the job has ended; the server lets it run for one poll."""
    while (status := await model.poll(handle)).state is JobState.RUNNING:
        pass
    return status


def picture(folder: Path, name: str, colour: str = "#336699") -> Picture:
    path = folder / f"{name}.png"
    Image.new("RGB", (640, 360), colour).save(path)
    return Picture(key=f"keyframes/{name}.png", path=path, name=name)


def order_for(vendor: Vendor, folder: Path) -> VideoRequest:
    return VideoRequest(
        model=vendor.model,
        attempt_id="prj_0123456789-shot001-take1",
        prompt="Slow push in; the lamp flickers.",
        description="A keeper climbs the stairs of a lighthouse.",
        camera_move="push_in",
        keyframe=picture(folder, "keyframe"),
        resolution="720p",
        width=1280,
        height=720,
        duration_seconds=4,
        frames_per_second=24,
        seed=7,
    )


REFUSALS = {
    "prompt_refused": RefusedInput.PROMPT,
    "image_refused": RefusedInput.KEYFRAME,
    "output_refused": RefusedInput.OUTPUT,
}
