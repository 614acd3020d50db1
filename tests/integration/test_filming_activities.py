"""Orders of clips: written down before they are made, never torn apart, never made twice."""

import asyncio
import struct
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from temporalio.activity import ActivityCancellationDetails
from temporalio.testing import ActivityEnvironment

from activities.cancellation import outlast_cancellation
from activities.filming import COLLECT_ATTEMPTS_MAX, ModelFilmingActivities
from activities.workbench import Workbench
from studio.contracts.documents import ScreenplayDocument, ShotScript
from studio.contracts.plan import ShotTiming
from studio.contracts.workflow_io import ClipJob, ClipTask, CollectTask, ReconcileResult
from studio.db.engine import Database
from studio.journal.repository import find_attempt
from studio.journal.tables import AttemptState
from studio.media.errors import MediaError, UndecodableMedia
from studio.media.ffmpeg import run_ffmpeg
from studio.providers.errors import (
    ModelGone,
    ModerationRefused,
    ProviderBusy,
    ProviderDenied,
    ProviderError,
    ProviderRejected,
    RefusedInput,
    SubmissionUnknown,
)
from studio.providers.ports import Handle, JobState, JobStatus, Providers, VideoRequest
from studio.storage.local import LocalStorage
from studio.storage.signing import SigningKey, UrlSigner
from tests.kit.renders import LOCAL

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ATTEMPT = "proj_api_1-shot001-take1"


@dataclass
class SlowVideoModel:
    """A provider that answers an order when it is allowed to."""

    may_answer: asyncio.Event = field(default_factory=asyncio.Event)
    may_prepare: asyncio.Event | None = None
    preparing: asyncio.Event = field(default_factory=asyncio.Event)
    may_tell: asyncio.Event | None = None
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    ordering: asyncio.Event = field(default_factory=asyncio.Event)
    polled: asyncio.Event = field(default_factory=asyncio.Event)
    orders: list[str] = field(default_factory=list)
    canceled: list[Handle] = field(default_factory=list)
    refusal: ProviderError | None = None
    id_repeats: int = 1
    clip: bytes = b""

    async def prepare(self, request: VideoRequest) -> Handle:
        self.preparing.set()
        if self.may_prepare is not None:
            await self.may_prepare.wait()
        return {"uploaded": request.keyframe.key}

    async def submit(self, request: VideoRequest, prepared: Handle) -> Handle:
        assert prepared == {"uploaded": request.keyframe.key}
        self.orders.append(request.attempt_id)
        self.ordering.set()
        if self.refusal is not None:
            raise self.refusal
        await self.may_answer.wait()
        return {"job": request.attempt_id * self.id_repeats}

    async def poll(self, handle: Handle) -> JobStatus:
        self.polled.set()
        return JobStatus(JobState.RUNNING, progress=len(handle) / 10)

    async def cancel(self, handle: Handle) -> bool:
        self.canceled.append(handle)
        return True

    async def collect(self, handle: Handle, destination: Path) -> None:
        await asyncio.to_thread(destination.write_bytes, self.clip or handle["job"].encode())

    async def reconcile(
        self, request: VideoRequest, prepared: Handle, *, age_seconds: float
    ) -> Handle | None:
        assert age_seconds >= 0
        assert prepared in ({}, {"uploaded": request.keyframe.key})
        found = {"job": request.attempt_id} if request.attempt_id in self.orders else None
        self.asked.set()
        if self.may_tell is not None:
            await self.may_tell.wait()
        return found


@pytest.fixture
def bench(database: Database, tmp_path: Path) -> Workbench:
    storage = LocalStorage(tmp_path / "storage", UrlSigner([SigningKey("test", b"0" * 32)]))
    return Workbench(database=database, storage=storage, scratch=tmp_path, now=lambda: NOW)


@pytest.fixture
def model() -> SlowVideoModel:
    return SlowVideoModel()


@pytest.fixture
def filming(bench: Workbench, model: SlowVideoModel) -> ModelFilmingActivities:
    return ModelFilmingActivities(bench, Providers(videos={"local": model}))


