"""A film that is cut to the caller's own track: seen and heard, not read off a report."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.kit.director import Director, Shot
from tests.kit.film import FRAMES_PER_SECOND, check_film, cuts_of, place_in, sound_of
from tests.kit.studio import KLING, Made, Studio
from tests.kit.vendors.documents import number_at
from tests.sound_scenes import beats_of, clicks, write_wav

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]

BEATS_A_MINUTE = 110
TRACK_SECONDS, START_SECONDS, FILM_SECONDS = 24.0, 5.2, 11.0
SHOTS = 4
LIKE, UNLIKE = 0.5, 0.2
"""The film's sound against the same passage of the track, and against another recording."""
LAG_SECONDS_MAX = 0.005

BRIEF: dict[str, Any] = {
    "name": "Metronome",
    "project_mode": "music",
    "music_workflow": "uploaded_track",
    "music_start_seconds": START_SECONDS,
    "screenplay": "A clockmaker at work.",
    "shot_count": SHOTS,
    "scene_target_duration_seconds": FILM_SECONDS,
    "stage_voice_briefs_enabled": False,
    "video_model": KLING,
}


def _track(path: Path, seed: int, beats_a_minute: float = BEATS_A_MINUTE) -> Path:
    """A metronome with a hiss that no other recording has, and no other place of this one."""
    sound = clicks(beats_a_minute, TRACK_SECONDS)
    hiss = np.random.default_rng(seed).normal(size=len(sound))
    return write_wav(path, sound + 0.02 * hiss)


@pytest.fixture(scope="module")
def tracks(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("tracks")
    return _track(folder / "first.wav", 1), _track(folder / "second.wav", 2, 80)


@pytest.fixture(scope="module")
def made(open_studio: Studio, tracks: tuple[Path, Path]) -> Made:
    open_studio.fresh()
    open_studio.direct(Director(heard="Tick, tock"))
    return open_studio.completed(BRIEF, list(tracks))


@pytest.fixture(scope="module")
def film(made: Made, open_studio: Studio, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return open_studio.film_of(made, tmp_path_factory.mktemp("film"))


@pytest.mark.requirement("BRIEF-3", "INPUT-7")
def test_every_cut_of_the_film_is_on_a_beat_of_the_track(made: Made, film: Path) -> None:
    beats = [beat - START_SECONDS for beat in beats_of(BEATS_A_MINUTE, TRACK_SECONDS)]
    cuts = [frame / FRAMES_PER_SECOND for frame in cuts_of(film)]

    assert len(cuts) == SHOTS - 1
    for cut in cuts:
        assert min(abs(beat - cut) for beat in beats) <= 1 / FRAMES_PER_SECOND
    lengths = [clip["duration_seconds"] for clip in made.clips]
    assert np.cumsum(lengths)[:-1] == pytest.approx(cuts, abs=0.001)
    # Where equal shots would be cut there is no beat.
    assert len({round(length, 1) for length in lengths}) > 1
    check_film(film, seconds=FILM_SECONDS)


@pytest.mark.requirement("MUSIC-3", "INPUT-7")
def test_the_uploaded_track_is_heard_from_where_it_is_to_start(
    film: Path, tracks: tuple[Path, Path]
) -> None:
    heard = sound_of(film)
    first, second = (place_in(sound_of(track), heard) for track in tracks)

    assert first.seconds == pytest.approx(START_SECONDS, abs=LAG_SECONDS_MAX)
    assert first.likeness > LIKE
    assert second.likeness < UNLIKE


@pytest.mark.requirement("BRIEF-3", "INPUT-7")
def test_planning_follows_the_music_and_nobody_is_paid_to_compose(made: Made) -> None:
    [plan] = made.director.plans

    assert "The film is cut to its music." in plan.text
    assert f"24.0 s long, heard from {START_SECONDS} s on." in plan.text
    assert f"Tempo: {BEATS_A_MINUTE} beats a minute." in plan.text
    assert "Tick, tock" in plan.text
    assert made.books.jobs("interactions") == []
    # Each shot of 2.75 s has room for its cut to move.
    assert [number_at(job.payload, "duration") for job in made.books.billed("fal")] == [4.0] * SHOTS


@pytest.mark.requirement("MUSIC-4")
def test_the_first_audio_upload_is_the_music_where_that_is_asked_for(
    studio: Studio, tracks: tuple[Path, Path], tmp_path: Path
) -> None:
    picture = tmp_path / "a.png"
    Image.new("RGB", (64, 64), "navy").save(picture)
    studio.direct(Director(shots=(Shot("A clock."),)))
    brief = {
        "name": "Two tracks",
        "screenplay": "Shot 1: A clock.",
        "shot_count": 1,
        "scene_target_duration_seconds": 4,
        "use_first_audio_asset_as_music": True,
        "music_workflow": "generated",
        "stage_voice_briefs_enabled": False,
        "video_model": KLING,
    }
    made = studio.completed(brief, [picture, *tracks])
    heard = sound_of(studio.film_of(made, tmp_path))
    first, second = (place_in(sound_of(track), heard) for track in tracks)

    assert first.seconds == pytest.approx(0, abs=LAG_SECONDS_MAX)
    assert first.likeness > LIKE
    assert second.likeness < UNLIKE
    assert made.books.jobs("interactions") == []
    assert [text for text in made.warnings if "use_first_audio_asset_as_music" in text]
