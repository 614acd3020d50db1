"""The film's music: the caller's own track, or a model's, decoded, bounded and measured."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from temporalio.testing import ActivityEnvironment

from activities.errors import to_application_error
from activities.music import ModelMusicActivities, NoTrack
from activities.workbench import Workbench
from studio.contracts.assets import AssetKind
from studio.contracts.documents import (
    AssetNote,
    AssetReport,
    BeatGrid,
    Segment,
    TrackReport,
    Transcript,
)
from studio.contracts.keys import music_key
from studio.contracts.plan import ModelChoice
from studio.contracts.request import MusicWorkflow, RenderRequest
from studio.contracts.workflow_io import MusicBrief, MusicTask, Track
from studio.db.engine import Database
from studio.media.errors import UndecodableMedia
from studio.media.ffmpeg import file_url, run_ffmpeg
from studio.media.probe import probe
from studio.pricing.freeze import UploadFacts
from studio.providers.errors import UnusableAnswer
from studio.providers.ports import Providers
from tests.analysis_scenes import FREE, PAID, ScriptedComposer, make_bench, submit
from tests.media_fixtures import TIMEOUT_SECONDS
from tests.pricing_scenes import DEMO, make_request
from tests.sound_scenes import drums, write_wav

ANALYSIS = "projects/one/analysis.json"
WORDS = Transcript(segments=(Segment(start_seconds=1, end_seconds=2, text="Row, row"),))


@pytest.fixture
def bench(sqlite_database: Database, tmp_path: Path) -> Workbench:
    return make_bench(sqlite_database, tmp_path)


async def run(bench: Workbench, task: MusicTask, composer: ScriptedComposer | None = None) -> Track:
    music = {} if composer is None else {PAID.provider: composer, FREE.provider: composer}
    activities = ModelMusicActivities(bench, Providers(music=music))
    return await ActivityEnvironment().run(activities.make_music, task)


async def report_of(bench: Workbench, track: Track) -> TrackReport:
    return await bench.read_document(str(track.report_key), TrackReport)


def upload(index: int, seconds: float | None) -> AssetNote:
    return AssetNote(
        index=index,
        kind=AssetKind.AUDIO,
        filename="a.mp3",
        audio_key=f"projects/one/{index}.wav" if seconds is not None else None,
        duration_seconds=seconds,
        loudness_lufs=-11.5,
        beats=BeatGrid(beats_per_minute=120, beat_seconds=(30.1, 30.6)),
        transcript=WORDS,
    )


async def uploaded(
    bench: Workbench, *notes: AssetNote, brief: MusicBrief, film_seconds: float = 0.5
) -> Track:
    await bench.write_document(ANALYSIS, AssetReport(notes=notes))
    task = MusicTask(
        project_id="one",
        brief=brief,
        model=ModelChoice(requested="upload", used="upload", provider="local"),
        analysis_key=ANALYSIS,
        film_duration_seconds=film_seconds,
    )
    return await run(bench, task)


def from_upload(start_seconds: float = 0) -> MusicBrief:
    return MusicBrief(workflow=MusicWorkflow.UPLOADED_TRACK, start_seconds=start_seconds)


@pytest.mark.requirement("MUSIC-3", "INPUT-7")
async def test_an_uploaded_track_plays_from_where_it_is_to_start(bench: Workbench) -> None:
    track = await uploaded(bench, upload(0, 30.97), brief=from_upload(30))

    assert (track.key, track.duration_seconds) == ("projects/one/0.wav", 30.97)
    assert (track.start_seconds, track.warnings) == (30, ())
    report = await report_of(bench, track)
    assert (report.start_seconds, report.loudness_lufs) == (30, -11.5)
    assert report.beats.beat_seconds == (30.1, 30.6)
    assert (report.lyrics, report.lyrics_timed) == (WORDS, True)


@pytest.mark.requirement("MUSIC-4")
async def test_the_first_audio_upload_is_the_music_where_that_is_asked_for(
    bench: Workbench,
) -> None:
    request = make_request(use_first_audio_asset_as_music=True, music_workflow="generated")
    facts = UploadFacts(
        filenames=("a.png", "b.mp3", "c.mp3"),
        image_count=1,
        audio_count=2,
        first_audio_duration_seconds=31.0,
    )
    brief = DEMO.freeze(request, facts).music
    assert brief is not None
    image = AssetNote(index=0, kind=AssetKind.IMAGE, filename="a.png")

    track = await uploaded(bench, image, upload(1, 31.0), upload(2, 99.0), brief=brief)

    assert (track.key, track.warnings) == ("projects/one/1.wav", ())


async def test_the_next_track_is_taken_where_the_first_could_not_be_read(bench: Workbench) -> None:
    notes = (upload(0, None), upload(1, 40.0))
    track = await uploaded(bench, *notes, brief=from_upload())

    assert track.key == "projects/one/1.wav"
    assert track.warnings == ("Upload 2 is the music: the audio before it could not be read.",)


async def test_a_track_that_ends_before_the_film_is_told(bench: Workbench) -> None:
    track = await uploaded(bench, upload(0, 30.0), brief=from_upload(10), film_seconds=24)

    assert track.warnings == (
        "There are 20.0 s of music for a film of 24.0 s.",
        "The music is repeated until the film ends.",
    )


@pytest.mark.parametrize(("seconds", "start"), [(30.0, 30.0), (30.2, 30.0), (0.1, 0.0), (None, 0)])
async def test_a_track_with_nothing_left_of_it_ends_the_render_before_it_is_shot(
    bench: Workbench, seconds: float | None, start: float
) -> None:
    with pytest.raises(NoTrack) as caught:
        await uploaded(bench, upload(0, seconds), brief=from_upload(start))

    assert to_application_error(caught.value).non_retryable


@dataclass(frozen=True)
class Order:
    """A film's wish for generated music."""

    film_seconds: float = 8
    start_seconds: float = 0
    shortest: float | None = None
    longest: float | None = 600

    def task(self, project_id: str, model: ModelChoice = FREE) -> MusicTask:
        return MusicTask(
            project_id=project_id,
            model=model,
            brief=MusicBrief(
                workflow=MusicWorkflow.GENERATED,
                start_seconds=self.start_seconds,
                duration_seconds_min=self.shortest,
                duration_seconds_max=self.longest,
            ),
            film_duration_seconds=self.film_seconds,
            analysis_key=ANALYSIS,
        )


