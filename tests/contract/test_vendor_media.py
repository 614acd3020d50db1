"""The local server's outputs are real media of the shape that was asked for."""

import io
import wave
from fractions import Fraction
from pathlib import Path

import av
import pytest

from tests.kit.vendors import media
from tests.kit.vendors.media import MediaStore, VideoShape


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> MediaStore:
    return MediaStore(tmp_path_factory.mktemp("media"))


@pytest.mark.parametrize(
    "shape",
    [
        VideoShape(640, 360, 3, 24),
        VideoShape(360, 640, 4, 30),
        VideoShape(640, 360, 3, 24, sound=False),
    ],
)
def test_a_clip_has_its_size_length_rate_and_sound(shape: VideoShape, store: MediaStore) -> None:
    film = io.BytesIO(store.video(shape, job_id="job", number=1))
    with av.open(film, "r") as container:
        video = container.streams.video[0]
        assert (video.codec_context.name, video.width, video.height) == (
            "h264",
            shape.width,
            shape.height,
        )
        assert video.average_rate == Fraction(shape.frames_per_second)
        assert video.frames == shape.seconds * shape.frames_per_second
        sounds = [stream.codec_context.name for stream in container.streams.audio]
        assert sounds == (["aac"] if shape.sound else [])
        frames = [frame.to_ndarray() for frame in container.decode(video)]
    assert len(frames) == video.frames
    assert (frames[0] != frames[-1]).any()


def test_no_two_jobs_get_the_same_bytes(store: MediaStore) -> None:
    shape = VideoShape(640, 360, 3, 24)
    films = {store.video(shape, job_id=f"job-{n}", number=n) for n in range(6)}
    assert len(films) == 6


def test_a_shape_is_encoded_once(tmp_path: Path) -> None:
    fresh = MediaStore(tmp_path)
    shape = VideoShape(320, 180, 1, 24)
    fresh.video(shape, job_id="a", number=1)
    (made,) = tmp_path.iterdir()
    written = made.stat().st_mtime_ns
    fresh.video(shape, job_id="b", number=1)
    assert made.stat().st_mtime_ns == written


@pytest.mark.parametrize(("kind", "name"), [("mp3", "mp3float"), ("wav", "pcm_s16le")])
def test_music_is_as_long_as_it_should_be(kind: str, name: str, store: MediaStore) -> None:
    with av.open(io.BytesIO(store.music(3, kind)), "r") as container:
        sound = container.streams.audio[0]
        assert (sound.codec_context.name, sound.rate, sound.channels) == (name, 44_100, 2)
        samples = sum(int(frame.samples) for frame in container.decode(sound))
    assert samples == pytest.approx(3 * 44_100, abs=2 * 1152)


def test_speech_in_a_wav_is_mono_at_24_khz() -> None:
    with wave.open(io.BytesIO(media.wav(media.speech("one two three four")))) as sound:
        assert (sound.getnchannels(), sound.getsampwidth(), sound.getframerate()) == (1, 2, 24_000)
        assert sound.getnframes() == round(4 * 0.35 * 24_000)


@pytest.mark.parametrize(
    ("prompt", "seconds"),
    [("a 40 second waltz", 40), ("for 2 minutes", 120), ("12.5s please", 12.5), ("calm", 30)],
)
def test_the_length_of_music_is_read_from_its_prompt(prompt: str, seconds: float) -> None:
    assert media.seconds_asked(prompt, 30) == seconds
