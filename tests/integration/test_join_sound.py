"""The film's sound: loud enough, never clipped, music under the shots, everything under a voice."""

import asyncio
from pathlib import Path

import av
import numpy as np
import pytest

from studio.media.errors import MediaError
from studio.media.ffmpeg import file_url, run_ffmpeg
from studio.media.join import JoinRequest, join_film
from studio.media.quality import QualityReport
from tests.media_fixtures import TIMEOUT_SECONDS, ClipSpec, make_clip

FPS = 24
SIZE = (160, 90)
SILENT = ClipSpec(*SIZE, sound_seconds=None)


async def make_tone(path: Path, formula: str, seconds: float) -> Path:
    source = ["-f", "lavfi", "-i", f"aevalsrc='{formula}':s=44100:d={seconds}"]
    await run_ffmpeg([*source, file_url(path)], timeout_seconds=TIMEOUT_SECONDS)
    return path


async def film_of(
    folder: Path,
    spec: ClipSpec,
    count: int = 2,
    *,
    music: Path | None = None,
    music_start_seconds: float = 0.0,
    speech: Path | None = None,
) -> QualityReport:
    frames = round(spec.seconds * FPS)
    clip = await make_clip(folder / "clip.mp4", spec)
    request = JoinRequest(
        [clip] * count,
        [frames] * count,
        FPS,
        *SIZE,
        music=music,
        music_start_seconds=music_start_seconds,
        speech=speech,
    )
    return await join_film(
        request, folder / "film.mp4", work_directory=folder, timeout_seconds=TIMEOUT_SECONDS
    )


def strength(film: Path, hertz: int, start_seconds: float, end_seconds: float) -> float:
    """How strong one tone is in a stretch of the film, in dB."""
    with av.open(str(film)) as container:
        pieces = [frame.to_ndarray()[0] for frame in container.decode(audio=0)]
    sound = np.concatenate(pieces)[int(start_seconds * 48_000) : int(end_seconds * 48_000)]
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)))) / len(sound)
    bin_index = round(hertz * len(sound) / 48_000)
    return float(20 * np.log10(spectrum[bin_index - 1 : bin_index + 2].max() + 1e-9))


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param(ClipSpec(*SIZE, beep_level=0.01, hum_level=0.002), id="whisper"),
        pytest.param(ClipSpec(*SIZE, beep_level=1.0, hum_level=0.6), id="over full scale"),
        pytest.param(ClipSpec(*SIZE, beep_level=1.0, hum_level=0.0005), id="bangs in silence"),
    ],
)
async def test_the_encoded_film_is_at_its_loudness_below_its_peak(
    tmp_path: Path, spec: ClipSpec
) -> None:
    report = await film_of(tmp_path, spec)

    assert report.loudness_lufs == pytest.approx(-14.0, abs=0.5)
    assert report.true_peak_dbtp is not None
    assert report.true_peak_dbtp <= -1.0
    assert report.passed


async def test_noise_with_high_crests_is_limited_not_clipped(tmp_path: Path) -> None:
    bursts = "0.05*(random(0)*2-1)+0.9*sin(2*PI*90*t)*lt(mod(t,0.7),0.01)"
    music = await make_tone(tmp_path / "music.wav", bursts, 3.0)
    report = await film_of(tmp_path, SILENT, music=music)

    assert report.loudness_lufs == pytest.approx(-14.0, abs=0.5)
    assert report.passed


async def test_a_silent_film_stays_silent_and_says_that_it_has_no_loudness(tmp_path: Path) -> None:
    report = await film_of(tmp_path, SILENT)

    assert report.loudness_lufs is None
    assert report.true_peak_dbtp is None or report.true_peak_dbtp < -80
    assert report.passed


