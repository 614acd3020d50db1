"""Uploads are taken apart, described and classed; what cannot be had of one costs that one only."""

import asyncio
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from temporalio.testing import ActivityEnvironment

from activities.assets import ASSETS_AT_ONCE, MediaAssetActivities
from activities.workbench import Workbench
from studio.contracts.assets import AssetKind
from studio.contracts.documents import AssetClass, AssetNote, Segment, Transcript
from studio.contracts.keys import asset_audio_key, asset_picture_key, asset_still_key
from studio.contracts.plan import ModelChoice
from studio.contracts.request import MusicWorkflow
from studio.contracts.workflow_io import AnalysisTask, AssetAnalysis, MusicBrief
from studio.db.engine import Database
from studio.media.ffmpeg import file_url, run_ffmpeg
from studio.providers.errors import (
    ModelGone,
    ModerationRefused,
    ProviderBusy,
    ProviderError,
    RefusedInput,
    SubmissionUnknown,
)
from studio.providers.ports import Analyst, DescribeRequest, Description, Providers
from studio.storage.port import StorageError
from tests.analysis_scenes import (
    FREE,
    HEARD,
    PAID,
    SEEN,
    ScriptedAnalyst,
    Upload,
    make_bench,
    submit,
)
from tests.media_fixtures import TIMEOUT_SECONDS, ClipSpec, make_clip
from tests.sound_scenes import RATE_HZ, beats_of, drums, write_wav
from tests.unit.test_media_documents import paragraph, write_docx
from tests.unit.test_media_pictures import RED, jpeg, picture, write_pdf


@pytest.fixture
def bench(sqlite_database: Database, tmp_path: Path) -> Workbench:
    return make_bench(sqlite_database, tmp_path)


async def analyse(
    bench: Workbench,
    project_id: str,
    analyst: Analyst | None = None,
    model: ModelChoice | None = PAID,
    attempt: int = 1,
) -> tuple[AssetAnalysis, tuple[AssetNote, ...]]:
    analysts = {} if analyst is None else {PAID.provider: analyst, "local": analyst}
    activities = MediaAssetActivities(bench, Providers(analysts=analysts))
    environment = ActivityEnvironment()
    environment.info = replace(ActivityEnvironment.default_info(), attempt=attempt)
    task = AnalysisTask(project_id=project_id, model=model)
    found = await environment.run(activities.analyze_assets, task)
    return found, (await bench.asset_report(found.analysis_key)).notes


def photo(path: Path, colour: tuple[int, int, int] = RED) -> Path:
    Image.new("RGB", (160, 90), colour).save(path)
    return path


@pytest.mark.requirement("INPUT-6")
async def test_a_picture_is_described_and_classed_by_the_analyst(
    bench: Workbench, tmp_path: Path
) -> None:
    analyst = ScriptedAnalyst()
    project_id = await submit(bench, [Upload(photo(tmp_path / "IMG_1.png"))])

    found, (note,) = await analyse(bench, project_id, analyst)

    assert (note.description, note.asset_class, note.name) == (
        SEEN.text,
        SEEN.asset_class,
        SEEN.name,
    )
    assert note.still_key == asset_still_key(project_id, 0)
    assert (note.width, note.height, note.palette[0]) == (160, 90, "#dc1e1e")
    assert [look.model for look in analyst.looks] == ["seer-1-001"]
    assert (found.described_count, found.warnings) == (1, ())


@pytest.mark.requirement("INPUT-6")
async def test_the_callers_words_win_over_the_analysts(bench: Workbench, tmp_path: Path) -> None:
    uploads = [
        Upload(photo(tmp_path / "castle.png"), label="Ana", purpose="main character"),
        Upload(photo(tmp_path / "old_castle.png", (0, 0, 200))),
        Upload(photo(tmp_path / "b.png", (0, 200, 0)), label="mood board for the castle"),
    ]
    _, notes = await analyse(bench, await submit(bench, uploads), ScriptedAnalyst())

    assert [note.asset_class for note in notes] == [
        AssetClass.CHARACTER,
        AssetClass.ENVIRONMENT,
        AssetClass.STYLE,
    ]
    assert [note.name for note in notes] == ["Ana", SEEN.name, "mood board for the castle"]
    assert notes[0].purpose == "main character"