async def music_file(folder: Path, seconds: float, *encoding: str, suffix: str = ".mp3") -> bytes:
    source = write_wav(folder / "source.wav", drums(120, seconds))
    made = folder / f"made{suffix}"
    await run_ffmpeg(
        ["-i", file_url(source), *encoding, file_url(made)], timeout_seconds=TIMEOUT_SECONDS
    )
    return made.read_bytes()


async def generated(
    bench: Workbench, composer: ScriptedComposer, order: Order, model: ModelChoice = FREE
) -> Track:
    request = RenderRequest(name="The keeper", style_prompt="brass", lyrics_prompt="of the sea")
    project_id = await submit(bench, request=request)
    return await run(bench, order.task(project_id, model), composer)


async def stored_seconds(bench: Workbench, track: Track, folder: Path) -> float:
    copy = await bench.fetch(track.key, folder / "copy.wav")
    audio = (await probe(copy)).audio
    assert audio is not None
    assert (audio.codec, audio.sample_rate, audio.channels) == ("pcm_s16le", 48_000, 2)
    return audio.duration_seconds


@pytest.mark.parametrize(
    ("suffix", "encoding"),
    [
        (".mp3", ("-b:a", "96k")),
        (".wav", ("-ar", "44100", "-ac", "1")),
        (".flac", ()),
        (".m4a", ("-c:a", "aac", "-brand", "mp42")),
        (".ogg", ("-c:a", "libopus")),
    ],
)
async def test_a_models_music_of_any_format_is_decoded_and_measured(
    bench: Workbench, tmp_path: Path, suffix: str, encoding: tuple[str, ...]
) -> None:
    composer = ScriptedComposer(await music_file(tmp_path, 9, *encoding, suffix=suffix))

    track = await generated(bench, composer, Order())

    assert track.duration_seconds == pytest.approx(9, abs=0.1)
    assert await stored_seconds(bench, track, tmp_path) == pytest.approx(9, abs=0.1)
    report = await report_of(bench, track)
    assert report.beats.beats_per_minute == pytest.approx(120, rel=0.02)
    assert report.loudness_lufs == pytest.approx(-17, abs=6)
    assert track.warnings == ()


async def test_the_model_is_told_the_film_the_style_the_lyrics_and_the_length(
    bench: Workbench, tmp_path: Path
) -> None:
    composer = ScriptedComposer(await music_file(tmp_path, 9))

    await generated(bench, composer, Order(film_seconds=6, start_seconds=2), PAID)

    (asked,) = composer.asked
    assert (asked.model, asked.film_title) == ("seer-1-001", "The keeper")
    assert (asked.style_prompt, asked.lyrics_prompt) == ("brass", "of the sea")
    assert asked.duration_seconds == 8


