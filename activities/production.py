"""Production: the join, the mix and the master, and the spoken briefs of finished stages."""

from pathlib import Path

from temporalio import activity

from activities.heartbeats import heartbeating
from activities.measures import count_film_misses
from activities.selection import adapter
from activities.workbench import JSON_TYPE, Workbench
from studio.contracts.activities import ProductionActivities
from studio.contracts.frames import VIDEO_FRAME_SIZES
from studio.contracts.keys import brief_key, film_key, poster_key, quality_report_key
from studio.contracts.workflow_io import BriefTask, Film, FilmTask, SpokenBrief
from studio.media.join import JoinRequest, join_film
from studio.media.mixing import MUSIC_OFFSET_DB
from studio.media.poster import poster
from studio.providers.ports import Providers

MUSIC_LEADS_DB = 6.0
"""In a film cut to a track the shots' own sound is a colour below it."""

JOIN_TIMEOUT_SECONDS = 3000.0
"""Below the activity's own limit, so that ffmpeg's error is seen rather than a time-out."""


class MediaProductionActivities(ProductionActivities):
    def __init__(self, bench: Workbench, providers: Providers) -> None:
        self._bench = bench
        self._providers = providers

    @activity.defn
    async def speak_brief(self, task: BriefTask) -> SpokenBrief:
        model = adapter(self._providers.voices, task.model)
        async with heartbeating("speaking"), self._bench.workspace("brief") as folder:
            sound = folder / "brief.wav"
            await model.speak(task.sentence, sound)
            key = await self._bench.store(
                brief_key(task.project_id, task.stage), sound, "audio/wav"
            )
        return SpokenBrief(stage=task.stage, audio_key=key)

    @activity.defn
    async def assemble_film(self, task: FilmTask) -> Film:
        async with heartbeating("joining") as pulse, self._bench.workspace("join") as folder:
            film = folder / "film.mp4"
            report = await join_film(
                await self._gather(task, folder),
                film,
                work_directory=folder,
                timeout_seconds=JOIN_TIMEOUT_SECONDS,
                on_progress=pulse.report,
            )
            count_film_misses([check.name for check in report.checks if not check.passed])
            picture = folder / "poster.jpg"
            await poster(film, picture)
            project_id = task.project_id
            quality = folder / "quality.json"
            quality.write_text(report.model_dump_json(indent=2))
            return Film(
                key=await self._bench.store(film_key(project_id), film, "video/mp4"),
                poster_key=await self._bench.store(poster_key(project_id), picture, "image/jpeg"),
                quality_report_key=await self._bench.store(
                    quality_report_key(project_id), quality, JSON_TYPE
                ),
                duration_seconds=report.duration_seconds,
                size_bytes=report.size_bytes,
                sha256=report.sha256,
            )

    async def _gather(self, task: FilmTask, folder: Path) -> JoinRequest:
        """Bring the normalised shots and the track next to each other."""
        width, height = VIDEO_FRAME_SIZES[task.resolution]
        clips = [
            await self._bench.fetch(key, folder / f"shot-{position:03d}.mov")
            for position, key in enumerate(task.clip_keys)
        ]
        track = task.track
        music = await self._bench.fetch(track.key, folder / "music.wav") if track else None
        return JoinRequest(
            clips=clips,
            clip_frames=[shot.frames for shot in task.shots],
            frames_per_second=task.frames_per_second,
            width=width,
            height=height,
            music=music,
            music_start_seconds=track.start_seconds if track else 0.0,
            music_offset_db=MUSIC_LEADS_DB if task.music_leads else MUSIC_OFFSET_DB,
        )
