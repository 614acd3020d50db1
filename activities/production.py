"""Production: the join, the mix and the master, subtitles, and everything that is spoken."""

from pathlib import Path

from temporalio import activity

from activities.heartbeats import heartbeating
from activities.measures import count_film_misses
from activities.narration import Narrator
from activities.paid_calls import PaidCall, paid_call
from activities.selection import adapter
from activities.workbench import JSON_TYPE, Workbench
from studio.contracts.activities import ProductionActivities
from studio.contracts.documents import TrackReport, Transcript
from studio.contracts.frames import VIDEO_FRAME_SIZES
from studio.contracts.keys import (
    brief_key,
    film_key,
    poster_key,
    quality_report_key,
    subtitles_key,
)
from studio.contracts.workflow_io import (
    BriefTask,
    Film,
    FilmTask,
    Narration,
    NarrationTask,
    SpokenBrief,
)
from studio.media.join import JoinRequest, join_film
from studio.media.mixing import MUSIC_OFFSET_DB
from studio.media.poster import poster
from studio.media.subtitles import web_vtt
from studio.media.timeline import Timeline
from studio.providers.ports import Providers, SpeechRequest

MUSIC_LEADS_DB = 6.0
"""In a film cut to a track the shots' own sound is a colour below it."""

BRIEF_MANNER = "friendly assistant, brisk"
SOUND_TYPE = "audio/wav"
SUBTITLES_TYPE = "text/vtt"

JOIN_TIMEOUT_SECONDS = 3000.0
"""Below the activity's own limit, so that ffmpeg's error is seen rather than a time-out."""


class MediaProductionActivities(ProductionActivities):
    def __init__(self, bench: Workbench, providers: Providers) -> None:
        self._bench = bench
        self._providers = providers

    @activity.defn
    async def speak_brief(self, task: BriefTask) -> SpokenBrief:
        model = adapter(self._providers.voices, task.model)
        call = PaidCall(
            call_id=f"{task.project_id}-brief-{task.stage}",
            project_id=task.project_id,
            provider=task.model.provider,
            request=task,
        )
        async with heartbeating("speaking"), self._bench.workspace("brief") as folder:

            async def speak() -> SpokenBrief:
                sound = folder / "brief.wav"
                request = SpeechRequest(
                    model=task.model.provider_model, text=task.sentence, manner=BRIEF_MANNER
                )
                await model.speak(request, sound)
                key = brief_key(task.project_id, task.stage)
                return SpokenBrief(
                    stage=task.stage, audio_key=await self._bench.store(key, sound, SOUND_TYPE)
                )

            return await paid_call(self._bench, call, work=speak, kind=SpokenBrief)

    @activity.defn
    async def speak_narration(self, task: NarrationTask) -> Narration:
        model = adapter(self._providers.voices, task.model)
        async with heartbeating("narrating"), self._bench.workspace("narration") as folder:
            return await Narrator(self._bench, task, model, folder).narrate()

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
            missed = [check for check in report.checks if not check.passed]
            count_film_misses([check.name for check in missed])
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
                subtitles_key=await self._subtitles(task, report.duration_seconds, folder),
                warnings=tuple(check.sentence for check in missed),
                duration_seconds=report.duration_seconds,
                size_bytes=report.size_bytes,
                sha256=report.sha256,
            )

    async def _subtitles(self, task: FilmTask, film_seconds: float, folder: Path) -> str | None:
        """What the narrator says; without a narrator, what is sung. None where nobody is heard."""
        words = None
        if task.narration is not None:
            speech = await self._bench.read_document(task.narration.transcript_key, Transcript)
            words = web_vtt(film_seconds, speech=speech)
        elif task.track is not None and task.track.report_key is not None:
            report = await self._bench.read_document(task.track.report_key, TrackReport)
            words = web_vtt(
                film_seconds,
                lyrics=report.lyrics,
                lyrics_start_seconds=task.track.start_seconds,
                lyrics_timed=report.lyrics_timed,
            )
        if words is None:
            return None
        file = folder / "subtitles.vtt"
        file.write_text(words, encoding="utf-8")
        return await self._bench.store(subtitles_key(task.project_id), file, SUBTITLES_TYPE)

    async def _gather(self, task: FilmTask, folder: Path) -> JoinRequest:
        """Bring the normalised shots, the track and the narration next to each other."""
        width, height = VIDEO_FRAME_SIZES[task.resolution]
        clips = [
            await self._bench.fetch(key, folder / f"shot-{position:03d}.mov")
            for position, key in enumerate(task.clip_keys)
        ]
        track = task.track
        music = await self._bench.fetch(track.key, folder / "music.wav") if track else None
        speech = None
        if task.narration is not None:
            speech = await self._bench.fetch(task.narration.key, folder / "narration.wav")
        timeline = Timeline.of(task.shots, task.frames_per_second)
        return JoinRequest(
            clips=clips,
            clip_frames=timeline.clip_frames,
            overlap_frames=timeline.overlap_frames,
            frames_per_second=task.frames_per_second,
            width=width,
            height=height,
            music=music,
            music_start_seconds=track.start_seconds if track else 0.0,
            speech=speech,
            music_offset_db=MUSIC_LEADS_DB if task.music_leads else MUSIC_OFFSET_DB,
        )
