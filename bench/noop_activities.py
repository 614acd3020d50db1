"""Models and media that are ready at once, so that only the orchestration takes time."""

from temporalio import activity

from studio.contracts import workflow_io as io
from studio.contracts.activities import (
    AssetActivities,
    FilmingActivities,
    PlanningActivities,
    ProductionActivities,
    StoryboardActivities,
)
from studio.contracts.keys import (
    analysis_key,
    clip_key,
    film_key,
    keyframe_key,
    poster_key,
    preview_key,
    quality_report_key,
    screenplay_key,
    thumbnail_key,
)

NO_DIGEST = "0" * 64


class NoAssets(AssetActivities):
    @activity.defn
    async def analyze_assets(self, task: io.ProjectTask) -> io.AssetAnalysis:
        return io.AssetAnalysis(analysis_key=analysis_key(task.project_id), described_count=0)


class NoPlanning(PlanningActivities):
    @activity.defn
    async def plan_shots(self, task: io.PlanningTask) -> io.Screenplay:
        key = screenplay_key(task.project_id)
        return io.Screenplay(screenplay_key=key, shot_count=len(task.shots))


class NoStoryboard(StoryboardActivities):
    @activity.defn
    async def draw_keyframe(self, task: io.ShotTask) -> io.Keyframe:
        key = keyframe_key(task.project_id, task.shot.index, task.attempt)
        return io.Keyframe(key=key, width=1280, height=720)

    @activity.defn
    async def review_keyframe(self, task: io.ReviewTask) -> io.Review:
        del task
        return io.Review(passed=True, score=9)


class NoFilming(FilmingActivities):
    @activity.defn
    async def submit_clip(self, task: io.ClipTask) -> io.ClipJob:
        handle = {"id": task.attempt_id}
        return io.ClipJob(attempt_id=task.attempt_id, provider="local", handle=handle)

    @activity.defn
    async def await_clip(self, job: io.ClipJob) -> None:
        del job

    @activity.defn
    async def collect_clip(self, task: io.CollectTask) -> io.Clip:
        clip = task.clip
        return io.Clip(
            key=clip_key(clip.project_id, clip.shot.index, clip.attempt),
            preview_key=preview_key(clip.project_id, clip.shot.index, clip.attempt),
            thumbnail_key=thumbnail_key(clip.project_id, clip.shot.index, clip.attempt),
            frames=clip.shot.frames,
            duration_seconds=clip.shot.frames / clip.frames_per_second,
        )

    @activity.defn
    async def review_clip(self, task: io.ReviewTask) -> io.Review:
        del task
        return io.Review(passed=True, score=9)


class NoProduction(ProductionActivities):
    @activity.defn
    async def assemble_film(self, task: io.FilmTask) -> io.Film:
        return io.Film(
            key=film_key(task.project_id),
            poster_key=poster_key(task.project_id),
            quality_report_key=quality_report_key(task.project_id),
            duration_seconds=sum(shot.frames for shot in task.shots) / task.frames_per_second,
            size_bytes=1,
            sha256=NO_DIGEST,
        )
