"""What no server of ours sends: odd answers of generateContent, given straight to the adapters."""

import io
import wave
from pathlib import Path

import pytest
from google.genai import types
from PIL import Image

from studio.providers.errors import ModerationRefused, RefusedInput, UnusableAnswer
from studio.providers.google.client import DeveloperAccess, GoogleClient, Parts
from studio.providers.google.image import GoogleImageModel
from studio.providers.google.voice import GoogleVoiceModel
from studio.providers.ports import SpeechRequest
from tests.google_scenes import KEY, SPEECH_MODEL, image_request


class Answering(GoogleClient):
    """A client whose every answer is the one given."""

    def __init__(self, answer: dict[str, object]) -> None:
        super().__init__(DeveloperAccess(KEY), base_url="http://127.0.0.1:9")
        self._answer = types.GenerateContentResponse.model_validate(answer)

    async def generate(
        self, model: str, parts: Parts, config: types.GenerateContentConfig
    ) -> types.GenerateContentResponse:
        del model, parts, config
        return self._answer


def answer_of(
    *parts: dict[str, object], finish: str = "STOP", message: str = ""
) -> dict[str, object]:
    content = {"role": "model", "parts": list(parts)} if parts else None
    return {"candidates": [{"content": content, "finishReason": finish, "finishMessage": message}]}


def blob(mime_type: str, data: bytes, *, thought: bool = False) -> dict[str, object]:
    return {"inlineData": {"mimeType": mime_type, "data": data}, "thought": thought}


def encoded(form: str, colour: str, mode: str = "RGB") -> bytes:
    written = io.BytesIO()
    Image.new(mode, (64, 36), colour).save(written, format=form)
    return written.getvalue()


async def draw(answer: dict[str, object], drawn: Path) -> None:
    client = Answering(answer)
    try:
        await GoogleImageModel(client).draw(image_request(), drawn)
    finally:
        await client.aclose()


async def speak(answer: dict[str, object], spoken: Path) -> None:
    client = Answering(answer)
    try:
        await GoogleVoiceModel(client).speak(SpeechRequest(SPEECH_MODEL, "Snow."), spoken)
    finally:
        await client.aclose()


@pytest.mark.parametrize(("form", "mime"), [("JPEG", "image/jpeg"), ("WEBP", "image/webp")])
async def test_whatever_picture_comes_a_png_is_written(
    tmp_path: Path, form: str, mime: str
) -> None:
    await draw(answer_of(blob(mime, encoded(form, "red"))), tmp_path / "drawn.png")
    with Image.open(tmp_path / "drawn.png") as opened:
        assert (opened.format, opened.size) == ("PNG", (64, 36))


async def test_a_draft_among_the_model_s_thoughts_is_not_the_picture(tmp_path: Path) -> None:
    draft = blob("image/png", encoded("PNG", "red"), thought=True)
    final = blob("image/png", encoded("PNG", "blue"))
    await draw(answer_of(draft, final), tmp_path / "drawn.png")
    with Image.open(tmp_path / "drawn.png") as opened:
        assert opened.getpixel((0, 0)) == (0, 0, 255)


@pytest.mark.parametrize("finish", ["NO_IMAGE", "IMAGE_OTHER", "STOP"])
async def test_words_instead_of_a_picture_are_refused_output(tmp_path: Path, finish: str) -> None:
    answer = answer_of({"text": "I'd rather not."}, finish=finish)
    with pytest.raises(ModerationRefused) as raised:
        await draw(answer, tmp_path / "drawn.png")
    assert raised.value.refused is RefusedInput.OUTPUT
    assert "I'd rather not." in raised.value.detail


@pytest.mark.parametrize(
    "finish", ["IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION", "PROHIBITED_CONTENT"]
)
async def test_a_filtered_picture_is_refused_output(tmp_path: Path, finish: str) -> None:
    with pytest.raises(ModerationRefused) as raised:
        await draw(answer_of(finish=finish, message="No."), tmp_path / "drawn.png")
    assert raised.value.refused is RefusedInput.OUTPUT
    assert finish in raised.value.detail


@pytest.mark.parametrize(
    "data",
    [
        b"no picture",
        encoded("PNG", "red")[:60],
        encoded("GIF", "red"),
        b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + b"\0\0\xff\xff" * 2 + b"\x08\x02\0\0\0",
    ],
    ids=["no picture", "cut", "another format", "too many pixels"],
)
async def test_bytes_that_are_no_picture_leave_no_file(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(UnusableAnswer):
        await draw(answer_of(blob("image/png", data)), tmp_path / "drawn.png")
    assert not any(tmp_path.glob("*"))  # noqa: ASYNC240 -- an empty folder of one test


@pytest.mark.parametrize(
    ("mime", "hertz", "channels"),
    [
        ("audio/L16;codec=pcm;rate=16000", 16_000, 1),
        ("audio/l16; rate=48000; channels=2", 48_000, 2),
        ("audio/L16;rate=7", 24_000, 1),
        ("audio/pcm", 24_000, 1),
    ],
)
async def test_samples_become_a_wav_at_the_rate_they_name(
    tmp_path: Path, mime: str, hertz: int, channels: int
) -> None:
    await speak(answer_of(blob(mime, b"\x01\x00" * 600 + b"\x02")), tmp_path / "spoken.wav")
    with wave.open(str(tmp_path / "spoken.wav")) as wav:
        assert (wav.getframerate(), wav.getnchannels()) == (hertz, channels)
        assert wav.getnframes() == 600 // channels


async def test_an_answer_without_sound_may_be_billed(tmp_path: Path) -> None:
    with pytest.raises(UnusableAnswer):
        await speak(answer_of({"text": "Snow is…"}), tmp_path / "spoken.wav")
