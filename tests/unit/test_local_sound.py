"""The local composer, the ambience of clips, and the local voice."""

from pathlib import Path

import numpy as np
import pytest

from studio.providers.errors import ProviderRejected
from studio.providers.local.ambience import write_ambience
from studio.providers.local.music import LocalMusicModel
from studio.providers.local.narrator import narration_of
from studio.providers.local.score import score_of
from studio.providers.local.voice import SPOKEN_LENGTH_MAX, LocalVoiceModel
from studio.providers.local.words import AMBIENCE_OF_SCENE
from studio.providers.ports import MusicRequest, SpeechRequest
from tests.local_scenes import names_in, wav_samples


def music(style: str = "slow strings", duration: float = 3.0, seed: int = 1) -> MusicRequest:
    return MusicRequest("local-synth", "A test film", style, "", duration, seed)


def said(text: str) -> SpeechRequest:
    return SpeechRequest("local-tts", text)


@pytest.mark.requirement("MUSIC-2")
@pytest.mark.parametrize("duration", [0.01, 0.5, 1.0, 7.3, 41.0])
async def test_music_has_exactly_the_length_that_was_asked_for(
    tmp_path: Path, duration: float
) -> None:
    await LocalMusicModel().compose(music(duration=duration), tmp_path / "m.wav")
    samples, rate = wav_samples(tmp_path / "m.wav")
    assert rate == 48_000
    assert samples.shape == (round(duration * 48_000), 2)


async def test_music_fades_in_and_out_and_never_clips(tmp_path: Path) -> None:
    await LocalMusicModel().compose(music("epic driving", 30.0), tmp_path / "m.wav")
    samples, _ = wav_samples(tmp_path / "m.wav")
    assert np.abs(samples[:48]).max() < 0.01
    assert np.abs(samples[-48:]).max() < 0.01
    assert 0.1 < np.abs(samples).max() < 0.95
    assert np.sqrt((samples[48_000:-96_000] ** 2).mean()) > 0.02


async def test_the_same_request_gives_the_same_music(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        await LocalMusicModel().compose(music(seed=seed), tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert (tmp_path / "a").read_bytes() != (tmp_path / "c").read_bytes()


@pytest.mark.parametrize("duration", [0.0, -1.0, 600.5, float("nan")])
async def test_a_length_that_no_music_has_is_refused(tmp_path: Path, duration: float) -> None:
    with pytest.raises(ProviderRejected):
        await LocalMusicModel().compose(music(duration=duration), tmp_path / "m.wav")


@pytest.mark.requirement("MUSIC-1")
def test_words_set_the_tempo_the_mode_and_the_pulse() -> None:
    assert score_of("driving techno", "", 1).tempo > score_of("slow ballad", "", 1).tempo
    assert score_of("steady, 97 bpm", "", 1).tempo == 97
    assert score_of("at 900 bpm", "", 1).tempo == 160
    assert not score_of("ambient", "", 1).pulse
    assert score_of("happy and bright", "", 1).chords[0] == (0, 4, 7)
    assert score_of("dark", "", 1).chords[0] == (0, 3, 7)
    assert score_of("", "a happy song of love", 1).chords[0] == (0, 4, 7)


@pytest.mark.parametrize("kind", sorted({*AMBIENCE_OF_SCENE.values(), "wind", "unknown"}))
def test_every_place_sounds_quietly(tmp_path: Path, kind: str) -> None:
    write_ambience(tmp_path / "a.wav", kind, 3, 2)
    samples, _ = wav_samples(tmp_path / "a.wav")
    assert samples.shape == (96_000, 2)
    assert 0.01 < np.sqrt((samples**2).mean()) < 0.15
    assert np.abs(samples).max() < 0.7


@pytest.mark.requirement("MODEL-8")
async def test_a_sentence_is_spoken(tmp_path: Path) -> None:
    await LocalVoiceModel().speak(said("Planning is done: three shots."), tmp_path / "v.wav")
    samples, rate = wav_samples(tmp_path / "v.wav")
    assert 1.0 < len(samples) / rate < 6.0
    assert np.abs(samples).max() > 0.1
    assert names_in(tmp_path) == ["v.wav"]


@pytest.mark.parametrize("text", ["東京 🎬", "<speak>&amp;</speak>", "null\0byte", "\ud800 lone"])
async def test_any_text_is_spoken_without_harm(tmp_path: Path, text: str) -> None:
    await LocalVoiceModel().speak(said(text), tmp_path / "v.wav")
    assert len(wav_samples(tmp_path / "v.wav")[0]) > 0


async def test_a_text_without_end_is_cut(tmp_path: Path) -> None:
    cut = "word " * (SPOKEN_LENGTH_MAX // 5)
    await LocalVoiceModel().speak(said(cut * 50), tmp_path / "long.wav")
    await LocalVoiceModel().speak(said(cut), tmp_path / "cut.wav")
    assert (tmp_path / "long.wav").read_bytes() == (tmp_path / "cut.wav").read_bytes()


@pytest.mark.parametrize("text", ["", "  \n", "\0"])
async def test_nothing_is_not_spoken(tmp_path: Path, text: str) -> None:
    with pytest.raises(ProviderRejected):
        await LocalVoiceModel().speak(said(text), tmp_path / "v.wav")
    assert names_in(tmp_path) == []


@pytest.mark.parametrize(("quick", "calm"), [("fast", "calm"), ("excited", "solemn and slow")])
async def test_a_manner_is_heard(tmp_path: Path, quick: str, calm: str) -> None:
    lengths = []
    for number, words in enumerate((quick, calm)):
        request = SpeechRequest("local-tts", "The tide comes in again tonight.", words)
        await LocalVoiceModel().speak(request, tmp_path / f"{number}.wav")
        lengths.append(len(wav_samples(tmp_path / f"{number}.wav")[0]))
    assert lengths[0] < lengths[1]


async def test_a_narrator_of_the_local_film_keeps_to_the_time(tmp_path: Path) -> None:
    """What the planner thinks fits into eight seconds is spoken in eight seconds."""
    text = "She steps through the tunnel and arrives in a sunlit memory chamber among old friends."
    said = narration_of(text, 8)
    request = SpeechRequest("local-tts", said, "calm narrator")
    await LocalVoiceModel().speak(request, tmp_path / "v.wav")
    samples, rate = wav_samples(tmp_path / "v.wav")
    assert len(samples) / rate < 8
