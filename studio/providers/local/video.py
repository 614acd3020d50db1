"""The offline video model. Model id `local-animatic`: a camera over the keyframe, no new content.

There is no service behind it: the handle is the whole request, and whichever worker polls it
renders it. Rendering is deterministic, so a worker that takes over after a crash makes the same
clip again.
"""

import asyncio
import hashlib
import json
import os
import shutil
import tempfile
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from studio.contracts.errors import StudioError
from studio.providers.errors import ProviderError, ProviderRejected
from studio.providers.local.clip import ClipSpec, Watch, render_clip
from studio.providers.local.motion import known_move
from studio.providers.local.words import AMBIENCE_OF_SCENE, scene_of
from studio.providers.ports import Handle, JobState, JobStatus, VideoRequest

FetchKeyframe = Callable[[str, Path], Awaitable[None]]
"""Copies a stored file, given by its key, to a local path."""

JOB_FOLDERS_MAX: Final = 256
"""Clips that nobody collected (their render was given up) go when newer ones need the room: four
films of the largest shot count may wait at once."""
CANCELED_REMEMBERED_MAX: Final = 256

_MARKER: Final = "job.json"
_KEYFRAME: Final = "keyframe"
_CLIP: Final = "clip.mp4"


@dataclass
class _Render:
    """A render in this process. `task` is set right after it is made."""

    watch: Watch = field(default_factory=Watch)
    task: "asyncio.Task[None] | None" = None


