"""VideoModel over the wire: every paid adapter before a server that speaks its provider's protocol.

What counts is what the server's books say: an order is one POST whatever comes of it, a lost reply
is found again where the provider can be asked, and nothing is ordered twice.
"""

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from studio.providers.errors import (
    ModelGone,
    ModerationRefused,
    OutputExpired,
    ProviderBusy,
    ProviderDenied,
    ProviderError,
    ProviderRejected,
    RefusedInput,
    SubmissionUnknown,
)
from studio.providers.ports import JobState
from tests.contract.video_vendors import (
    CANCELING,
    DOWNLOADING,
    FINDING,
    KEY,
    KLING,
    OMNI,
    REFUSALS,
    VENDORS,
    Scene,
    Vendor,
    adapter,
    ended,
    order_for,
    scene_of,
)
from tests.kit.vendors.faults import Fault
from tests.kit.vendors.server import VendorServer

WRITTEN_SECONDS_MAX = 60
LOST_REPLIES = (
    Fault.UNAVAILABLE_AFTER,
    Fault.RESET_AFTER,
    Fault.CLOSED_AFTER,
    Fault.CUT_REPLY,
    Fault.MALFORMED_REPLY,
)
LOST_ORDERS = (Fault.UNAVAILABLE_BEFORE, Fault.RESET_BEFORE, Fault.CLOSED_BEFORE)
REFUSED_ORDERS = {
    Fault.BUSY: ProviderBusy,
    Fault.DENIED: ProviderDenied,
    Fault.MODEL_GONE: ModelGone,
}


def leftovers(folder: Path) -> list[Path]:
    return list(folder.glob("*clip*"))


@pytest.fixture(params=VENDORS, ids=str)
def vendor(request: pytest.FixtureRequest) -> Vendor:
    vendor = request.param
    assert isinstance(vendor, Vendor)
    return vendor


@pytest.fixture
async def scene(vendor: Vendor, tmp_path: Path) -> AsyncIterator[Scene]:
    async with scene_of(vendor, tmp_path) as scene:
        yield scene


async def test_an_order_becomes_a_clip(scene: Scene, tmp_path: Path) -> None:
    handle = await scene.order()
    status = await scene.ended(handle)
    assert status.state is JobState.SUCCEEDED
    await scene.model.collect(handle, tmp_path / "clip.mp4")
    assert (tmp_path / "clip.mp4").read_bytes()[4:8] == b"ftyp"
    assert (scene.posts, len(scene.server.books.billed(scene.vendor.books))) == (1, 1)


async def test_a_new_worker_goes_on_from_the_handle_alone(scene: Scene, tmp_path: Path) -> None:
    handle = await scene.order()
    async with adapter(scene.vendor, scene.server.url, scene.server.objects) as other:
        assert (await ended(other, handle)).state is JobState.SUCCEEDED
        await other.collect(handle, tmp_path / "clip.mp4")
    assert (tmp_path / "clip.mp4").stat().st_size > 0
    assert scene.posts == 1


async def test_handles_are_short_text_without_the_key_or_a_signature(scene: Scene) -> None:
    prepared = await scene.model.prepare(scene.request)
    handle = await scene.model.submit(scene.request, prepared)
    for name, value in [*prepared.items(), *handle.items()]:
        assert isinstance(name, str)
        assert isinstance(value, str)
        assert len(value) < 300
        assert KEY not in value
        assert "?" not in value


@pytest.mark.parametrize("fault", [*LOST_ORDERS, *LOST_REPLIES])
async def test_an_order_without_an_answer_is_unknown_after_one_post(
    scene: Scene, fault: Fault
) -> None:
    scene.server.faults.add(scene.vendor.submit, fault)
    with pytest.raises(SubmissionUnknown) as raised:
        await scene.order()
    assert KEY not in raised.value.detail
    assert scene.posts == 1
    assert scene.jobs == (1 if fault in LOST_REPLIES else 0)


async def test_an_order_that_hangs_is_unknown_after_one_post(
    vendor: Vendor, tmp_path: Path
) -> None:
    async with scene_of(vendor, tmp_path, timeout_seconds=0.2) as scene:
        scene.server.faults.add(vendor.submit, Fault.HANG_AFTER)
        with pytest.raises(SubmissionUnknown):
            await scene.order()
        assert scene.posts == 1


@pytest.mark.parametrize("fault", REFUSED_ORDERS)
async def test_a_refused_order_is_refused_for_sure(scene: Scene, fault: Fault) -> None:
    scene.server.faults.add(scene.vendor.submit, fault, retry_after_seconds=7)
    with pytest.raises(ProviderError) as raised:
        await scene.order()
    assert raised.type is REFUSED_ORDERS[fault]
    assert KEY not in raised.value.detail
    assert (scene.posts, scene.jobs) == (1, 0)
    if isinstance(raised.value, ProviderBusy):
        assert raised.value.retry_after_seconds == 7