@pytest.mark.requirement("MUSIC-2")
@pytest.mark.parametrize(
    ("order", "wanted"),
    [
        (Order(film_seconds=5, shortest=8), 8),
        (Order(film_seconds=20, longest=8), 8),
        (Order(film_seconds=600, start_seconds=60, longest=None), 600),
    ],
)
async def test_the_length_that_is_asked_of_the_model_is_within_the_bounds(
    bench: Workbench, tmp_path: Path, order: Order, wanted: float
) -> None:
    composer = ScriptedComposer(await music_file(tmp_path, 9))

    await generated(bench, composer, order)

    assert [asked.duration_seconds for asked in composer.asked] == [wanted]


@pytest.mark.requirement("MUSIC-2")
async def test_music_that_is_longer_than_it_may_be_is_faded_out_there(
    bench: Workbench, tmp_path: Path
) -> None:
    composer = ScriptedComposer(await music_file(tmp_path, 12), lyrics="[0:02] in\n[0:09] out")

    track = await generated(bench, composer, Order(film_seconds=6, longest=7))

    assert track.duration_seconds == 7
    assert await stored_seconds(bench, track, tmp_path) == pytest.approx(7, abs=0.01)
    report = await report_of(bench, track)
    assert max(report.beats.beat_seconds) < 7
    assert [line.text for line in report.lyrics.segments] == ["in"]
    assert track.warnings == ()


@pytest.mark.requirement("MUSIC-2")
async def test_music_that_is_shorter_than_it_was_to_be_is_told(
    bench: Workbench, tmp_path: Path
) -> None:
    composer = ScriptedComposer(await music_file(tmp_path, 9, suffix=".flac"))

    track = await generated(bench, composer, Order(film_seconds=12, shortest=10))

    assert track.warnings == (
        "The music is 9.0 s long, not 10 s as asked for.",
        "There are 9.0 s of music for a film of 12.0 s.",
        "The music is repeated until the film ends.",
    )


@pytest.mark.requirement("MUSIC-3")
async def test_generated_music_starts_where_it_is_to_start_if_it_is_long_enough(
    bench: Workbench, tmp_path: Path
) -> None:
    composer = ScriptedComposer(await music_file(tmp_path, 9, suffix=".flac"))

    there = await generated(bench, composer, Order(film_seconds=4, start_seconds=3))
    too_late = await generated(bench, composer, Order(film_seconds=4, start_seconds=20))

    assert (there.start_seconds, there.warnings) == (3, ())
    assert min((await report_of(bench, there)).beats.beat_seconds) >= 3
    assert too_late.start_seconds == 0
    assert too_late.warnings == (
        "The music is 9.0 s long: it starts at its beginning, not at 20 s.",
    )


async def test_the_lyrics_are_kept_with_their_times(bench: Workbench, tmp_path: Path) -> None:
    timed = ScriptedComposer(await music_file(tmp_path, 9), lyrics="[0:01] Row\n[0:04] your boat")
    plain = ScriptedComposer(timed.content, lyrics="[Verse 1]\nRow\nyour boat")

    first = await report_of(bench, await generated(bench, timed, Order()))
    second = await report_of(bench, await generated(bench, plain, Order()))

    assert first.lyrics_timed
    assert [line.start_seconds for line in first.lyrics.segments] == [1, 4]
    assert not second.lyrics_timed
    assert [line.text for line in second.lyrics.segments] == ["Row", "your boat"]


async def test_paid_music_is_bought_once_however_often_the_step_is_repeated(
    bench: Workbench, tmp_path: Path
) -> None:
    composer = ScriptedComposer(await music_file(tmp_path, 9), lyrics="Row")
    project_id = await submit(bench)
    task = Order().task(project_id, PAID)

    first, second = [await run(bench, task, composer) for _ in range(2)]

    assert first == second
    assert first.key == music_key(project_id)
    assert len(composer.asked) == 1


@pytest.mark.parametrize(
    "content",
    [b"", b"<html>not found</html>", b"\x89PNG\r\n\x1a\n" + b"\0" * 200, b"#EXTM3U\nhttp://a/b"],
)
async def test_what_is_no_sound_is_an_unusable_answer(bench: Workbench, content: bytes) -> None:
    with pytest.raises(UnusableAnswer):
        await generated(bench, ScriptedComposer(content), Order())


async def test_a_broken_recording_is_refused_for_good(bench: Workbench, tmp_path: Path) -> None:
    whole = await music_file(tmp_path, 9, suffix=".flac")

    with pytest.raises(UndecodableMedia) as caught:
        await generated(bench, ScriptedComposer(whole[:60]), Order())

    assert to_application_error(caught.value).non_retryable