@pytest.mark.requirement("INPUT-8")
async def test_a_video_is_described_by_its_frames_and_its_words(
    bench: Workbench, tmp_path: Path
) -> None:
    analyst = ScriptedAnalyst()
    video = await make_clip(tmp_path / "a.mp4", ClipSpec(seconds=3.0, sound_seconds=3.0))
    project_id = await submit(bench, [Upload(video)])

    _, (note,) = await analyse(bench, project_id, analyst)

    assert note.picture_keys == tuple(asset_picture_key(project_id, 0, n) for n in range(1, 7))
    assert note.still_key == note.picture_keys[0]
    assert analyst.pictures == [6]
    assert (note.description, note.transcript) == (SEEN.text, HEARD)
    assert note.audio_key is None


@pytest.mark.requirement("INPUT-8")
async def test_documents_are_read_and_their_pictures_looked_at(
    bench: Workbench, tmp_path: Path
) -> None:
    analyst = ScriptedAnalyst()
    word = write_docx(
        tmp_path / "a.docx",
        paragraph("The keeper climbs"),
        extra={"word/media/image1.png": picture(RED), "word/media/image2.png": picture((0, 0, 9))},
    )
    notes_file = tmp_path / "notes.md"
    notes_file.write_text("# A lighthouse at dawn")
    uploads = [
        Upload(word),
        Upload(write_pdf(tmp_path / "b.pdf", (jpeg(RED),))),
        Upload(notes_file),
    ]
    project_id = await submit(bench, uploads)

    found, (docx, pdf, text) = await analyse(bench, project_id, analyst)

    assert docx.text.strip() == "The keeper climbs"
    assert [len(note.picture_keys) for note in (docx, pdf, text)] == [2, 1, 0]
    assert docx.still_key == asset_picture_key(project_id, 0, 1)
    assert docx.description == f"Picture 1: {SEEN.text} Picture 2: {SEEN.text}"
    assert (pdf.description, pdf.asset_class) == (SEEN.text, SEEN.asset_class)
    assert (text.text, text.description, text.still_key) == ("# A lighthouse at dawn", "", None)
    assert analyst.pictures == [1, 1, 1]
    assert {look.kind for look in analyst.looks} == {AssetKind.IMAGE}
    assert found.warnings == ()


@pytest.mark.requirement("INPUT-7")
async def test_a_track_is_measured_and_its_words_are_written_down(
    bench: Workbench, tmp_path: Path
) -> None:
    analyst = ScriptedAnalyst()
    track = write_wav(tmp_path / "a.wav", drums(110, 12))
    project_id = await submit(bench, [Upload(track)])

    _, (note,) = await analyse(bench, project_id, analyst)

    assert note.beats.beats_per_minute == pytest.approx(110, rel=0.01)
    assert note.beats.beat_seconds[1] == pytest.approx(beats_of(110, 12)[1], abs=0.03)
    assert note.loudness_lufs == pytest.approx(-17, abs=6)
    assert note.duration_seconds == pytest.approx(12)
    assert (note.asset_class, note.transcript) == (AssetClass.MUSIC, HEARD)
    assert note.audio_key == asset_audio_key(project_id, 0)
    assert [listen.duration_seconds for listen in analyst.listens] == [pytest.approx(12)]


@pytest.mark.requirement("MUSIC-3")
async def test_what_is_heard_of_a_track_that_starts_later_has_the_tracks_times(
    bench: Workbench, tmp_path: Path
) -> None:
    track = write_wav(tmp_path / "a.wav", drums(110, 14))
    music = MusicBrief(workflow=MusicWorkflow.UPLOADED_TRACK, start_seconds=4)
    project_id = await submit(bench, [Upload(track)], music=music)

    _, (note,) = await analyse(bench, project_id, ScriptedAnalyst())

    assert note.transcript.segments[0].start_seconds == 4.5
    assert note.beats.beat_seconds[0] >= 4


async def test_an_upload_that_cannot_be_read_costs_that_upload_only(
    bench: Workbench, tmp_path: Path
) -> None:
    broken = photo(tmp_path / "secret-name.png")
    broken.write_bytes(broken.read_bytes()[:-60])
    uploads = [Upload(photo(tmp_path / "a.png", (0, 9, 0))), Upload(broken, label="The hero")]

    found, (good, bad) = await analyse(bench, await submit(bench, uploads), ScriptedAnalyst())

    assert good.description == SEEN.text
    assert (bad.description, bad.label) == ("This file could not be read.", "The hero")
    assert found.warnings == ("Upload 2 could not be read.",)


