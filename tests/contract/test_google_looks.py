"""Analyst and critic over the wire: what they are shown, and what they make of the answers."""

import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image

from studio.contracts.assets import AssetKind
from studio.contracts.documents import AssetClass
from studio.providers.google.critic import CONTINUITY, CRAFT, FIDELITY
from studio.providers.ports import DescribeRequest, Picture, TranscribeRequest
from tests.google_scenes import (
    TEXT_MODEL,
    Scene,
    clip,
    describe,
    google_scene,
    picture,
    recording,
    review_request,
)
from tests.kit.vendors.faults import Fault

CERTAIN = {"text": "The door is green.", "certain": True}
GUESS = {"text": "The light may be too warm.", "certain": False}


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with google_scene(tmp_path) as opened:
        yield opened


async def test_a_picture_is_described_named_and_classed(scene: Scene) -> None:
    scene.answer({"text": "A woman in snow.", "asset_class": "character", "name": "Mara"})
    request = DescribeRequest(
        TEXT_MODEL, AssetKind.IMAGE, [picture(scene.folder)], "m.png", label="Mara", purpose="lead"
    )
    found = await scene.analyst.describe(request)
    assert found is not None
    assert (found.text, found.asset_class, found.name) == (
        "A woman in snow.",
        AssetClass.CHARACTER,
        "Mara",
    )
    assert scene.sent_texts == ["One picture.\nfile: m.png\nlabel: Mara\npurpose: lead"]


async def test_frames_of_a_video_are_told_to_be_one_video(scene: Scene) -> None:
    scene.answer({"text": "Waves.", "asset_class": "environment", "name": ""})
    frames = [picture(scene.folder, name=f"{number}.png") for number in range(12)]
    frames[3] = scene.folder / "gone.png"
    await scene.analyst.describe(DescribeRequest(TEXT_MODEL, AssetKind.VIDEO, frames, "w.mp4"))
    assert sum("inlineData" in part for part in scene.sent_parts) == 7
    assert scene.sent_texts[0].startswith("Frames of one video")


@pytest.mark.parametrize(
    "answer",
    ["no JSON", {"text": "  "}, {"text": "A hat.", "asset_class": "spaceship"}, ["a", "list"]],
)
async def test_a_description_that_is_of_no_use_is_none(scene: Scene, answer: object) -> None:
    scene.answer(answer)
    assert await describe(scene) is None


@pytest.mark.parametrize("fault", [Fault.PROMPT_REFUSED, Fault.IMAGE_REFUSED, Fault.OUTPUT_REFUSED])
async def test_what_the_filter_hides_is_not_described(scene: Scene, fault: Fault) -> None:
    scene.server.faults.add("google.text", fault)
    assert await describe(scene) is None


async def test_bytes_that_are_no_picture_and_kinds_without_pictures_ask_nobody(
    scene: Scene,
) -> None:
    broken = scene.folder / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    for kind, shown in ((AssetKind.IMAGE, [broken]), (AssetKind.AUDIO, [])):
        request = DescribeRequest(TEXT_MODEL, kind, shown, "x")
        assert await scene.analyst.describe(request) is None
    assert scene.posts == []


async def test_a_recording_is_transcribed_with_its_times(scene: Scene) -> None:
    scene.answer(
        {
            "language": "en",
            "segments": [
                {"start_seconds": 0.0, "end_seconds": 0.5, "text": "Snow"},
                {"start_seconds": 0.5, "end_seconds": 1.0, "text": "and the ice."},
            ],
        }
    )
    found = await scene.analyst.transcribe(
        TranscribeRequest(TEXT_MODEL, recording(scene.folder), 1.0)
    )
    assert found is not None
    assert (found.text, found.language) == ("Snow and the ice.", "en")
    assert [(s.start_seconds, s.end_seconds) for s in found.segments] == [(0.0, 0.5), (0.5, 1.0)]
    assert "audio/flac" in str(scene.sent_parts[0])


async def test_silence_is_an_empty_transcript_and_nonsense_is_none(scene: Scene) -> None:
    scene.answer({"segments": [], "language": ""}, {"segments": [{"start_seconds": -4}]})
    request = TranscribeRequest(TEXT_MODEL, recording(scene.folder), 1.0)
    silent = await scene.analyst.transcribe(request)
    assert silent is not None
    assert silent.segments == ()
    assert await scene.analyst.transcribe(request) is None