@pytest.fixture
async def task(bench: Workbench) -> ClipTask:
    script = ShotScript(index=1, title="Boat", description="A boat.", camera_move="push_in")
    document = ScreenplayDocument(title="A film", style="plain", shots=(script,))
    bench.storage.put_bytes("keyframe.png", b"a picture", content_type="image/png")
    return ClipTask(
        project_id="proj_api_1",
        attempt_id=ATTEMPT,
        shot=ShotTiming(index=1, frames=96, filmed_seconds=4),
        shot_count=1,
        attempt=1,
        model=LOCAL,
        resolution="720p",
        screenplay_key=await bench.write_document("proj_api_1/screenplay.json", document),
        keyframe_key="keyframe.png",
        frames_per_second=24,
    )


def _state(bench: Workbench) -> AttemptState | None:
    with bench.database.reading() as session:
        found = find_attempt(session, ATTEMPT)
    return found.state if found else None


def _job() -> ClipJob:
    return ClipJob(attempt_id=ATTEMPT, provider="local", handle={"job": ATTEMPT})


@pytest.mark.requirement("FLOW-3")
async def test_an_order_on_its_way_outlasts_a_cancellation_and_keeps_its_handle(
    bench: Workbench, model: SlowVideoModel, filming: ModelFilmingActivities, task: ClipTask
) -> None:
    environment = ActivityEnvironment()
    ordering = asyncio.create_task(environment.run(filming.submit_clip, task))
    await model.ordering.wait()
    environment.cancel()
    model.may_answer.set()
    assert await ordering == _job()
    assert _state(bench) == AttemptState.ACCEPTED


async def test_a_worker_that_shuts_down_leaves_its_order_to_be_asked_about(
    bench: Workbench, model: SlowVideoModel, filming: ModelFilmingActivities, task: ClipTask
) -> None:
    environment = ActivityEnvironment()
    ordering = asyncio.create_task(environment.run(filming.submit_clip, task))
    await model.ordering.wait()
    environment.cancel(ActivityCancellationDetails(worker_shutdown=True))
    with pytest.raises(asyncio.CancelledError):
        await ordering
    assert _state(bench) == AttemptState.SUBMITTING
    found = await ActivityEnvironment().run(filming.reconcile_clip, task)
    assert found == ReconcileResult(job=_job())


@pytest.mark.requirement("FLOW-3")
async def test_an_attempt_that_was_asked_about_is_not_ordered_by_a_late_worker(
    bench: Workbench, model: SlowVideoModel, filming: ModelFilmingActivities, task: ClipTask
) -> None:
    """Its worker slept before it wrote the attempt down, and wakes up after it was given up."""
    asked = await ActivityEnvironment().run(filming.reconcile_clip, task)
    assert asked == ReconcileResult(lost=True)
    assert _state(bench) == AttemptState.LOST
    with pytest.raises(SubmissionUnknown):
        await ActivityEnvironment().run(filming.submit_clip, task)
    assert model.orders == []


@pytest.mark.requirement("FLOW-3")
async def test_an_attempt_that_is_given_up_while_it_is_prepared_is_not_ordered(
    bench: Workbench, model: SlowVideoModel, filming: ModelFilmingActivities, task: ClipTask
) -> None:
    """Its worker lost Temporal and not the provider: another asks, and orders the next attempt."""
    model.may_prepare = asyncio.Event()
    ordering = asyncio.create_task(ActivityEnvironment().run(filming.submit_clip, task))
    await model.preparing.wait()
    asked = await ActivityEnvironment().run(filming.reconcile_clip, task)
    assert asked == ReconcileResult(lost=True)
    model.may_prepare.set()
    with pytest.raises(SubmissionUnknown, match="given up"):
        await ordering
    assert (model.orders, _state(bench)) == ([], AttemptState.LOST)


