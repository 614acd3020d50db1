"""Music: generated from a brief, or the caller's own track made ready for the mix."""

from typing import ClassVar, Final

from temporalio import activity

from activities.heartbeats import heartbeating
from activities.seeds import seed_of
from activities.selection import adapter
from activities.workbench import Workbench
from studio.contracts.activities import MusicActivities
from studio.contracts.documents import AssetNote
from studio.contracts.errors import StudioError
from studio.contracts.keys import music_key
from studio.contracts.limits import MUSIC_DURATION_SECONDS_MIN
from studio.contracts.request import MusicWorkflow
from studio.contracts.workflow_io import MusicTask, Track
from studio.providers.ports import MusicRequest, Providers

TRACK_LEFT_SECONDS_MIN: Final = MUSIC_DURATION_SECONDS_MIN / 2
"""Half of what is asked for at submission: decoding may find a little less than an index tells."""


class NoTrack(StudioError):
    """The request wants an uploaded track, and there is none, or nothing of it from its start."""

    code: ClassVar[str] = "undecodable_media"


class ModelMusicActivities(MusicActivities):
    def __init__(self, bench: Workbench, providers: Providers) -> None:
        self._bench = bench
        self._providers = providers

    @activity.defn
    async def make_music(self, task: MusicTask) -> Track:
        if task.brief.workflow == MusicWorkflow.UPLOADED_TRACK:
            return await self._uploaded(task)
        return await self._generated(task)

    async def _uploaded(self, task: MusicTask) -> Track:
        report = await self._bench.asset_report(task.analysis_key)
        for note in report.notes:
            if note.audio_key and note.kind == "audio":
                return _track_from(task.brief.start_seconds, note)
        raise NoTrack("None of the uploaded files could be used as the music track.")

    async def _generated(self, task: MusicTask) -> Track:
        model = adapter(self._providers.music, task.model)
        async with heartbeating("composing"), self._bench.workspace("music") as folder:
            brief = await self._bench.brief(task.project_id)
            duration = _bounded_duration(task)
            track = folder / "music.wav"
            await model.compose(
                MusicRequest(
                    style_prompt=brief.request.style_prompt,
                    lyrics_prompt=brief.request.lyrics_prompt,
                    duration_seconds=duration,
                    seed=seed_of(task.project_id, "music"),
                ),
                track,
            )
            key = await self._bench.store(music_key(task.project_id), track, "audio/wav")
        return Track(key=key, duration_seconds=duration, start_seconds=task.brief.start_seconds)


def _track_from(start_seconds: float, note: AssetNote) -> Track:
    """The uploaded track. NoTrack before anything is spent on a film that would have no music."""
    duration = note.duration_seconds or 0.0
    if duration - start_seconds < TRACK_LEFT_SECONDS_MIN:
        raise NoTrack(
            f"The track has {duration:.1f} s that can be used; it cannot start at "
            f"{start_seconds:g} s."
        )
    return Track(key=str(note.audio_key), duration_seconds=duration, start_seconds=start_seconds)


def _bounded_duration(task: MusicTask) -> float:
    """The film's length from where the track starts, within the request's bounds."""
    wanted = task.film_duration_seconds + task.brief.start_seconds
    if task.brief.duration_seconds_max is not None:
        wanted = min(wanted, task.brief.duration_seconds_max)
    if task.brief.duration_seconds_min is not None:
        wanted = max(wanted, task.brief.duration_seconds_min)
    return wanted
