"""What the words and codes of video providers mean, and pictures as they are sent to them."""

from pathlib import Path

import pytest
from PIL import Image

from studio.providers.errors import (
    ModerationRefused,
    ProviderBusy,
    ProviderDenied,
    ProviderError,
    ProviderRejected,
    RefusedInput,
)
from studio.providers.fal.answers import failure
from studio.providers.kling.errors import refusal
from studio.providers.moderation import is_moderation, refused_input
from studio.providers.pictures import encoded_picture
from studio.providers.wire import JsonCalls, Reply


@pytest.mark.parametrize(
    ("status", "code", "error", "words"),
    [
        (429, 1101, ProviderDenied, "balance is used up"),
        (429, 1102, ProviderDenied, "balance is used up"),
        (401, 1000, ProviderDenied, "code 1000"),
        (403, 1304, ProviderDenied, "code 1304"),
        (429, 1302, ProviderBusy, "code 1302"),
        (429, 1303, ProviderBusy, "code 1303"),
        (400, 1301, ModerationRefused, "code 1301"),
        (400, 1201, ProviderRejected, "code 1201"),
    ],
)
async def test_kling_s_codes_decide_before_the_status(
    status: int, code: int, error: type[ProviderError], words: str
) -> None:
    calls = JsonCalls("Kling", headers={}, secrets=("secret-of-kling",))
    raised = refusal(Reply(status, {"code": code, "message": "no, secret-of-kling"}), calls)
    await calls.aclose()
    assert type(raised) is error
    assert words in raised.detail
    assert "secret-of-kling" not in raised.detail


@pytest.mark.parametrize("words", ["violat", "already external ", "content "])
async def test_words_that_were_made_to_be_searched_for_ever_are_read_in_bounds(words: str) -> None:
    """An unbounded search of these is quadratic: hours in which no heartbeat goes out."""
    endless = words * (4_000_000 // len(words))
    assert not is_moderation(endless)
    assert refused_input(endless, otherwise=RefusedInput.OUTPUT) is RefusedInput.OUTPUT
    calls = JsonCalls("Kling", headers={}, secrets=())
    assert len(refusal(Reply(400, {"code": 1201, "message": endless}), calls).detail) < 500
    assert len(failure(Reply(422, {"detail": endless}), calls).error or "") < 500
    await calls.aclose()


@pytest.mark.parametrize(
    ("words", "refused"),
    [
        ("The prompt could not be submitted: it violates usage guidelines.", RefusedInput.PROMPT),
        ("Video not made because the input image violates our policies.", RefusedInput.KEYFRAME),
        ("['body', 'start_image_url'] was flagged by a content checker.", RefusedInput.KEYFRAME),
        ("The reference image violates the usage guidelines.", RefusedInput.REFERENCES),
        ("The generated video has sensitive content.", RefusedInput.OUTPUT),
        ("Failure to pass the risk control system", RefusedInput.OUTPUT),
    ],
)
def test_a_filter_s_sentence_says_what_it_refused(words: str, refused: RefusedInput) -> None:
    assert is_moderation(words)
    assert refused_input(words, otherwise=RefusedInput.OUTPUT) is refused


@pytest.mark.parametrize("words", ["Internal error", "quota exceeded", "duration must be 4 or 6"])
def test_other_failures_are_no_content_filter_s(words: str) -> None:
    assert not is_moderation(words)


def noise(path: Path) -> Path:
    Image.effect_noise((1200, 700), 60).convert("RGB").save(path)
    return path


async def test_a_picture_that_is_small_enough_is_sent_untouched(tmp_path: Path) -> None:
    path = noise(tmp_path / "noise.png")
    sent = await encoded_picture(path, bytes_max=10_000_000)
    assert (sent.media_type, sent.data) == ("image/png", path.read_bytes())


async def test_a_large_picture_is_sent_as_the_best_jpeg_that_fits(tmp_path: Path) -> None:
    sent = await encoded_picture(noise(tmp_path / "noise.png"), bytes_max=120_000)
    assert sent.media_type == "image/jpeg"
    assert 60_000 < len(sent.data) <= 120_000


async def test_a_format_that_providers_do_not_take_becomes_jpeg(tmp_path: Path) -> None:
    path = tmp_path / "picture.webp"
    Image.new("RGBA", (400, 300), "#336699").save(path)
    assert (await encoded_picture(path, bytes_max=1_000_000)).media_type == "image/jpeg"


async def test_what_is_no_picture_is_rejected(tmp_path: Path) -> None:
    path = tmp_path / "broken.png"
    path.write_bytes(b"not a picture")
    with pytest.raises(ProviderRejected):
        await encoded_picture(path, bytes_max=1000)