async def test_nothing_of_a_callers_or_a_models_text_gets_into_the_history(
    bench: Workbench, tmp_path: Path
) -> None:
    marked = "needle"
    analyst = ScriptedAnalyst(
        seen=Description(text=marked, asset_class=AssetClass.PROP, name=marked),
        failures=[ModerationRefused(f"about {marked}", refused=RefusedInput.REFERENCES)],
    )
    uploads = [
        Upload(photo(tmp_path / f"{marked}-{n}.png", (n, 0, 0)), marked, marked) for n in range(2)
    ]
    found, _ = await analyse(bench, await submit(bench, uploads), analyst)

    assert marked not in found.model_dump_json()
    assert found.warnings == ("seer-1 could not make out 1 upload (moderation_refused).",)


@pytest.mark.parametrize("model", [None, PAID])
async def test_without_an_analyst_uploads_are_still_measured(
    bench: Workbench, tmp_path: Path, model: ModelChoice | None
) -> None:
    uploads = [Upload(photo(tmp_path / "a.png"), purpose="a prop")]
    found, (note,) = await analyse(bench, await submit(bench, uploads), None, model)

    assert (note.description, note.asset_class, note.width) == ("", AssetClass.PROP, 160)
    assert len(found.warnings) == (1 if model else 0)


async def test_an_analyst_without_a_sense_for_it_is_no_failure(
    bench: Workbench, tmp_path: Path
) -> None:
    analyst = ScriptedAnalyst(seen=None, heard=None)
    track = write_wav(tmp_path / "b.wav", drums(110, 5))
    uploads = [Upload(photo(tmp_path / "a.png")), Upload(track)]
    found, (image, sound) = await analyse(bench, await submit(bench, uploads), analyst, FREE)

    assert (image.description, sound.transcript) == ("", Transcript())
    assert found.warnings == ()


@pytest.mark.parametrize(
    "failure",
    [ProviderBusy("later"), ProviderError("away"), SubmissionUnknown("no answer")],
)
async def test_a_passing_failure_is_tried_again_and_only_what_failed_is_asked_again(
    bench: Workbench, tmp_path: Path, failure: ProviderError
) -> None:
    analyst = ScriptedAnalyst(failures=[failure])
    uploads = [Upload(photo(tmp_path / f"{n}.png", (n, 0, 0))) for n in range(2)]
    project_id = await submit(bench, uploads)

    with pytest.raises(type(failure)):
        await analyse(bench, project_id, analyst)
    found, notes = await analyse(bench, project_id, analyst, attempt=2)

    assert [note.description for note in notes] == [SEEN.text, SEEN.text]
    assert found.warnings == ()
    assert len(analyst.looks) == 3


async def test_an_analyst_that_stays_away_does_not_fail_the_render(
    bench: Workbench, tmp_path: Path
) -> None:
    analyst = ScriptedAnalyst(failures=[ProviderBusy("later")])
    uploads = [Upload(photo(tmp_path / "a.png"), label="a castle")]
    found, (note,) = await analyse(bench, await submit(bench, uploads), analyst, attempt=3)

    assert (note.description, note.asset_class) == ("", AssetClass.ENVIRONMENT)
    assert found.warnings == ("seer-1 could not make out 1 upload (provider_busy).",)


async def test_a_model_that_is_gone_gives_way_to_its_successor(
    bench: Workbench, tmp_path: Path
) -> None:
    successor = PAID.model_copy(update={"used": "seer-2", "provider_model": "seer-2-001"})
    model = PAID.model_copy(update={"successor": successor})
    analyst = ScriptedAnalyst(failures=[ModelGone("retired")])
    project_id = await submit(bench, [Upload(photo(tmp_path / "a.png"))])

    for _ in range(2):
        found, (note,) = await analyse(bench, project_id, analyst, model)
        assert (note.description, found.warnings) == (SEEN.text, ())
    assert [look.model for look in analyst.looks] == ["seer-1-001", "seer-2-001"]


