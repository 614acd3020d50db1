from pathlib import Path

import pytest
from PIL import Image

from studio.media.ffmpeg import run_ffmpeg
from studio.providers.local.critic import LocalCritic
from studio.providers.ports import Verdict
from tests.local_scenes import pattern, review_request

MOVING = "testsrc2=s=160x90:r=24:d=1"
FROZEN = "color=c=gray:s=160x90:r=24:d=1,drawbox=w=80:color=white:t=fill"
BLACK = "color=c=black:s=160x90:r=24:d=1"
TONE = "sine=f=440:d=1"
SILENCE = "anullsrc=cl=stereo:r=48000,atrim=0:1"


async def reviewed_clip(folder: Path, *sources: str) -> Verdict:
    inputs = [part for source in sources for part in ("-f", "lavfi", "-i", source)]
    await run_ffmpeg([*inputs, str(folder / "clip.mp4")], timeout_seconds=60)
    return await LocalCritic().review_clip(review_request(folder / "clip.mp4"))


async def reviewed_image(folder: Path, picture: Image.Image) -> Verdict:
    picture.save(folder / "still.png")
    return await LocalCritic().review_image(review_request(folder / "still.png"))


async def test_a_sound_clip_passes_with_a_good_score(tmp_path: Path) -> None:
    verdict = await reviewed_clip(tmp_path, MOVING, TONE)
    assert verdict.passed
    assert verdict.score is not None
    assert verdict.score > 7
    assert verdict.remark


@pytest.mark.parametrize(("source", "remark"), [(BLACK, "black"), (FROZEN, "frozen")])
async def test_a_clip_that_shows_nothing_fails(tmp_path: Path, source: str, remark: str) -> None:
    verdict = await reviewed_clip(tmp_path, source, TONE)
    assert not verdict.passed
    assert verdict.score is not None
    assert remark in verdict.remark.lower()


@pytest.mark.parametrize(
    ("sources", "remark"), [((MOVING,), "no sound"), ((MOVING, SILENCE), "silence")]
)
async def test_a_silent_clip_passes_with_fewer_points(
    tmp_path: Path, sources: tuple[str, ...], remark: str
) -> None:
    verdict = await reviewed_clip(tmp_path, *sources)
    assert verdict.passed
    assert verdict.score is not None
    assert verdict.score < 8
    assert remark in verdict.remark


async def test_a_clip_that_cannot_be_decoded_fails(tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").write_bytes(b"\0\0\0\x18ftypmp42 and then nothing of the kind" * 40)
    verdict = await LocalCritic().review_clip(review_request(tmp_path / "clip.mp4"))
    assert (verdict.passed, verdict.score) == (False, 0.0)


async def test_a_picture_in_place_of_a_clip_fails(tmp_path: Path) -> None:
    pattern().save(tmp_path / "clip.mp4", "PNG")
    assert not (await LocalCritic().review_clip(review_request(tmp_path / "clip.mp4"))).passed


async def test_a_picture_with_light_and_dark_passes(tmp_path: Path) -> None:
    verdict = await reviewed_image(tmp_path, pattern())
    assert verdict.passed
    assert verdict.score is not None
    assert verdict.score > 7


@pytest.mark.parametrize(
    ("colour", "remark"), [("black", "black"), ("white", "white"), ("#7a7a7a", "blank")]
)
async def test_an_empty_picture_fails(tmp_path: Path, colour: str, remark: str) -> None:
    verdict = await reviewed_image(tmp_path, Image.new("RGB", (160, 90), colour))
    assert not verdict.passed
    assert remark in verdict.remark


async def test_a_strip_is_no_film_frame(tmp_path: Path) -> None:
    verdict = await reviewed_image(tmp_path, pattern((900, 90)))
    assert "900 x 90" in verdict.remark


async def test_a_damaged_picture_fails(tmp_path: Path) -> None:
    pattern((640, 360)).save(tmp_path / "whole.png")
    (tmp_path / "still.png").write_bytes((tmp_path / "whole.png").read_bytes()[:900])
    verdict = await LocalCritic().review_image(review_request(tmp_path / "still.png"))
    assert (verdict.passed, verdict.score) == (False, 0.0)


async def test_a_critic_that_cannot_look_passes_without_a_score(tmp_path: Path) -> None:
    critic, nowhere = LocalCritic(), tmp_path / "nowhere"
    for verdict in (
        await critic.review_image(review_request(nowhere)),
        await critic.review_clip(review_request(nowhere)),
    ):
        assert verdict.passed
        assert verdict.score is None
        assert verdict.remark.startswith("Not looked at")