@pytest.mark.parametrize(
    ("refusal", "may_be_ordered_again"),
    [
        (ProviderBusy("Later.", retry_after_seconds=3), True),
        (ProviderError("It could not be reached."), True),
        (ModelGone("It was retired."), True),
        (ModerationRefused("No.", refused=RefusedInput.KEYFRAME), True),
        (ProviderRejected("A bad request."), False),
        (ProviderDenied("The key was refused."), False),
    ],
)
async def test_a_refusal_is_the_same_for_whoever_comes_again(
    model: SlowVideoModel,
    filming: ModelFilmingActivities,
    task: ClipTask,
    refusal: ProviderError,
    *,
    may_be_ordered_again: bool,
) -> None:
    """After a worker that died before it told, and in a run that an operator has reset."""
    model.refusal = refusal
    with pytest.raises(type(refusal)):
        await ActivityEnvironment().run(filming.submit_clip, task)
    asked = await ActivityEnvironment().run(filming.reconcile_clip, task)
    assert asked == ReconcileResult(lost=may_be_ordered_again)
    with pytest.raises(ProviderError) as again:
        await ActivityEnvironment().run(filming.submit_clip, task)
    assert (type(again.value), again.value.detail) == (type(refusal), refusal.detail)
    assert getattr(again.value, "refused", None) == getattr(refusal, "refused", None)
    assert len(model.orders) == 1


