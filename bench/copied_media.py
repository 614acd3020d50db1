"""Media work replaced by copies of what came in, where something else is to be measured."""

import asyncio
import hashlib
from pathlib import Path

from temporalio import activity

from activities.clips import CLIP_TYPE, PICTURE_TYPE, PREVIEW_TYPE
from activities.filming import ModelFilmingActivities
from activities.production import MediaProductionActivities
from activities.workbench import JSON_TYPE, Workbench
from studio.contracts.keys import (
    clip_key,
    film_key,
    poster_key,
    preview_key,
    quality_report_key,
    thumbnail_key,
)
from studio.contracts.workflow_io import Clip, ClipTask, CollectTask, Film, FilmTask
from studio.providers.ports import Providers, VideoModel


class CopiedFilming(ModelFilmingActivities):
    """Real orders, journal and polls; a clip is stored as it was delivered."""

    def __init__(self, bench: Workbench, providers: Providers) -> None:
        super().__init__(bench, providers)
        self._store = bench

    async def _collect(self, task: CollectTask, model: VideoModel, folder: Path) -> Clip:
        raw = folder / "raw.mp4"
        await model.collect(task.job.handle, raw)
        return await copy_clip(self._store, task.clip, raw)

    @activity.defn
    async def animate_keyframe(self, task: ClipTask) -> Clip:
        """The replacement of a shot is its keyframe as it is."""
        async with self._store.workspace("animate") as folder:
            still = await self._store.fetch(task.keyframe_key, folder / "still.png")
            return await copy_clip(self._store, task, still)


class CopiedProduction(MediaProductionActivities):
    """Every clip is fetched, as a join does; the film is the last of them."""

    def __init__(self, bench: Workbench, providers: Providers) -> None:
        super().__init__(bench, providers)
        self._store = bench

    @activity.defn
    async def assemble_film(self, task: FilmTask) -> Film:
        async with self._store.workspace("join") as folder:
            film = folder / "film.mp4"
            for key in task.clip_keys:
                await self._store.fetch(key, film)
            content = await asyncio.to_thread(film.read_bytes)
            project_id = task.project_id
            return Film(
                key=await self._store.store(film_key(project_id), film, PREVIEW_TYPE),
                poster_key=await self._store.store(poster_key(project_id), film, PICTURE_TYPE),
                quality_report_key=await self._store.store(
                    quality_report_key(project_id), film, JSON_TYPE
                ),
                duration_seconds=sum(shot.frames for shot in task.shots) / task.frames_per_second,
                size_bytes=len(content),
                sha256=hashlib.sha256(content).hexdigest(),
            )


async def copy_clip(bench: Workbench, task: ClipTask, raw: Path) -> Clip:
    """As `keep_clip` stores one, without an encoding."""
    where = (task.project_id, task.shot.index, task.attempt)
    return Clip(
        key=await bench.store(clip_key(*where), raw, CLIP_TYPE),
        preview_key=await bench.store(preview_key(*where), raw, PREVIEW_TYPE),
        thumbnail_key=await bench.store(thumbnail_key(*where), raw, PICTURE_TYPE),
        frames=task.shot.frames,
        duration_seconds=task.shot.frames / task.frames_per_second,
    )
