"""Filming: order a clip once, wait for it on any worker, collect and normalise it.

The journal is written before the provider is called and again with its answer. So after a crash
there is either a handle to go on with, or an attempt that is asked about before anything new is
ordered: no clip is paid twice.
"""

import asyncio
from pathlib import Path

from sqlalchemy.orm import Session
from temporalio import activity

from activities.cancellation import outlast_cancellation
from activities.clips import keep_clip
from activities.heartbeats import heartbeating
from activities.measures import count_attempt
from activities.orders import video_request
from activities.paid_calls import (
    FREE_PROVIDER,
    PaidCall,
    digest_of,
    keep_result,
    kept_result,
)
from activities.polling import ClipFailed, wait_for_clip
from activities.refusals import recalled, remembered
from activities.reviews import review_media
from activities.selection import UnknownProvider, adapter
from activities.workbench import Workbench
from studio.contracts.activities import FilmingActivities
from studio.contracts.assets import AssetKind
from studio.contracts.workflow_io import (
    Clip,
    ClipJob,
    ClipTask,
    CollectTask,
    ReconcileResult,
    Review,
    ReviewTask,
)
from studio.journal import repository as journal
from studio.journal.tables import AttemptState
from studio.media.errors import DiskFull, MediaError, MediaTimeout, UndecodableMedia
from studio.media.inspect import inspect_file
from studio.providers.errors import (
    ProviderDenied,
    ProviderError,
    ProviderRejected,
    SubmissionUnknown,
    UnusableAnswer,
)
from studio.providers.ports import Handle, Providers, VideoModel, VideoRequest

FINAL_REFUSALS = frozenset({ProviderRejected.code, ProviderDenied.code})
"""Another order would end in the same way. After every other one there is none to be found."""

CLIP_TYPE = "video/mp4"
COLLECT_ATTEMPTS_MAX = 3
"""A clip that came damaged may come whole; one that is no clip is not fetched for half an hour."""

HANDLE_LENGTH_MAX = 4_000
"""Characters of a provider's ids: it goes into the history with every step of the job."""

REPLACEMENT_PROVIDER = FREE_PROVIDER
"""Animates the keyframe of a shot that could not be filmed; it costs nothing."""