class LocalVideoModel:
    """VideoModel port. At most `concurrency` clips are rendered at once, each on one core and a
    half; `work_directory` holds a folder a job until it is collected or canceled.
    """

    def __init__(
        self, work_directory: Path, fetch_keyframe: FetchKeyframe, concurrency: int = 2
    ) -> None:
        self._root = work_directory
        self._fetch = fetch_keyframe
        self._slots = asyncio.Semaphore(concurrency)
        self._renders: dict[str, _Render] = {}
        self._canceled: deque[str] = deque(maxlen=CANCELED_REMEMBERED_MAX)

    async def prepare(self, request: VideoRequest) -> Handle:
        """Nothing: the keyframe stays where it is, and the order names it."""
        _spec_of(request).check()
        return {}

    async def submit(self, request: VideoRequest, prepared: Handle) -> Handle:
        del prepared  # there is nothing in it
        spec = _spec_of(request)
        spec.check()
        handle = spec.handle()
        await asyncio.to_thread(self._mark, self._folder(spec.attempt_id), handle)
        return handle

    async def poll(self, handle: Handle) -> JobStatus:
        """The state of the job; starts rendering where this process does not do so yet.

        Raises ProviderError for what may pass (the keyframe could not be fetched, no disk): the
        next poll starts over.
        """
        spec = ClipSpec.of(handle)
        if spec.attempt_id in self._canceled:
            return JobStatus(JobState.FAILED, error="the clip was canceled")
        if self._clip(spec).exists():
            return JobStatus(JobState.SUCCEEDED, progress=1.0)
        render, task = self._started(spec)
        if not task.done():
            return JobStatus(JobState.RUNNING, progress=render.watch.progress)
        try:
            await self._finish(spec, task)
        except ProviderRejected as error:
            return JobStatus(JobState.FAILED, error=error.detail, rejected=True)
        return JobStatus(JobState.SUCCEEDED, progress=1.0)

    async def cancel(self, handle: Handle) -> bool:
        spec = ClipSpec.of(handle)
        self._canceled.append(spec.attempt_id)
        render = self._renders.pop(spec.attempt_id, None)
        if render is not None and render.task is not None:
            render.task.cancel()
            await asyncio.gather(render.task, return_exceptions=True)
        await asyncio.to_thread(shutil.rmtree, self._folder(spec.attempt_id), ignore_errors=True)
        return True

    async def collect(self, handle: Handle, destination: Path) -> None:
        """Move the clip to `destination` and remove the job's files.

        Where it was collected before, or on another machine, it is rendered again first.
        """
        spec = ClipSpec.of(handle)
        if spec.attempt_id in self._canceled:
            raise ProviderRejected("the clip was canceled")
        if not self._clip(spec).exists():
            _, task = self._started(spec)
            await asyncio.wait([task])
            await self._finish(spec, task)
        self._renders.pop(spec.attempt_id, None)
        await asyncio.to_thread(_hand_over, self._clip(spec), destination)

    async def reconcile(
        self, request: VideoRequest, prepared: Handle, *, age_seconds: float
    ) -> Handle | None:
        """What the marker says, at once: nothing here lags behind, and nothing is paid."""
        del prepared, age_seconds
        return await asyncio.to_thread(_read_marker, self._folder(request.attempt_id) / _MARKER)

    def _folder(self, attempt_id: str) -> Path:
        """Named by a hash: an attempt id is no file name."""
        return self._root / hashlib.sha256(attempt_id.encode()).hexdigest()[:32]

    def _clip(self, spec: ClipSpec) -> Path:
        return self._folder(spec.attempt_id) / _CLIP

    def _started(self, spec: ClipSpec) -> "tuple[_Render, asyncio.Task[None]]":
        render = self._renders.get(spec.attempt_id)
        if render is None:
            render = self._renders[spec.attempt_id] = _Render()
        if render.task is None:
            render.task = asyncio.create_task(self._render(spec, render))
        return render, render.task

    async def _finish(self, spec: ClipSpec, task: "asyncio.Task[None]") -> None:
        """Forget the render and raise what it raised, as a provider's error."""
        self._renders.pop(spec.attempt_id, None)
        try:
            await task
        except ProviderError:
            raise
        except (StudioError, OSError) as error:
            raise ProviderError(f"the clip could not be rendered: {error}") from error

    async def _render(self, spec: ClipSpec, render: _Render) -> None:
        folder = self._folder(spec.attempt_id)
        async with self._slots:
            await asyncio.to_thread(self._mark, folder, spec.handle())
            keyframe = folder / _KEYFRAME
            await self._fetch(spec.keyframe_key, keyframe)
            work = asyncio.get_running_loop().run_in_executor(
                None, render_clip, spec, keyframe, folder / _CLIP, render.watch
            )
            try:
                await asyncio.shield(work)
            except asyncio.CancelledError:
                render.watch.stop.set()
                await asyncio.wait([work])
                # Read the outcome: an exception that nobody reads would be logged as lost.
                if not work.cancelled():
                    work.exception()
                raise
            finally:
                keyframe.unlink(missing_ok=True)

    def _mark(self, folder: Path, handle: Handle) -> None:
        """Write the marker that makes a job known, in one step; make room for it first."""
        if (folder / _MARKER).exists():
            return
        self._root.mkdir(parents=True, exist_ok=True)
        self._make_room()
        folder.mkdir(exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=folder)
        with os.fdopen(descriptor, "w") as file:
            json.dump(handle, file)
        Path(name).replace(folder / _MARKER)

    def _make_room(self) -> None:
        active = {self._folder(attempt_id).name for attempt_id in tuple(self._renders)}
        idle = [f for f in self._root.iterdir() if f.is_dir() and f.name not in active]
        over = len(idle) - JOB_FOLDERS_MAX + 1
        if over > 0:
            for folder in sorted(idle, key=_age)[:over]:
                shutil.rmtree(folder, ignore_errors=True)


def _age(folder: Path) -> float:
    try:
        return folder.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _spec_of(request: VideoRequest) -> ClipSpec:
    return ClipSpec(
        attempt_id=request.attempt_id,
        keyframe_key=request.keyframe.key,
        width=request.width,
        height=request.height,
        duration_seconds=request.duration_seconds,
        frames_per_second=request.frames_per_second,
        camera_move=known_move(request.camera_move),
        ambience=AMBIENCE_OF_SCENE[scene_of(request.description or request.prompt)],
        seed=request.seed,
    )


def _read_marker(path: Path) -> Handle | None:
    try:
        stored = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return None
    return {str(name): str(value) for name, value in stored.items()}


def _hand_over(clip: Path, destination: Path) -> None:
    """Move, also across file systems, so that the destination is whole or absent."""
    part = destination.with_name(destination.name + ".part")
    shutil.move(clip, part)
    part.replace(destination)
    shutil.rmtree(clip.parent, ignore_errors=True)