async def test_a_file_without_sound_is_heard_by_nobody(scene: Scene) -> None:
    request = TranscribeRequest(TEXT_MODEL, picture(scene.folder), 1.0)
    assert await scene.analyst.transcribe(request) is None
    assert scene.posts == []


def test_pictures_leave_small_and_as_jpeg(tmp_path: Path) -> None:
    from studio.providers.google.pictures import LOOKED_AT_PIXELS, picture_part

    part = picture_part(picture(tmp_path, (3000, 1000)))
    assert part.inline_data is not None
    assert part.inline_data.data is not None
    with Image.open(io.BytesIO(part.inline_data.data)) as sent:
        assert (sent.format, sent.width) == ("JPEG", LOOKED_AT_PIXELS)


async def test_eight_of_ten_passes_a_keyframe_and_less_does_not(scene: Scene) -> None:
    scene.answer(
        {"seen": True, "score": 8, "remarks": []}, {"seen": True, "score": 7, "remarks": [CERTAIN]}
    )
    request = review_request(picture(scene.folder), FIDELITY)
    assert (await scene.critic.review_image(request)).passed
    verdict = await scene.critic.review_image(request)
    assert (verdict.passed, verdict.score, verdict.remark) == (False, 7.0, "The door is green.")
    assert f"one lens only: {FIDELITY}" in scene.sent_system


async def test_speculation_is_dropped_and_fails_nothing_alone(scene: Scene) -> None:
    scene.answer(
        {"seen": True, "score": 5, "remarks": [GUESS]},
        {"seen": True, "score": 5, "remarks": [GUESS, CERTAIN]},
    )
    request = review_request(picture(scene.folder), CRAFT)
    alone = await scene.critic.review_image(request)
    beside = await scene.critic.review_image(request)
    assert (alone.passed, alone.remark) == (True, "")
    assert (beside.passed, beside.remark) == (False, "The door is green.")


@pytest.mark.parametrize(
    "answer", ["no JSON", {"score": 11}, {"score": "high"}, {"seen": False, "score": 0}, []]
)
async def test_a_critic_that_could_not_look_gives_no_score(scene: Scene, answer: object) -> None:
    scene.answer(answer)
    verdict = await scene.critic.review_image(review_request(picture(scene.folder), FIDELITY))
    assert (verdict.passed, verdict.score) == (True, None)
    assert "could not look" in verdict.remark


@pytest.mark.parametrize("fault", [Fault.PROMPT_REFUSED, Fault.IMAGE_REFUSED, Fault.OUTPUT_REFUSED])
async def test_a_filter_before_the_critic_s_eyes_is_no_zero(scene: Scene, fault: Fault) -> None:
    scene.server.faults.add("google.text", fault)
    verdict = await scene.critic.review_image(review_request(picture(scene.folder), FIDELITY))
    assert (verdict.passed, verdict.score) == (True, None)


async def test_references_are_shown_to_the_lens_of_continuity_only(scene: Scene) -> None:
    scene.answer({"seen": True, "score": 9, "remarks": []})
    shown = [
        Picture("k", picture(scene.folder, name=f"{n}.png"), f"Mara {n}", AssetClass.CHARACTER)
        for n in range(5)
    ]
    still = picture(scene.folder)
    await scene.critic.review_image(review_request(still, CONTINUITY, references=shown))
    assert scene.sent_texts[:2] == [
        "Reference (character): Mara 0",
        "Reference (character): Mara 1",
    ]
    assert sum("inlineData" in part for part in scene.sent_parts) == 4
    await scene.critic.review_image(review_request(still, CRAFT, references=shown))
    assert sum("inlineData" in part for part in scene.sent_parts) == 1


async def test_a_clip_is_judged_by_six_of_its_frames(scene: Scene) -> None:
    scene.answer({"seen": True, "score": 6, "remarks": []})
    verdict = await scene.critic.review_clip(review_request(clip(scene.folder), FIDELITY))
    assert (verdict.passed, verdict.score) == (True, 6.0)
    assert sum("inlineData" in part for part in scene.sent_parts) == 6
    assert "as 6 frames in order" in scene.sent_texts[-1]


async def test_media_that_cannot_be_read_is_judged_by_nobody(scene: Scene) -> None:
    missing = scene.folder / "missing"
    image = await scene.critic.review_image(review_request(missing, FIDELITY))
    film = await scene.critic.review_clip(review_request(missing, FIDELITY))
    for verdict in (image, film):
        assert (verdict.passed, verdict.score) == (True, None)
    assert scene.posts == []
