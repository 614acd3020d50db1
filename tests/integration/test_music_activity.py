"""The caller's own track: taken as it is, or refused before a film is shot for it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from temporalio.testing import ActivityEnvironment

from activities.errors import to_application_error
from activities.music import ModelMusicActivities, NoTrack
from activities.workbench import Workbench
from studio.contracts.assets import AssetKind
from studio.contracts.documents import AssetNote, AssetReport
from studio.contracts.plan import ModelChoice
from studio.contracts.request import MusicWorkflow
from studio.contracts.workflow_io import MusicBrief, MusicTask, Track
from studio.db.engine import Database
from studio.providers.ports import Providers
from studio.storage.local import LocalStorage
from studio.storage.signing import SigningKey, UrlSigner

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ANALYSIS = "projects/one/analysis.json"


@pytest.fixture
def bench(sqlite_database: Database, tmp_path: Path) -> Workbench:
    signer = UrlSigner([SigningKey("test", b"0" * 32)])
    storage = LocalStorage(tmp_path / "storage", signer)
    return Workbench(database=sqlite_database, storage=storage, scratch=tmp_path, now=lambda: NOW)


async def make_track(bench: Workbench, *, seconds: float | None, start: float) -> Track:
    note = AssetNote(
        index=0,
        kind=AssetKind.AUDIO,
        filename="a.mp3",
        audio_key="projects/one/a.wav" if seconds is not None else None,
        duration_seconds=seconds,
    )
    await bench.write_document(ANALYSIS, AssetReport(notes=(note,)))
    task = MusicTask(
        project_id="one",
        brief=MusicBrief(workflow=MusicWorkflow.UPLOADED_TRACK, start_seconds=start),
        model=ModelChoice(requested="upload", used="upload", provider="local"),
        analysis_key=ANALYSIS,
        film_duration_seconds=8,
    )
    activities = ModelMusicActivities(bench, Providers())
    return await ActivityEnvironment().run(activities.make_music, task)


async def test_an_uploaded_track_plays_from_where_it_is_to_start(bench: Workbench) -> None:
    track = await make_track(bench, seconds=30.97, start=30)

    assert track == Track(key="projects/one/a.wav", duration_seconds=30.97, start_seconds=30)


@pytest.mark.parametrize(("seconds", "start"), [(30.0, 30.0), (30.2, 30.0), (0.1, 0.0), (None, 0)])
async def test_a_track_with_nothing_left_of_it_ends_the_render_before_it_is_shot(
    bench: Workbench, seconds: float | None, start: float
) -> None:
    with pytest.raises(NoTrack) as caught:
        await make_track(bench, seconds=seconds, start=start)

    assert to_application_error(caught.value).non_retryable
