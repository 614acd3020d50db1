"""Storyboarding: a shot's keyframe, and the critic's look at it."""

from pathlib import Path

from temporalio import activity

from activities.heartbeats import heartbeating
from activities.seeds import seed_of
from activities.selection import adapter
from activities.workbench import Workbench
from studio.contracts.activities import StoryboardActivities
from studio.contracts.documents import ShotScript
from studio.contracts.frames import IMAGE_FRAME_SIZES
from studio.contracts.keys import keyframe_key
from studio.contracts.workflow_io import Keyframe, Review, ReviewTask, ShotTask
from studio.providers.ports import ImageRequest, Providers


class ModelStoryboardActivities(StoryboardActivities):
    def __init__(self, bench: Workbench, providers: Providers) -> None:
        self._bench = bench
        self._providers = providers

    @activity.defn
    async def draw_keyframe(self, task: ShotTask) -> Keyframe:
        model = adapter(self._providers.images, task.model)
        width, height = IMAGE_FRAME_SIZES[task.resolution]
        index = task.shot.index
        async with heartbeating("drawing"), self._bench.workspace("keyframe") as folder:
            screenplay = await self._bench.screenplay(task.screenplay_key)
            script = next(shot for shot in screenplay.shots if shot.index == index)
            picture = folder / "keyframe.png"
            request = ImageRequest(
                title=screenplay.title,
                shot=script,
                shot_count=task.shot_count,
                style=screenplay.style,
                width=width,
                height=height,
                seed=seed_of(task.project_id, index, task.attempt),
                references=await self._references(task, script, folder),
            )
            await model.draw(request, picture)
            key = keyframe_key(task.project_id, index, task.attempt)
            await self._bench.store(key, picture, "image/png")
        return Keyframe(key=key, width=width, height=height)

    async def _references(
        self, task: ShotTask, script: ShotScript, folder: Path
    ) -> tuple[Path, ...]:
        """The shot's uploads as pictures, most important first; a model takes what it can."""
        report = await self._bench.asset_report(task.analysis_key)
        stills = {note.index: note.still_key for note in report.notes}
        return tuple(
            [
                await self._bench.fetch(key, folder / f"reference-{index}.png")
                for index in script.reference_indices
                if (key := stills.get(index)) is not None
            ]
        )

    @activity.defn
    async def review_keyframe(self, task: ReviewTask) -> Review:
        critic = adapter(self._providers.critics, task.model)
        async with heartbeating("looking"), self._bench.workspace("review") as folder:
            script = await self._bench.script(task.screenplay_key, task.shot.index)
            picture = await self._bench.fetch(task.media_key, folder / "keyframe.png")
            verdict = await critic.review_image(script, picture)
        return Review(passed=verdict.passed, score=verdict.score, remark=verdict.remark)
