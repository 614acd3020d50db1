"""Music: generated from a brief, or the caller's own track made ready for the mix."""

import asyncio
from pathlib import Path
from typing import ClassVar, Final

from temporalio import activity

from activities.heartbeats import heartbeating
from activities.paid_calls import PaidCall, paid_call
from activities.seeds import seed_of
from activities.selection import adapter
from activities.workbench import Workbench
from studio.contracts.activities import MusicActivities
from studio.contracts.assets import AssetKind
from studio.contracts.base import Payload
from studio.contracts.documents import AssetNote, AssetReport, TrackReport
from studio.contracts.errors import StudioError
from studio.contracts.keys import composition_key, music_key, track_report_key
from studio.contracts.limits import (
    MEBIBYTE,
    MUSIC_DURATION_SECONDS_MAX,
    MUSIC_DURATION_SECONDS_MIN,
)
from studio.contracts.request import MusicWorkflow
from studio.contracts.workflow_io import MusicTask, Track
from studio.ingest.errors import IngestError
from studio.ingest.sniff import SniffedType, sniff
from studio.media.beats import beat_grid
from studio.media.inspect import decode_audio_to_wav
from studio.media.lyrics import LYRICS_CHARACTERS_MAX, read_lyrics
from studio.media.tracks import cut_with_fade, loudness_of
from studio.pricing.music import TOLERANCE_SECONDS, below_film
from studio.providers.errors import UnusableAnswer
from studio.providers.ports import MusicModel, MusicRequest, Providers

TRACK_LEFT_SECONDS_MIN: Final = MUSIC_DURATION_SECONDS_MIN / 2
"""Half of what is asked for at submission: decoding may find a little less than an index tells."""

COMPOSITION_BYTES_MAX: Final = 256 * MEBIBYTE
"""Ten minutes of 48 kHz stereo WAV are 110 MiB, with 32 bits twice that."""

AUDIO_TYPE: Final = "audio/wav"


class NoTrack(StudioError):
    """The request wants an uploaded track, and there is none, or nothing of it from its start."""

    code: ClassVar[str] = "undecodable_media"


class Composed(Payload):
    """What a music model gave, as it came: its file in storage, that file's type, its lyrics."""

    key: str
    media_type: str
    lyrics: str = ""


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
        note, warnings = _chosen(await self._bench.asset_report(task.analysis_key))
        start, duration = task.brief.start_seconds, note.duration_seconds or 0.0
        if duration - start < TRACK_LEFT_SECONDS_MIN:
            raise NoTrack(
                f"The track has {duration:.1f} s that can be used; it cannot start at {start:g} s."
            )
        report = TrackReport(
            duration_seconds=duration,
            start_seconds=start,
            loudness_lufs=note.loudness_lufs,
            beats=note.beats,
            lyrics=note.transcript,
            lyrics_timed=bool(note.transcript.segments),
        )
        return await self._track(task, str(note.audio_key), report, warnings)

    async def _generated(self, task: MusicTask) -> Track:
        model = adapter(self._providers.music, task.model)
        call = PaidCall(
            call_id=f"{task.project_id}-music",
            project_id=task.project_id,
            provider=task.model.provider,
            request=task,
        )
        async with heartbeating("composing"), self._bench.workspace("music") as folder:
            composed = await paid_call(
                self._bench, call, work=lambda: self._compose(task, model, folder), kind=Composed
            )
            wav, duration = await self._decoded(task, composed, folder)
            start, warnings = _start_within(task.brief.start_seconds, duration)
            lyrics = read_lyrics(composed.lyrics, duration)
            report = TrackReport(
                duration_seconds=duration,
                start_seconds=start,
                loudness_lufs=await loudness_of(wav),
                beats=await beat_grid(wav, start_seconds=start),
                lyrics=lyrics.transcript,
                lyrics_timed=lyrics.timed,
            )
            key = await self._bench.store(music_key(task.project_id), wav, AUDIO_TYPE)
        return await self._track(task, key, report, (*warnings, *_below_minimum(task, duration)))

    async def _compose(self, task: MusicTask, model: MusicModel, folder: Path) -> Composed:
        brief = await self._bench.brief(task.project_id)
        given = folder / "composition"
        composition = await model.compose(
            MusicRequest(
                model=task.model.provider_model,
                film_title=brief.request.name,
                style_prompt=brief.request.style_prompt,
                lyrics_prompt=brief.request.lyrics_prompt,
                duration_seconds=_wanted_seconds(task),
                seed=seed_of(task.project_id, "music"),
            ),
            given,
        )
        sniffed = await asyncio.to_thread(_sound_type, given)
        return Composed(
            key=await self._bench.store(
                composition_key(task.project_id), given, sniffed.media_type
            ),
            media_type=sniffed.media_type,
            lyrics=composition.lyrics[:LYRICS_CHARACTERS_MAX],
        )

    async def _decoded(
        self, task: MusicTask, composed: Composed, folder: Path
    ) -> tuple[Path, float]:
        """The track as the mix takes it, no longer than it may be, and its length in seconds."""
        source = await self._bench.fetch(composed.key, folder / "source")
        wav, longest = folder / "music.wav", _longest_seconds(task)
        seconds = await decode_audio_to_wav(source, composed.media_type, wav)
        if seconds <= longest + TOLERANCE_SECONDS:
            return wav, seconds
        cut = folder / "cut.wav"
        await cut_with_fade(wav, cut, longest)
        return cut, longest

    async def _track(
        self, task: MusicTask, key: str, report: TrackReport, warnings: tuple[str, ...]
    ) -> Track:
        report_key = await self._bench.write_document(track_report_key(task.project_id), report)
        left = report.duration_seconds - report.start_seconds
        return Track(
            key=key,
            duration_seconds=report.duration_seconds,
            start_seconds=report.start_seconds,
            report_key=report_key,
            warnings=(*warnings, *below_film(left, task.film_duration_seconds)),
        )