class ModelFilmingActivities(FilmingActivities):
    def __init__(self, bench: Workbench, providers: Providers) -> None:
        self._bench = bench
        self._providers = providers

    @activity.defn
    async def submit_clip(self, task: ClipTask) -> ClipJob:
        model = adapter(self._providers.videos, task.model)
        async with heartbeating("ordering"), self._bench.workspace("order") as folder:
            request = await video_request(self._bench, task, folder)
            # Torn off half-way, an order may be paid for by nobody who knows of it.
            return await outlast_cancellation(self._submit(task, model, request))

    async def _submit(self, task: ClipTask, model: VideoModel, request: VideoRequest) -> ClipJob:
        known = await self._begin(task)
        if known is not None:
            return self._resume(task, known)
        try:
            prepared = await model.prepare(request)
            await self._prepare(task, prepared)
            handle = await model.submit(request, prepared)
        except SubmissionUnknown:
            count_attempt(task.model.provider, "unknown")
            raise
        except ProviderError as refusal:
            await self._reject(task, refusal)
            raise
        return await self._accept(task, handle)

    async def _begin(self, task: ClipTask) -> journal.Attempt | None:
        return await self._bench.transact(
            lambda session: journal.begin_attempt(
                session,
                attempt_id=task.attempt_id,
                project_id=task.project_id,
                provider=task.model.provider,
                request_digest=digest_of(task),
                now=self._bench.now(),
            )
        )

    async def _prepare(self, task: ClipTask, prepared: Handle) -> None:
        """What the order will be recognised by, and the last look before there is an order.

        SubmissionUnknown where somebody has given the attempt up, because this worker was slow.
        """
        is_open = await self._bench.transact(
            lambda session: journal.prepare_attempt(
                session, task.attempt_id, prepared, now=self._bench.now()
            )
        )
        if not is_open:
            raise SubmissionUnknown(f"{task.attempt_id} was given up before it was ordered.")

    def _resume(self, task: ClipTask, known: journal.Attempt) -> ClipJob:
        """An earlier try got this far: never order again what may have been ordered."""
        if known.state == AttemptState.ACCEPTED and known.handle is not None:
            return _job(task, known.handle)
        if known.state == AttemptState.REJECTED:
            raise recalled(known)
        raise SubmissionUnknown(f"Whether {task.attempt_id} was ordered is not known.")

    async def _accept(self, task: ClipTask, handle: Handle) -> ClipJob:
        if sum(map(len, (*handle, *handle.values()))) > HANDLE_LENGTH_MAX:
            raise SubmissionUnknown(f"The handle of {task.attempt_id} is too long to be kept.")
        now = self._bench.now()

        def accept(session: Session) -> None:
            journal.accept_attempt(session, task.attempt_id, handle, now=now)

        # A paid job exists from here on: a cancellation must not lose its handle.
        await asyncio.shield(self._bench.transact(accept))
        count_attempt(task.model.provider, AttemptState.ACCEPTED)
        return _job(task, handle)

    async def _reject(self, task: ClipTask, refusal: ProviderError) -> None:
        now = self._bench.now()
        await self._bench.transact(
            lambda session: journal.reject_attempt(
                session, task.attempt_id, refusal.detail, now=now, refusal=remembered(refusal)
            )
        )
        count_attempt(task.model.provider, AttemptState.REJECTED)

    @activity.defn
    async def reconcile_clip(self, task: ClipTask) -> ReconcileResult:
        model = adapter(self._providers.videos, task.model)
        async with heartbeating("asking the provider"), self._bench.workspace("ask") as folder:
            known = await self._known(task)
            if known is None:
                return await self._lose(task, prepared=False)
            if known.state == AttemptState.ACCEPTED and known.handle:
                return ReconcileResult(job=_job(task, known.handle))
            if known.state == AttemptState.SUBMITTING:
                # Torn off half-way, a job that was found would film on for nobody.
                return await outlast_cancellation(self._ask(task, model, known, folder))
            if known.state == AttemptState.REJECTED:
                return ReconcileResult(lost=recalled(known).code not in FINAL_REFUSALS)
        return ReconcileResult(lost=True)

    async def _ask(
        self, task: ClipTask, model: VideoModel, known: journal.Attempt, folder: Path
    ) -> ReconcileResult:
        request = await video_request(self._bench, task, folder)
        age = self._bench.now() - known.open_since
        handle = await model.reconcile(
            request, known.prepared or {}, age_seconds=age.total_seconds()
        )
        if handle is not None:
            return ReconcileResult(job=await self._accept(task, handle))
        return await self._lose(task, prepared=known.prepared is not None)

    async def _known(self, task: ClipTask) -> journal.Attempt | None:
        """What the journal says; None where it said nothing, so that nothing was ordered.

        Then the attempt is written down now: a worker that was only slow finds it taken when it
        wakes up, and orders nothing beside the next one.
        """
        known = await self._bench.transact(
            lambda session: journal.find_attempt(session, task.attempt_id)
        )
        return known or await self._begin(task)

    async def _lose(self, task: ClipTask, *, prepared: bool) -> ReconcileResult:
        """Give the attempt up, unless its worker was only slow and went on meanwhile."""
        now = self._bench.now()
        reason = "The provider knows of no such job."
        lost = await self._bench.transact(
            lambda session: journal.lose_attempt(
                session, task.attempt_id, reason, prepared=prepared, now=now
            )
        )
        if not lost:
            raise ProviderError("The order went on while the provider was asked about it.")
        count_attempt(task.model.provider, AttemptState.LOST)
        return ReconcileResult(lost=True)

    @activity.defn
    async def await_clip(self, job: ClipJob) -> None:
        model = self._video_model(job.provider)
        try:
            async with heartbeating("filming") as pulse:
                if await self._collected(job) is not None:
                    return  # a run that was reset: the provider may not know the job any more
                await wait_for_clip(model, job.handle, job.poll_interval_seconds, pulse)
        except (ClipFailed, ProviderRejected):
            count_attempt(job.provider, "failed")
            raise
        count_attempt(job.provider, "filmed")

    @activity.defn
    async def collect_clip(self, task: CollectTask) -> Clip:
        model = self._video_model(task.job.provider)
        async with heartbeating("collecting"), self._bench.workspace("collect") as folder:
            known = await self._collected(task.job)
            if known is not None:
                return known
            # It is filmed and will be paid for: a cancellation keeps it.
            return await outlast_cancellation(self._collect(task, model, folder))

    async def _collected(self, job: ClipJob) -> Clip | None:
        """The job's clip where it is in our storage already: its provider deletes it in time."""
        if job.provider == FREE_PROVIDER:
            return None
        return await kept_result(self._bench, _clip_call_id(job), Clip)

    async def _collect(self, task: CollectTask, model: VideoModel, folder: Path) -> Clip:
        raw = folder / "raw.mp4"
        try:
            await model.collect(task.job.handle, raw)
            if task.job.provider != FREE_PROVIDER:
                # A stranger's file: this process and ffmpeg see what a limited child has seen.
                await inspect_file(raw, AssetKind.VIDEO, CLIP_TYPE)
            clip = await keep_clip(self._bench, task.clip, raw, folder)
        except (DiskFull, MediaTimeout):
            raise  # this machine's fault: another may have the room or the time
        except (MediaError, UnusableAnswer) as error:
            last = activity.info().attempt >= COLLECT_ATTEMPTS_MAX
            kind = UndecodableMedia if last else MediaError
            raise kind(f"The clip cannot be used: {error.detail}") from None
        if task.job.provider != FREE_PROVIDER:
            call = PaidCall(
                call_id=_clip_call_id(task.job),
                project_id=task.clip.project_id,
                provider=task.job.provider,
                request=task.clip,
            )
            await keep_result(self._bench, call, clip)
        return clip

    @activity.defn
    async def withdraw_clip(self, job: ClipJob) -> None:
        async with heartbeating("withdrawing"):
            stopped = await self._video_model(job.provider).cancel(job.handle)
        count_attempt(job.provider, "withdrawn" if stopped else "not_stopped")

    @activity.defn
    async def animate_keyframe(self, task: ClipTask) -> Clip:
        model = self._video_model(REPLACEMENT_PROVIDER)
        async with (
            heartbeating("animating") as pulse,
            self._bench.workspace("animate") as folder,
        ):
            handle = await model.submit(await video_request(self._bench, task, folder), {})
            try:
                await wait_for_clip(model, handle, task.poll_interval_seconds, pulse)
            except asyncio.CancelledError:
                await asyncio.shield(model.cancel(handle))
                raise
            raw = folder / "raw.mp4"
            await model.collect(handle, raw)
            return await keep_clip(self._bench, task, raw, folder)

    def _video_model(self, provider: str) -> VideoModel:
        try:
            return self._providers.videos[provider]
        except KeyError:
            raise UnknownProvider(f"No video adapter {provider!r} runs on this worker.") from None

    @activity.defn
    async def review_clip(self, task: ReviewTask) -> Review:
        critic = adapter(self._providers.critics, task.model)
        async with heartbeating("looking"):
            return await review_media(self._bench, task, critic, critic.review_clip, "clip.mp4")


def _clip_call_id(job: ClipJob) -> str:
    return f"{job.attempt_id}-clip"


def _job(task: ClipTask, handle: Handle) -> ClipJob:
    return ClipJob(
        attempt_id=task.attempt_id,
        provider=task.model.provider,
        handle=handle,
        poll_interval_seconds=task.poll_interval_seconds,
    )