def _box(kind: bytes, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return struct.pack(">I4s", 8 + len(content), kind) + content


def _counts(kind: bytes, *numbers: int) -> bytes:
    return _box(kind, bytes(4), struct.pack(f">{len(numbers)}I", *numbers))


def film_of_one_kilobyte(frames: int) -> bytes:
    """An MP4 of a thousand bytes whose index claims that many frames, 40 bytes of memory each."""
    codec = _box(b"avc1", bytes(7), b"\1", bytes(16), struct.pack(">HH", 1280, 720), bytes(50))
    table = _box(
        b"stbl",
        _box(b"stsd", bytes(7), b"\1", codec),
        _counts(b"stts", 1, frames, 1),
        _counts(b"stsc", 1, 1, frames, 1),
        _counts(b"stsz", 1, frames),
        _counts(b"stco", 1, 100),
    )
    media = _box(
        b"mdia",
        _counts(b"mdhd", 0, 0, 24, 1000, 0),
        _box(b"hdlr", bytes(8), b"vide", bytes(12), b"v\0"),
        _box(b"minf", _box(b"vmhd", bytes(12)), table),
    )
    head = _box(b"tkhd", bytes(3), b"\7", struct.pack(">5I", 0, 0, 1, 0, 1000), bytes(68))
    film = _box(b"moov", _box(b"mvhd", bytes(100)), _box(b"trak", head, media))
    return _box(b"ftyp", b"isom", bytes(4), b"isom") + film + _box(b"mdat", bytes(500))


@pytest.mark.parametrize(
    "clip", [b"<html>", film_of_one_kilobyte(frames=60_000_000)], ids=["page", "bomb"]
)
async def test_what_is_no_clip_is_refused_by_a_limited_process_and_not_fetched_for_ever(
    bench: Workbench, model: SlowVideoModel, task: ClipTask, clip: bytes
) -> None:
    model.clip = clip
    filming = ModelFilmingActivities(bench, Providers(videos={"paid": model}))
    collect = CollectTask(clip=task, job=_job().model_copy(update={"provider": "paid"}))
    environment = ActivityEnvironment()
    with pytest.raises(MediaError, match="cannot be used: The file") as first:
        await environment.run(filming.collect_clip, collect)
    assert not isinstance(first.value, UndecodableMedia)
    environment.info = replace(environment.info, attempt=COLLECT_ATTEMPTS_MAX)
    with pytest.raises(UndecodableMedia, match="cannot be used: The file"):
        await environment.run(filming.collect_clip, collect)
    assert not list(bench.scratch.glob("collect-*"))


async def test_a_clip_that_was_fetched_is_kept_although_its_provider_forgets_it(
    bench: Workbench, model: SlowVideoModel, task: ClipTask, tmp_path: Path
) -> None:
    """A run that an operator resets goes through the same steps again, perhaps days later."""
    film = tmp_path / "film.mp4"
    source = "testsrc=size=320x180:rate=24:duration=4"
    await run_ffmpeg(
        ["-f", "lavfi", "-i", source, "-c:v", "libx264", "-f", "mp4", str(film)],
        timeout_seconds=60,
    )
    model.clip = film.read_bytes()
    filming = ModelFilmingActivities(bench, Providers(videos={"paid": model}))
    job = _job().model_copy(update={"provider": "paid"})
    collect = CollectTask(clip=task, job=job)
    clip = await ActivityEnvironment().run(filming.collect_clip, collect)
    model.clip = b"<html>It is gone.</html>"
    await ActivityEnvironment().run(filming.await_clip, job)
    assert not model.polled.is_set()
    assert await ActivityEnvironment().run(filming.collect_clip, collect) == clip


async def test_an_id_that_does_not_fit_into_a_history_is_not_taken(
    bench: Workbench, model: SlowVideoModel, filming: ModelFilmingActivities, task: ClipTask
) -> None:
    model.may_answer.set()
    model.id_repeats = 1_000
    with pytest.raises(SubmissionUnknown, match="too long"):
        await ActivityEnvironment().run(filming.submit_clip, task)
    assert _state(bench) == AttemptState.SUBMITTING


@pytest.mark.requirement("FLOW-3")
async def test_an_order_that_goes_out_while_it_is_asked_about_is_not_given_up(
    model: SlowVideoModel, filming: ModelFilmingActivities, task: ClipTask
) -> None:
    model.may_prepare = asyncio.Event()
    model.may_answer.set()
    model.may_tell = asyncio.Event()
    ordering = asyncio.create_task(ActivityEnvironment().run(filming.submit_clip, task))
    await model.preparing.wait()
    asking = asyncio.create_task(ActivityEnvironment().run(filming.reconcile_clip, task))
    await model.asked.wait()
    model.may_prepare.set()
    assert await ordering == _job()
    model.may_tell.set()
    with pytest.raises(ProviderError, match="went on"):
        await asking
    found = await ActivityEnvironment().run(filming.reconcile_clip, task)
    assert found == ReconcileResult(job=_job())


async def test_a_question_about_an_order_outlasts_a_cancellation(
    model: SlowVideoModel, filming: ModelFilmingActivities, task: ClipTask
) -> None:
    """A job that is found can be withdrawn; one that nobody hears of is filmed and billed."""
    ordering = ActivityEnvironment()
    lost = asyncio.create_task(ordering.run(filming.submit_clip, task))
    await model.ordering.wait()
    ordering.cancel(ActivityCancellationDetails(worker_shutdown=True))
    with pytest.raises(asyncio.CancelledError):
        await lost
    model.may_tell = asyncio.Event()
    asking = ActivityEnvironment()
    answer = asyncio.create_task(asking.run(filming.reconcile_clip, task))
    await model.asked.wait()
    asking.cancel()
    model.may_tell.set()
    assert await answer == ReconcileResult(job=_job())


@pytest.mark.parametrize("shutdown", [False, True])
async def test_a_wait_that_ends_early_leaves_the_job_to_whoever_comes_next(
    model: SlowVideoModel, filming: ModelFilmingActivities, *, shutdown: bool
) -> None:
    """Its successor after a worker's shutdown; `withdraw_clip` after a caller's cancellation."""
    environment = ActivityEnvironment()
    waiting = asyncio.create_task(environment.run(filming.await_clip, _job()))
    await model.polled.wait()
    environment.cancel(
        ActivityCancellationDetails(worker_shutdown=shutdown, cancel_requested=not shutdown)
    )
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert model.canceled == []


async def test_an_order_is_withdrawn_at_its_provider(
    model: SlowVideoModel, filming: ModelFilmingActivities
) -> None:
    await ActivityEnvironment().run(filming.withdraw_clip, _job())
    assert model.canceled == [{"job": ATTEMPT}]


async def test_work_that_fails_while_a_cancellation_is_outlasted_tells_why() -> None:
    begun, may_fail = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        begun.set()
        await may_fail.wait()
        raise OSError("no room")

    async def act() -> None:
        await outlast_cancellation(work())

    environment = ActivityEnvironment()
    running = asyncio.create_task(environment.run(act))
    await begun.wait()
    environment.cancel()
    may_fail.set()
    with pytest.raises(OSError, match="no room"):
        await running
