"""What each provider is told of an order, and what only one of them does."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from studio.providers.errors import (
    ProviderDenied,
    ProviderError,
    ProviderRejected,
    SubmissionUnknown,
)
from studio.providers.fal.requests import find_request
from studio.providers.hosts import transport_to
from studio.providers.ports import JobState
from studio.providers.wire import JsonCalls
from tests.contract.video_vendors import (
    FAL,
    KLING,
    OMNI,
    OUTPUT_URI,
    VEO,
    Scene,
    picture,
    scene_of,
)
from tests.kit.vendors.documents import dig, items_at, text_at
from tests.kit.vendors.fal import PAGE_ITEMS
from tests.kit.vendors.faults import Fault

ATTEMPT = "prj_0123456789-shot001-take1"


async def payload(scene: Scene) -> dict[str, object]:
    """What the provider took on, media replaced by their hashes."""
    await scene.order()
    return scene.server.books.jobs(scene.vendor.submit)[-1].payload


def with_references(scene: Scene, folder: Path) -> Scene:
    references = (picture(folder, "Mira", "#aa3322"), picture(folder, "lamp", "#22aa33"))
    return replace(scene, request=replace(scene.request, references=references))


def with_last_frame(scene: Scene, folder: Path) -> Scene:
    request = replace(scene.request, last_frame=picture(folder, "last", "#000000"))
    return replace(scene, request=request)


async def test_veo_is_told_everything_and_where_to_write(tmp_path: Path) -> None:
    async with scene_of(VEO, tmp_path) as scene:
        document = await payload(with_last_frame(scene, tmp_path))
    assert dig(document, "parameters") == {
        "sampleCount": 1,
        "storageUri": f"{OUTPUT_URI}/attempts/{ATTEMPT}/",
        "durationSeconds": 4,
        "seed": 7,
        "aspectRatio": "16:9",
        "resolution": "720p",
        "generateAudio": True,
    }
    assert document["labels"] == {"attempt": ATTEMPT}
    instance = dig(document, "instances", 0)
    assert text_at(instance, "image", "mimeType") == "image/png"
    assert text_at(instance, "lastFrame", "mimeType") == "image/png"
    assert dig(instance, "referenceImages") is None


async def test_veo_gets_the_keyframe_as_the_first_of_three_references(tmp_path: Path) -> None:
    async with scene_of(VEO, tmp_path) as scene:
        document = await payload(with_references(scene, tmp_path))
    instance = dig(document, "instances", 0)
    assert dig(instance, "image") is None
    kinds = [text_at(item, "referenceType") for item in items_at(instance, "referenceImages")]
    assert kinds == ["ASSET"] * 3


async def test_omni_s_tags_bind_the_pictures_in_their_order(tmp_path: Path) -> None:
    async with scene_of(OMNI, tmp_path) as scene:
        document = await payload(with_references(scene, tmp_path))
    contents = items_at(document, "input", 0, "content")
    assert [text_at(item, "type") for item in contents] == ["image", "image", "image", "text"]
    assert text_at(contents[-1], "text") == (
        "<FIRST_FRAME> Slow push in; the lamp flickers. <IMAGE_REF_0> is Mira. "
        "<IMAGE_REF_1> is lamp."
    )
    assert text_at(document, "generation_config", "video_config", "task") == "reference_to_video"
    assert dig(document, "response_format") == {
        "type": "video",
        "aspect_ratio": "16:9",
        "duration": "4s",
        "resolution": "720p",
        "delivery": "uri",
    }
    assert (dig(document, "background"), dig(document, "store")) == (True, True)


async def test_omni_refuses_a_last_frame_before_anything_is_sent(tmp_path: Path) -> None:
    async with scene_of(OMNI, tmp_path) as scene:
        with pytest.raises(ProviderRejected):
            await with_last_frame(scene, tmp_path).order()
        assert scene.posts == 0


async def test_fal_gets_uploaded_pictures_under_the_attempt_s_name(tmp_path: Path) -> None:
    async with scene_of(FAL, tmp_path) as scene:
        document = await payload(with_last_frame(with_references(scene, tmp_path), tmp_path))
        [sent] = scene.server.books.submits(FAL.submit)
        uploads = scene.server.uploads
    assert all(ATTEMPT in address for address in uploads)
    assert document["start_image_url"] in uploads
    assert document["end_image_url"] in uploads
    assert document["duration"] == "4"
    assert document["generate_audio"] is True
    assert document["prompt"] == (
        "Slow push in; the lamp flickers. @Element1 is Mira. @Element2 is lamp."
    )
    for element in items_at(document, "elements"):
        front = text_at(element, "frontal_image_url")
        assert front in uploads
        assert items_at(element, "reference_image_urls") == [front]
    assert sent.headers["x-fal-no-retry"] == "1"
    assert "x-fal-store-io" not in sent.headers


async def test_fal_films_4k_at_the_endpoint_that_the_catalogue_names(tmp_path: Path) -> None:
    async with scene_of(FAL, tmp_path) as scene:
        sibling = "fal-ai/kling-video/v3/4k/image-to-video"
        large = replace(scene, request=replace(scene.request, resolution="4k", model=sibling))
        prepared = await scene.model.prepare(large.request)
        scene.server.faults.add(FAL.submit, Fault.RESET_AFTER)
        with pytest.raises(SubmissionUnknown):
            await scene.model.submit(large.request, prepared)
        [job] = scene.server.books.jobs(FAL.submit)
        handle = await scene.model.reconcile(large.request, prepared, age_seconds=1)
    assert job.model == sibling
    assert handle == {"endpoint": job.model, "request_id": job.id}


async def test_fal_s_list_is_read_page_by_page_and_believed_only_when_it_is_old(
    tmp_path: Path,
) -> None:
    async with scene_of(FAL, tmp_path) as scene:
        prepared = await scene.model.prepare(scene.request)
        first = await scene.model.submit(scene.request, prepared)
        for _ in range(PAGE_ITEMS):
            await scene.model.submit(scene.request, {**prepared, "start_image_url": "https://o/"})
        found = await scene.model.reconcile(scene.request, prepared, age_seconds=1)
        assert found == first
        assert len([seen for seen in scene.server.books.requests if seen.call == "fal.list"]) == 2


async def test_an_order_that_fal_does_not_list_yet_is_not_given_up(tmp_path: Path) -> None:
    async with scene_of(FAL, tmp_path) as scene:
        prepared = await scene.model.prepare(scene.request)
        handle = await scene.model.submit(scene.request, prepared)
        scene.server.faults.add("fal.list", Fault.NOT_LISTED)
        with pytest.raises(ProviderError):
            await scene.model.reconcile(scene.request, prepared, age_seconds=299)
        assert await scene.model.reconcile(scene.request, prepared, age_seconds=299) == handle


async def test_an_attempt_that_fal_has_no_picture_of_was_not_ordered(tmp_path: Path) -> None:
    async with scene_of(FAL, tmp_path) as scene:
        assert await scene.model.reconcile(scene.request, {}, age_seconds=1) is None
        with pytest.raises(ProviderRejected):
            await scene.model.submit(scene.request, {})
        assert scene.posts == 0


@pytest.mark.parametrize(
    ("fault", "error"),
    [(Fault.DENIED, ProviderDenied), (Fault.RESET_BEFORE, ProviderError)],
)
async def test_a_picture_that_cannot_be_uploaded_is_no_order(
    tmp_path: Path, fault: Fault, error: type[ProviderError]
) -> None:
    async with scene_of(FAL, tmp_path) as scene:
        scene.server.faults.add("fal.upload", fault)
        with pytest.raises(error):
            await scene.model.prepare(scene.request)
        assert len([seen for seen in scene.server.books.requests if seen.call]) == 1


async def test_kling_is_told_the_attempt_and_the_pictures(tmp_path: Path) -> None:
    async with scene_of(KLING, tmp_path) as scene:
        silent = replace(scene, request=replace(scene.request, sound=False))
        document = await payload(with_last_frame(silent, tmp_path))
    kinds = [text_at(item, "type") for item in items_at(document, "contents")]
    assert kinds == ["prompt", "first_frame", "last_frame"]
    assert document["settings"] == {
        "resolution": "720p",
        "duration": 4,
        "audio": "off",
        "multi_shot": False,
    }
    assert text_at(document, "options", "external_task_id") == ATTEMPT


async def test_kling_takes_no_order_twice(tmp_path: Path) -> None:
    async with scene_of(KLING, tmp_path) as scene:
        first = await scene.order()
        assert await scene.order() == first
        assert scene.jobs == 1


async def test_kling_refuses_references_before_anything_is_sent(tmp_path: Path) -> None:
    async with scene_of(KLING, tmp_path) as scene:
        with pytest.raises(ProviderRejected):
            await with_references(scene, tmp_path).order()
        assert scene.posts == 0


async def test_a_list_without_an_end_is_not_taken_for_complete(tmp_path: Path) -> None:
    async with scene_of(FAL, tmp_path) as scene:
        calls = JsonCalls(
            "fal",
            headers={"authorization": "Key k"},
            secrets=(),
            transport=transport_to(scene.server.url),
        )
        scene.server.faults.add("fal.list", Fault.MALFORMED_REPLY)
        now = datetime.now(UTC)
        with pytest.raises(ProviderError):
            await find_request(calls, FAL.model, "start_image_url", "u", since=now, until=now)
        await calls.aclose()


async def test_a_clip_outlives_the_record_of_its_operation(tmp_path: Path) -> None:
    async with scene_of(VEO, tmp_path) as scene:
        handle = await scene.order()
        await scene.ended(handle)
        forgotten = {**handle, "operation": f"{handle['operation']}0"}
        assert (await scene.model.poll(forgotten)).state is JobState.SUCCEEDED


async def test_a_clip_without_an_operation_is_waited_for_in_its_folder(tmp_path: Path) -> None:
    async with scene_of(VEO, tmp_path) as scene:
        prepared = await scene.model.prepare(scene.request)
        assert (await scene.model.poll(prepared)).state is JobState.RUNNING
        assert not await scene.model.cancel(prepared)