async def test_what_a_model_says_is_kept_within_bounds(bench: Workbench, tmp_path: Path) -> None:
    never = float("nan")
    analyst = ScriptedAnalyst(
        seen=Description(
            text="A\u202edoor\x1b[31m\n" + "x" * 5000, asset_class=AssetClass.PROP, name="n" * 999
        ),
        heard=Transcript(
            segments=(
                Segment(start_seconds=2, end_seconds=1e9, text="later\x00"),
                Segment(start_seconds=never, end_seconds=1, text="never"),
                Segment(start_seconds=-5, end_seconds=1, text="early"),
                Segment(start_seconds=99, end_seconds=100, text="beyond"),
                Segment(start_seconds=1, end_seconds=2, text="  "),
            )
        ),
    )
    track = write_wav(tmp_path / "b.wav", drums(110, 5))
    project_id = await submit(bench, [Upload(photo(tmp_path / "a.png")), Upload(track)])

    _, (image, sound) = await analyse(bench, project_id, analyst)

    assert image.description.startswith("Adoor[31m x")
    assert (len(image.description), len(image.name)) == (1000, 120)
    assert [(s.start_seconds, s.end_seconds, s.text) for s in sound.transcript.segments] == [
        (0, 1, "early"),
        (2, 5, "later"),
    ]


@dataclass
class Crowd(ScriptedAnalyst):
    """Answers only when as many questions are open as may be at once."""

    together: asyncio.Barrier = field(default_factory=lambda: asyncio.Barrier(ASSETS_AT_ONCE))
    open_questions: int = 0
    most: int = 0

    async def describe(self, request: DescribeRequest) -> Description | None:
        self.open_questions += 1
        self.most = max(self.most, self.open_questions)
        async with asyncio.timeout(60):
            await self.together.wait()
        self.open_questions -= 1
        return await super().describe(request)


async def test_uploads_are_looked_at_side_by_side_a_few_at_once(
    bench: Workbench, tmp_path: Path
) -> None:
    crowd = Crowd()
    uploads = [
        Upload(photo(tmp_path / f"{n}.png", (20 * n, 0, 0)), label=f"Nr {n}")
        for n in range(2 * ASSETS_AT_ONCE)
    ]
    found, notes = await analyse(bench, await submit(bench, uploads), crowd)

    assert crowd.most == ASSETS_AT_ONCE
    assert [note.label for note in notes] == [upload.label for upload in uploads]
    assert found.described_count == len(uploads)


async def test_nobody_is_paid_to_listen_to_silence(bench: Workbench, tmp_path: Path) -> None:
    analyst = ScriptedAnalyst()
    silence = write_wav(tmp_path / "a.wav", np.zeros(3 * RATE_HZ))
    video = await make_clip(
        tmp_path / "b.mp4", ClipSpec(beep_level=0.0, hum_level=0.0, sound_seconds=1.5)
    )
    _, notes = await analyse(bench, await submit(bench, [Upload(silence), Upload(video)]), analyst)

    assert [note.transcript for note in notes] == [Transcript(), Transcript()]
    assert (notes[0].loudness_lufs, notes[0].asset_class) == (None, AssetClass.OTHER)
    assert analyst.listens == []


async def test_a_store_that_is_away_fails_the_try_as_what_it_is(
    bench: Workbench, tmp_path: Path
) -> None:
    project_id = await submit(bench, [Upload(photo(tmp_path / "a.png"))])
    for path in (tmp_path / "storage").rglob("uploads/*"):
        path.unlink()

    with pytest.raises(StorageError):
        await analyse(bench, project_id, ScriptedAnalyst())


async def test_a_video_whose_sound_cannot_be_decoded_is_seen_all_the_same(
    bench: Workbench, tmp_path: Path
) -> None:
    video = tmp_path / "a.mp4"
    sources = ["-f", "lavfi", "-i", "color=red:s=160x90:d=1", "-f", "lavfi", "-i", "sine=d=1"]
    await run_ffmpeg(
        [*sources, "-c:a", "ac3", "-shortest", file_url(video)], timeout_seconds=TIMEOUT_SECONDS
    )
    found, (note,) = await analyse(bench, await submit(bench, [Upload(video)]), ScriptedAnalyst())

    assert (note.description, note.transcript) == (SEEN.text, Transcript())
    assert found.warnings == ()