async def test_short_music_is_repeated_to_the_end_and_fades_out(tmp_path: Path) -> None:
    music = await make_tone(tmp_path / "music.wav", "0.3*sin(2*PI*440*t)", 0.8)
    await film_of(tmp_path, SILENT, music=music)

    film = tmp_path / "film.mp4"
    early, late = strength(film, 440, 0.2, 0.6), strength(film, 440, 1.8, 2.2)
    assert late == pytest.approx(early, abs=1.0)
    assert strength(film, 440, 2.9, 3.0) < early - 10


async def test_music_begins_where_it_was_told_to(tmp_path: Path) -> None:
    formula = "0.3*sin(2*PI*(300+600*gte(t,2))*t)"
    music = await make_tone(tmp_path / "music.mp3", formula, 6.0)
    await film_of(tmp_path, SILENT, music=music, music_start_seconds=2.0)

    film = tmp_path / "film.mp4"
    assert strength(film, 900, 0.1, 1.0) > strength(film, 300, 0.1, 1.0) + 30


async def test_music_lies_under_the_sound_of_the_shots(tmp_path: Path) -> None:
    music = await make_tone(tmp_path / "music.wav", "0.9*sin(2*PI*440*t)", 4.0)
    await film_of(tmp_path, ClipSpec(*SIZE, hum_level=0.2, beep_level=0.0), music=music)

    film = tmp_path / "film.mp4"
    assert strength(film, 440, 0.8, 1.4) < strength(film, 220, 0.8, 1.4) - 3


async def test_music_ducks_under_a_voice_and_comes_back(tmp_path: Path) -> None:
    music = await make_tone(tmp_path / "music.wav", "0.3*sin(2*PI*440*t)", 6.0)
    voice = await make_tone(tmp_path / "voice.wav", "0.3*sin(2*PI*1500*t)*between(t,2,4)", 4.0)
    await film_of(tmp_path, SILENT, count=4, music=music, speech=voice)

    film = tmp_path / "film.mp4"
    before, during = strength(film, 440, 0.8, 1.8), strength(film, 440, 2.5, 3.5)
    assert during < before - 6
    assert strength(film, 1500, 2.5, 3.5) > during + 6


async def test_the_sound_of_the_shots_ducks_under_a_voice_too(tmp_path: Path) -> None:
    voice = await make_tone(tmp_path / "voice.wav", "0.3*sin(2*PI*1500*t)*between(t,2,4)", 4.0)
    spec = ClipSpec(*SIZE, hum_level=0.2, beep_level=0.0)
    report = await film_of(tmp_path, spec, count=4, speech=voice)

    film = tmp_path / "film.mp4"
    before, during = strength(film, 220, 0.8, 1.4), strength(film, 220, 2.5, 2.9)
    after = strength(film, 220, 5.2, 5.8)
    assert during < before - 6
    assert after == pytest.approx(before, abs=1)
    assert strength(film, 1500, 2.5, 3.5) > during + 6
    assert report.passed


async def test_tracks_are_added_and_not_halved(tmp_path: Path) -> None:
    """A voice that is silent must change nothing of the music beside it."""
    music = await make_tone(tmp_path / "music.wav", "0.3*sin(2*PI*440*t)", 6.0)
    silence = await make_tone(tmp_path / "voice.wav", "0", 1.0)
    without = tmp_path / "without"
    await asyncio.to_thread(without.mkdir)
    await film_of(without, SILENT, music=music)
    await film_of(tmp_path, SILENT, music=music, speech=silence)

    heard = [strength(folder / "film.mp4", 440, 0.5, 2.0) for folder in (tmp_path, without)]
    assert heard[0] == pytest.approx(heard[1], abs=0.5)


async def test_music_that_ends_before_its_start_is_a_plain_error(tmp_path: Path) -> None:
    music = await make_tone(tmp_path / "music.wav", "0.3*sin(2*PI*440*t)", 1.0)

    with pytest.raises(MediaError, match="ends before 5 seconds"):
        await film_of(tmp_path, SILENT, music=music, music_start_seconds=5.0)
    assert not (tmp_path / "film.mp4").exists()