async def test_an_account_without_rights_or_balance_is_denied(scene: Scene) -> None:
    scene.server.faults.add(scene.vendor.submit, Fault.DENIED, status=403)
    with pytest.raises(ProviderDenied):
        await scene.order()
    assert (scene.posts, scene.jobs) == (1, 0)


async def test_an_order_that_never_left_is_free_to_be_tried_again(
    vendor: Vendor, tmp_path: Path
) -> None:
    request = order_for(vendor, tmp_path)
    async with VendorServer() as server, adapter(vendor, server.url) as model:
        prepared = await model.prepare(request)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        closed_url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    async with adapter(vendor, closed_url) as model:
        with pytest.raises(ProviderError) as raised:
            await model.submit(request, prepared)
    assert raised.type is ProviderError


@pytest.mark.parametrize("vendor", FINDING, ids=str, indirect=True)
@pytest.mark.parametrize("fault", LOST_REPLIES)
async def test_a_lost_order_is_found_and_filmed_without_another(
    scene: Scene, tmp_path: Path, fault: Fault
) -> None:
    prepared = await scene.model.prepare(scene.request)
    scene.server.faults.add(scene.vendor.submit, fault)
    with pytest.raises(SubmissionUnknown):
        await scene.model.submit(scene.request, prepared)
    handle = await found(scene, prepared)
    assert (await scene.ended(handle)).state is JobState.SUCCEEDED
    await scene.model.collect(handle, tmp_path / "clip.mp4")
    assert (tmp_path / "clip.mp4").stat().st_size > 0
    assert (scene.posts, len(scene.server.books.billed(scene.vendor.books))) == (1, 1)


async def found(scene: Scene, prepared: dict[str, str]) -> dict[str, str]:
    """The handle of the job, once it can be found: a clip in a bucket takes its time."""
    if not scene.vendor.download:
        assert await asyncio.to_thread(scene.written.wait, WRITTEN_SECONDS_MAX)
    handle = await scene.model.reconcile(scene.request, prepared, age_seconds=1)
    assert handle is not None
    return handle


async def test_an_order_that_never_arrived_is_lost_only_when_that_is_sure(scene: Scene) -> None:
    prepared = await scene.model.prepare(scene.request)
    scene.server.faults.add(scene.vendor.submit, Fault.RESET_BEFORE)
    with pytest.raises(SubmissionUnknown):
        await scene.model.submit(scene.request, prepared)
    with pytest.raises(ProviderError):
        await scene.model.reconcile(scene.request, prepared, age_seconds=1)
    if scene.vendor.old_seconds is None:
        with pytest.raises(ProviderError):
            await scene.model.reconcile(scene.request, prepared, age_seconds=1e6)
    else:
        old = scene.vendor.old_seconds
        assert await scene.model.reconcile(scene.request, prepared, age_seconds=old) is None
    assert scene.posts == 1


@pytest.mark.parametrize("vendor", FINDING, ids=str, indirect=True)
async def test_another_attempt_s_job_is_not_adopted(scene: Scene) -> None:
    await scene.ended(await scene.order())
    other = replace(scene.request, attempt_id="prj_0123456789-shot001-take2")
    prepared = await scene.model.prepare(other)
    assert await scene.model.reconcile(other, prepared, age_seconds=1e6) is None


async def test_a_job_is_canceled_where_the_provider_can(scene: Scene) -> None:
    handle = await scene.order()
    assert await scene.model.cancel(handle) is scene.vendor.can_cancel
    if scene.vendor.can_cancel:
        assert scene.server.books.billed(scene.vendor.books) == []
        assert (await scene.ended(handle)).state is JobState.FAILED


@pytest.mark.parametrize("vendor", CANCELING, ids=str, indirect=True)
async def test_a_cancellation_without_an_answer_is_asked_for_again(scene: Scene) -> None:
    handle = await scene.order()
    scene.server.faults.add(scene.vendor.cancel, Fault.UNAVAILABLE_BEFORE)
    with pytest.raises(ProviderError):
        await scene.model.cancel(handle)
    assert await scene.model.cancel(handle)


@pytest.mark.parametrize("vendor", CANCELING, ids=str, indirect=True)
async def test_a_job_that_is_too_far_is_not_said_to_be_canceled(scene: Scene) -> None:
    handle = await scene.order()
    scene.server.faults.add(scene.vendor.cancel, Fault.CANCEL_REFUSED)
    assert not await scene.model.cancel(handle)


async def test_a_job_that_has_ended_is_not_said_to_be_canceled(scene: Scene) -> None:
    handle = await scene.order()
    await scene.ended(handle)
    assert not await scene.model.cancel(handle)
    assert len(scene.server.books.billed(scene.vendor.books)) == 1


