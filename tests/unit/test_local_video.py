import asyncio
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio.providers.errors import ProviderError, ProviderRejected
from studio.providers.local.art.lettering import CAPTION_CHUNK, write_lettering
from studio.providers.local.frames import MovingStill
from studio.providers.local.motion import ROOM, Camera, known_move
from studio.providers.local.video import JOB_FOLDERS_MAX, LocalVideoModel
from studio.providers.local.words import CAMERA_MOVES
from studio.providers.ports import JobState
from tests.local_scenes import finished, footage, names_in, pattern, video_request


async def fetch_pattern(_key: str, destination: Path) -> None:
    pattern().save(destination, "PNG")


def model_in(folder: Path) -> LocalVideoModel:
    return LocalVideoModel(folder / "work", fetch_pattern)


@pytest.mark.parametrize("move", [*CAMERA_MOVES, "static"])
def test_a_camera_never_looks_past_the_still(move: str) -> None:
    camera = Camera(move, seed=5)
    for step in range(101):
        view = camera.view(step / 100, step / 10)
        half = 0.5 / view.zoom
        assert 1.0 <= view.zoom <= ROOM
        assert half <= view.x <= 1 - half
        assert half <= view.y <= 1 - half


@pytest.mark.parametrize("move", CAMERA_MOVES)
def test_every_move_moves(move: str) -> None:
    frames = list(MovingStill(pattern(), 160, 90, move, seed=1).frames(12, 24))
    luma = [np.frombuffer(y, np.uint8).astype(np.int16) for y, _, _ in frames]
    assert np.abs(luma[0] - luma[-1]).mean() > 1


@pytest.mark.parametrize(
    ("words", "move"),
    [
        ("push_in", "push_in"),
        ("Pan Left", "pan_left"),
        ("slow dolly, the camera orbits her", "orbit"),
        ("", "push_in"),
        ("something unheard of", "push_in"),
    ],
)
def test_any_planners_words_come_to_a_move(words: str, move: str) -> None:
    assert known_move(words) == move


def test_a_frame_has_the_bytes_of_its_planes() -> None:
    (luma, blue, red), *_ = MovingStill(pattern(), 64, 36, "drift", seed=1).frames(1, 24)
    assert (len(luma), len(blue), len(red)) == (64 * 36, 32 * 18, 32 * 18)


async def test_a_clip_is_the_keyframe_with_its_colours(tmp_path: Path) -> None:
    async def fetch(_key: str, destination: Path) -> None:
        Image.new("RGB", (160, 90), (200, 40, 60)).save(destination, "PNG")

    model = LocalVideoModel(tmp_path, fetch)
    await model.collect(await model.submit(video_request(), {}), tmp_path / "clip.mp4")
    middle = footage(tmp_path / "clip.mp4").frames[0, 30:60, 40:120].astype(np.float32)
    assert np.allclose(middle.mean((0, 1)), (200, 40, 60), atol=16)


async def test_the_keyframes_lettering_stays_put_while_the_camera_moves(tmp_path: Path) -> None:
    size = (640, 360)

    async def fetch(_key: str, destination: Path) -> None:
        picture = Image.new("RGB", size, (60, 60, 60))
        write_lettering(picture, "")
        from PIL.PngImagePlugin import PngInfo

        notes = PngInfo()
        notes.add_itxt(CAPTION_CHUNK, "")
        picture.save(destination, "PNG", pnginfo=notes)

    model = LocalVideoModel(tmp_path, fetch)
    handle = await model.submit(video_request(width=640, height=360, camera_move="pan_right"), {})
    await model.collect(handle, tmp_path / "clip.mp4")
    frames = footage(tmp_path / "clip.mp4").frames.astype(np.int16)
    corner = frames[:, 325:355, 560:640].max((1, 2))
    beside = frames[:, 325:355, 440:530].max((1, 2))
    assert corner.min() > 120
    assert beside.max() < 110


async def test_the_same_order_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("first", "second"):
        model = model_in(tmp_path / name)
        await model.collect(await model.submit(video_request(), {}), tmp_path / f"{name}.mp4")
    assert (tmp_path / "first.mp4").read_bytes() == (tmp_path / "second.mp4").read_bytes()


async def test_nothing_is_left_behind_after_collecting(tmp_path: Path) -> None:
    model = model_in(tmp_path)
    await model.collect(await model.submit(video_request(), {}), tmp_path / "clip.mp4")
    assert names_in(tmp_path / "work") == []


async def test_nothing_is_left_behind_after_canceling(tmp_path: Path) -> None:
    model = model_in(tmp_path)
    handle = await model.submit(video_request(duration_seconds=60), {})
    await model.poll(handle)
    await model.cancel(handle)
    assert names_in(tmp_path / "work") == []


async def test_a_restarted_worker_makes_room_by_dropping_the_oldest(tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    for number in range(JOB_FOLDERS_MAX + 5):
        (work / f"old-{number}").mkdir()
    await model_in(tmp_path).submit(video_request(), {})
    assert len(names_in(work)) == JOB_FOLDERS_MAX


async def test_a_keyframe_that_is_no_picture_fails_for_good(tmp_path: Path) -> None:
    async def fetch(_key: str, destination: Path) -> None:
        await asyncio.to_thread(destination.write_text, "not a picture")

    model = LocalVideoModel(tmp_path / "work", fetch)
    status = await finished(model, await model.submit(video_request(), {}))
    assert status.state is JobState.FAILED
    assert status.rejected
    assert "cannot be read" in (status.error or "")


async def test_a_storage_that_is_away_is_asked_again(tmp_path: Path) -> None:
    answers = iter([OSError("the storage is away")])

    async def fetch(key: str, destination: Path) -> None:
        for error in answers:
            raise error
        await fetch_pattern(key, destination)

    model = LocalVideoModel(tmp_path / "work", fetch)
    handle = await model.submit(video_request(), {})
    with pytest.raises(ProviderError, match="the storage is away"):
        await finished(model, handle)
    assert (await finished(model, handle)).state is JobState.SUCCEEDED


async def test_no_more_clips_are_rendered_at_once_than_allowed(tmp_path: Path) -> None:
    at_work, most = 0, 0

    async def fetch(key: str, destination: Path) -> None:
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        await fetch_pattern(key, destination)
        await asyncio.sleep(0)
        at_work -= 1

    model = LocalVideoModel(tmp_path / "work", fetch, concurrency=1)
    handles = [await model.submit(video_request(f"attempt-{i}"), {}) for i in range(3)]
    for handle in handles:
        await model.poll(handle)
    for number, handle in enumerate(handles):
        await model.collect(handle, tmp_path / f"{number}.mp4")
    assert most == 1


async def test_an_attempt_id_is_no_path(tmp_path: Path) -> None:
    model = model_in(tmp_path)
    await model.submit(video_request("../../outside"), {})
    assert names_in(tmp_path) == ["work"]


@pytest.mark.parametrize(
    "changes",
    [{"width": 161}, {"height": 8}, {"width": 9000}, {"duration_seconds": 0},
     {"duration_seconds": 601}, {"frames_per_second": 0}],
)  # fmt: skip
async def test_a_clip_that_cannot_be_encoded_is_refused(
    tmp_path: Path, changes: dict[str, object]
) -> None:
    with pytest.raises(ProviderRejected):
        await model_in(tmp_path).submit(video_request("attempt", **changes), {})


async def test_a_handle_of_another_provider_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProviderRejected, match="no handle of the local video model"):
        await model_in(tmp_path).poll({"request_id": "abc"})