def _chosen(report: AssetReport) -> tuple[AssetNote, tuple[str, ...]]:
    """The first audio upload, or the first that can be used. NoTrack if there is none."""
    sounds = [
        (number, note)
        for number, note in enumerate(report.notes, start=1)
        if note.kind == AssetKind.AUDIO
    ]
    usable = [(number, note) for number, note in sounds if note.audio_key]
    if not usable:
        raise NoTrack("None of the uploaded files could be used as the music track.")
    number, note = usable[0]
    if usable[0] == sounds[0]:
        return note, ()
    return note, (f"Upload {number} is the music: the audio before it could not be read.",)


def _sound_type(path: Path) -> SniffedType:
    """What a model's file is, by its bytes. UnusableAnswer where it cannot be sound."""
    size_bytes = path.stat().st_size if path.exists() else 0
    if not 0 < size_bytes <= COMPOSITION_BYTES_MAX:
        raise UnusableAnswer("The music model gave no file, or one that is far too large.")
    try:
        sniffed = sniff(path)
    except IngestError as error:
        raise UnusableAnswer("The music model gave a file that is no sound.") from error
    if sniffed.kind not in (AssetKind.AUDIO, AssetKind.VIDEO):  # MP4 may hold sound alone
        raise UnusableAnswer("The music model gave a file that is no sound.")
    return sniffed


def _longest_seconds(task: MusicTask) -> float:
    longest = task.brief.duration_seconds_max
    return float(MUSIC_DURATION_SECONDS_MAX) if longest is None else longest


def _wanted_seconds(task: MusicTask) -> float:
    """The film's length from where the track starts, within the request's bounds."""
    wanted = min(task.film_duration_seconds + task.brief.start_seconds, _longest_seconds(task))
    return max(wanted, task.brief.duration_seconds_min or 0.0)


def _start_within(start_seconds: float, duration_seconds: float) -> tuple[float, tuple[str, ...]]:
    """Where generated music starts: its length is the model's choice in the end."""
    if duration_seconds - start_seconds >= TRACK_LEFT_SECONDS_MIN:
        return start_seconds, ()
    length = f"The music is {duration_seconds:.1f} s long"
    return 0.0, (f"{length}: it starts at its beginning, not at {start_seconds:g} s.",)


def _below_minimum(task: MusicTask, duration_seconds: float) -> tuple[str, ...]:
    shortest = task.brief.duration_seconds_min
    if shortest is None or duration_seconds >= shortest - TOLERANCE_SECONDS:
        return ()
    return (f"The music is {duration_seconds:.1f} s long, not {shortest:g} s as asked for.",)