async def test_a_clip_that_is_gone_is_said_to_be_gone(scene: Scene, tmp_path: Path) -> None:
    scene.server.faults.add(scene.vendor.submit, Fault.OUTPUT_EXPIRED)
    handle = await scene.order()
    assert (await scene.ended(handle)).state is JobState.SUCCEEDED
    with pytest.raises(OutputExpired):
        await scene.model.collect(handle, tmp_path / "clip.mp4")
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("vendor", [KLING, OMNI], ids=str, indirect=True)
async def test_a_job_that_seems_to_run_again_is_not_gone(scene: Scene, tmp_path: Path) -> None:
    """A provider's machines do not all know at the same time that it has ended: it was paid for."""
    handle = await scene.order()
    await scene.ended(handle)
    scene.server.faults.add(scene.vendor.poll, Fault.STILL_RUNNING)
    with pytest.raises(ProviderError) as raised:
        await scene.model.collect(handle, tmp_path / "clip.mp4")
    assert not isinstance(raised.value, OutputExpired)
    await scene.model.collect(handle, tmp_path / "clip.mp4")
    assert (tmp_path / "clip.mp4").stat().st_size > 0


@pytest.mark.parametrize("fault", REFUSALS)
async def test_a_content_filter_names_what_it_refused(scene: Scene, fault: str) -> None:
    scene.server.faults.add(scene.vendor.submit, fault)
    refused: RefusedInput | None
    try:
        status = await scene.ended(await scene.order())
    except ModerationRefused as error:
        refused = error.refused
    else:
        assert (status.state, status.rejected) == (JobState.FAILED, True)
        refused = status.refused
    assert refused is REFUSALS[fault]
    assert scene.server.books.billed(scene.vendor.books) == []


async def test_a_job_that_failed_may_be_tried_again(scene: Scene) -> None:
    scene.server.faults.add(scene.vendor.submit, Fault.JOB_FAILED)
    status = await scene.ended(await scene.order())
    assert (status.state, status.rejected, status.refused) == (JobState.FAILED, False, None)
    assert status.error


@pytest.mark.parametrize(
    "fault",
    [
        Fault.UNAVAILABLE_BEFORE,
        Fault.RESET_BEFORE,
        Fault.CUT_REPLY,
        Fault.MALFORMED_REPLY,
    ],
)
async def test_a_question_that_failed_says_nothing_about_the_job(
    scene: Scene, fault: Fault
) -> None:
    handle = await scene.order()
    scene.server.faults.add(scene.vendor.poll, fault)
    with pytest.raises(ProviderError) as raised:
        await scene.model.poll(handle)
    assert not isinstance(raised.value, ProviderRejected | SubmissionUnknown | ModelGone)
    assert (await scene.ended(handle)).state is JobState.SUCCEEDED


async def test_a_job_that_the_provider_does_not_know_is_not_said_to_have_failed(
    scene: Scene,
) -> None:
    handle = await scene.order()
    strange = {name: value.replace("-", "0") + "0" for name, value in handle.items()}
    with pytest.raises(ProviderError) as raised:
        await scene.model.poll({**strange, **kept(handle)})
    assert not isinstance(raised.value, ProviderRejected | SubmissionUnknown | ModelGone)


def kept(handle: dict[str, str]) -> dict[str, str]:
    return {name: handle[name] for name in ("endpoint",) if name in handle}


async def test_a_key_that_comes_back_with_an_error_goes_no_further(scene: Scene) -> None:
    scene.server.faults.add(scene.vendor.submit, Fault.KEY_ECHOED)
    with pytest.raises(ProviderError) as raised:
        await scene.order()
    assert "Unexpected request to" in raised.value.detail
    assert KEY not in raised.value.detail


async def test_a_busy_provider_says_when_to_ask_again(scene: Scene) -> None:
    handle = await scene.order()
    scene.server.faults.add(scene.vendor.poll, Fault.BUSY, retry_after_seconds=3)
    with pytest.raises(ProviderBusy) as raised:
        await scene.model.poll(handle)
    assert raised.value.retry_after_seconds == 3


@pytest.mark.parametrize("vendor", DOWNLOADING, ids=str, indirect=True)
@pytest.mark.parametrize("fault", [Fault.UNAVAILABLE_BEFORE, Fault.CUT_REPLY])
async def test_a_download_that_broke_off_leaves_nothing_and_is_tried_again(
    scene: Scene, tmp_path: Path, fault: Fault
) -> None:
    handle = await scene.order()
    await scene.ended(handle)
    scene.server.faults.add(scene.vendor.download, fault)
    with pytest.raises(ProviderError) as raised:
        await scene.model.collect(handle, tmp_path / "clip.mp4")
    assert not isinstance(raised.value, OutputExpired)
    assert leftovers(tmp_path) == []
    await scene.model.collect(handle, tmp_path / "clip.mp4")
    assert (tmp_path / "clip.mp4").stat().st_size > 0


async def test_an_interaction_with_an_odd_end_is_a_failed_job(tmp_path: Path) -> None:
    async with scene_of(OMNI, tmp_path) as scene:
        scene.server.faults.add(OMNI.submit, Fault.ODD_STATUS, detail="budget_exceeded")
        status = await scene.ended(await scene.order())
    assert status.state is JobState.FAILED
    assert "budget_exceeded" in (status.error or "")
