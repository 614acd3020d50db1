"""The last stage: what is spoken, the film with its subtitles, and what it says of itself."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from temporalio.testing import ActivityEnvironment

from activities.clips import keep_clip
from activities.production import MediaProductionActivities
from activities.workbench import Workbench
from studio.contracts.documents import (
    ScreenplayDocument,
    Segment,
    ShotScript,
    TrackReport,
    Transcript,
)
from studio.contracts.plan import ModelChoice, ShotTiming
from studio.contracts.status import Stage
from studio.contracts.workflow_io import (
    BriefTask,
    Clip,
    ClipTask,
    Film,
    FilmTask,
    Narration,
    NarrationTask,
    Track,
)
from studio.db.engine import Database
from studio.media.ffmpeg import file_url, run_ffmpeg
from studio.media.probe import probe
from studio.providers.errors import ModelGone, ProviderError, ProviderRejected
from studio.providers.ports import Providers, SpeechRequest
from tests.analysis_scenes import FREE, PAID, make_bench
from tests.media_fixtures import TIMEOUT_SECONDS, ClipSpec, decoded_frames, make_clip

FPS = 24
PROJECT = "proj_api_1"
SHOTS = (
    ShotTiming(index=1, frames=48, filmed_seconds=4, overlap_frames=12),
    ShotTiming(index=2, frames=36, filmed_seconds=4),
    ShotTiming(index=3, frames=48, filmed_seconds=4),
)
FILM_FRAMES = 48 + 36 + 48 - 12


@dataclass
class ScriptedVoice:
    """Says every text in half a second, after raising what `failures` holds for it, one a call."""

    failures: dict[str, list[Exception]] = field(default_factory=dict)
    said: list[SpeechRequest] = field(default_factory=list)

    async def speak(self, request: SpeechRequest, destination: Path) -> None:
        self.said.append(request)
        if self.failures.get(request.text):
            raise self.failures[request.text].pop(0)
        tone = ["-f", "lavfi", "-i", "sine=f=800:r=24000:d=0.5"]
        await run_ffmpeg([*tone, file_url(destination)], timeout_seconds=TIMEOUT_SECONDS)


@pytest.fixture
def bench(sqlite_database: Database, tmp_path: Path) -> Workbench:
    return make_bench(sqlite_database, tmp_path)


@pytest.fixture
def voice() -> ScriptedVoice:
    return ScriptedVoice()


@pytest.fixture
def production(bench: Workbench, voice: ScriptedVoice) -> MediaProductionActivities:
    return MediaProductionActivities(
        bench, Providers(voices={PAID.provider: voice, FREE.provider: voice})
    )


async def screenplay(bench: Workbench, lines: Sequence[str]) -> str:
    shots = tuple(
        ShotScript(
            index=index, title="Boat", description="A boat.", camera_move="pan", narration=line
        )
        for index, line in enumerate(lines, 1)
    )
    document = ScreenplayDocument(title="A film", style="plain", shots=shots)
    return await bench.write_document(f"projects/{PROJECT}/screenplay.json", document)


async def narrated(
    production: MediaProductionActivities,
    bench: Workbench,
    lines: Sequence[str],
    model: ModelChoice = PAID,
) -> Narration:
    task = NarrationTask(
        project_id=PROJECT,
        model=model,
        screenplay_key=await screenplay(bench, lines),
        shots=SHOTS,
        frames_per_second=FPS,
    )
    return await ActivityEnvironment().run(production.speak_narration, task)


async def words(bench: Workbench, narration: Narration) -> list[tuple[float, str]]:
    transcript = await bench.read_document(narration.transcript_key, Transcript)
    return [(segment.start_seconds, segment.text) for segment in transcript.segments]


async def test_each_line_is_heard_where_its_shot_begins(
    production: MediaProductionActivities, bench: Workbench, voice: ScriptedVoice, tmp_path: Path
) -> None:
    narration = await narrated(production, bench, ["One.", "", "Three."])

    assert await words(bench, narration) == [(0.3, "One."), (3.3, "Three.")]
    assert [(said.model, said.manner) for said in voice.said] == [
        (PAID.provider_model, "calm narrator")
    ] * 2
    track = await bench.fetch(narration.key, tmp_path / "narration.wav")
    assert (await probe(track)).duration_seconds == pytest.approx(FILM_FRAMES / FPS)
    assert narration.warnings == ()


async def test_a_line_that_was_paid_for_is_not_spoken_again(
    production: MediaProductionActivities, bench: Workbench, voice: ScriptedVoice
) -> None:
    voice.failures["Two."] = [ProviderError("Later.")]
    with pytest.raises(ProviderError):
        await narrated(production, bench, ["One.", "Two.", "Three."])
    narration = await narrated(production, bench, ["One.", "Two.", "Three."])

    assert len(await words(bench, narration)) == 3
    paid = [said.text for said in voice.said]
    assert (paid.count("Two."), paid.count("One.") + paid.count("Three.")) == (2, 2)


async def test_a_line_that_is_refused_costs_the_film_that_line(
    production: MediaProductionActivities, bench: Workbench, voice: ScriptedVoice
) -> None:
    voice.failures["Two."] = [ProviderRejected("It is not allowed.")]
    narration = await narrated(production, bench, ["One.", "Two.", ""])

    assert [text for _, text in await words(bench, narration)] == ["One."]
    assert narration.warnings == ("The narration of shot 2 is missing: It is not allowed.",)


@pytest.mark.parametrize("failure", [ProviderRejected("No."), ModelGone("It is no more.")])
async def test_a_voice_that_says_nothing_at_all_is_an_error(
    production: MediaProductionActivities,
    bench: Workbench,
    voice: ScriptedVoice,
    failure: ProviderError,
) -> None:
    voice.failures["One."] = [failure]
    with pytest.raises(type(failure)):
        await narrated(production, bench, ["One.", "", ""])


async def test_another_voice_takes_over_from_the_first_line_on(
    production: MediaProductionActivities, bench: Workbench, voice: ScriptedVoice
) -> None:
    voice.failures["Three."] = [ModelGone("It is no more.")]
    with pytest.raises(ModelGone):
        await narrated(production, bench, ["One.", "", "Three."])
    successor = PAID.model_copy(update={"provider_model": "seer-2"})
    narration = await narrated(production, bench, ["One.", "", "Three."], successor)

    assert len(await words(bench, narration)) == 2
    assert [said.model for said in voice.said[-2:]] == ["seer-2"] * 2


async def test_a_brief_that_was_paid_for_is_not_spoken_again(
    production: MediaProductionActivities, voice: ScriptedVoice
) -> None:
    task = BriefTask(project_id=PROJECT, stage=Stage.PLANNING, sentence="Planned.", model=PAID)
    first = await ActivityEnvironment().run(production.speak_brief, task)
    again = await ActivityEnvironment().run(production.speak_brief, task)

    assert first == again
    assert [said.text for said in voice.said] == ["Planned."]


async def clips(bench: Workbench, tmp_path: Path) -> tuple[Clip, ...]:
    kept = []
    before = 0
    for shot in SHOTS:
        place = tmp_path / f"clip-{shot.index}"
        await asyncio.to_thread(place.mkdir)
        raw = await make_clip(place / "raw.mp4", ClipSpec(seconds=2.0, sound_seconds=2.0))
        task = ClipTask(
            project_id=PROJECT,
            attempt_id=f"{PROJECT}-{shot.index}",
            shot=shot,
            shot_count=len(SHOTS),
            attempt=1,
            model=FREE,
            resolution="720p",
            screenplay_key="-",
            keyframe_key="-",
            frames_per_second=FPS,
            overlap_before_frames=before,
        )
        kept.append(await keep_clip(bench, task, raw, place))
        before = shot.overlap_frames
    return tuple(kept)


async def assembled(
    production: MediaProductionActivities,
    kept: Sequence[Clip],
    *,
    track: Track | None = None,
    narration: Narration | None = None,
) -> Film:
    task = FilmTask(
        project_id=PROJECT,
        clip_keys=tuple(clip.key for clip in kept),
        shots=SHOTS,
        frames_per_second=FPS,
        resolution="720p",
        track=track,
        narration=narration,
    )
    return await ActivityEnvironment().run(production.assemble_film, task)


async def test_a_film_with_a_narrator_has_dissolves_subtitles_and_a_report(
    production: MediaProductionActivities, bench: Workbench, tmp_path: Path
) -> None:
    narration = await narrated(production, bench, ["One.", "", "Three."], FREE)
    film = await assembled(production, await clips(bench, tmp_path), narration=narration)

    path = await bench.fetch(film.key, tmp_path / "film.mp4")
    assert decoded_frames(path) == FILM_FRAMES
    assert film.warnings == ()
    subtitles = bench.storage.read_bytes(str(film.subtitles_key), size_bytes_max=10_000).decode()
    assert subtitles.startswith("WEBVTT\n\n00:00:00.300 --> 00:00:01.300\nOne.\n")
    report = json.loads(bench.storage.read_bytes(film.quality_report_key, size_bytes_max=100_000))
    assert [clip["start_seconds"] for clip in report["clips"]] == [0, 1.5, 3]
    assert all(check["passed"] for check in report["checks"])


async def test_without_a_narrator_what_is_sung_is_shown_from_where_the_track_begins(
    production: MediaProductionActivities, bench: Workbench, tmp_path: Path
) -> None:
    lyrics = Transcript(segments=(Segment(start_seconds=4, end_seconds=6, text="Row, row"),))
    report_key = await bench.write_document(
        f"projects/{PROJECT}/music.json",
        TrackReport(duration_seconds=9, start_seconds=3, lyrics=lyrics, lyrics_timed=False),
    )
    sound = tmp_path / "music.wav"
    hiss = ["-f", "lavfi", "-i", "sine=f=300:d=9,volume=-90dB"]
    await run_ffmpeg([*hiss, file_url(sound)], timeout_seconds=TIMEOUT_SECONDS)
    key = await bench.store(f"projects/{PROJECT}/music.wav", sound, "audio/wav")
    track = Track(key=key, duration_seconds=9, start_seconds=3, report_key=report_key)
    film = await assembled(production, await clips(bench, tmp_path), track=track)

    subtitles = bench.storage.read_bytes(str(film.subtitles_key), size_bytes_max=10_000).decode()
    assert "NOTE The times of the lyrics are estimated." in subtitles
    assert "00:00:01.000 --> 00:00:03.000\n♪ Row, row ♪\n" in subtitles


async def test_a_film_without_words_has_no_subtitles(
    production: MediaProductionActivities, bench: Workbench, tmp_path: Path
) -> None:
    film = await assembled(production, await clips(bench, tmp_path))

    assert film.subtitles_key is None
    assert film.warnings == ()
