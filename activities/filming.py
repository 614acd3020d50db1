"""Filming: order a clip once, wait for it on any worker, collect and normalise it.

The journal is written before the provider is called and again with its answer. So after a crash
there is either a handle to go on with, or an attempt that is asked about before anything new is
ordered: no clip is paid twice.
"""

import asyncio
from pathlib import Path
from typing import ClassVar

from sqlalchemy.orm import Session
from temporalio import activity

from activities.cancellation import outlast_cancellation
from activities.clips import keep_clip
from activities.heartbeats import Pulse, heartbeating
from activities.measures import count_attempt
from activities.orders import digest_of, video_request
from activities.selection import UnknownProvider, adapter
from activities.workbench import Workbench
from studio.contracts.activities import FilmingActivities
from studio.contracts.errors import StudioError
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
from studio.providers.ports import (
    Handle,
    JobState,
    ProviderRejected,
    Providers,
    SubmissionUnknown,
    VideoModel,
    VideoRequest,
)

REPLACEMENT_PROVIDER = "local"
"""Animates the keyframe of a shot that could not be filmed; it costs nothing."""


class ClipFailed(StudioError):
    """The provider ended a job without a clip; a new attempt may be made."""

    code: ClassVar[str] = "clip_failed"


class ModelFilmingActivities(FilmingActivities):
    def __init__(self, bench: Workbench, providers: Providers) -> None:
        self._bench = bench
        self._providers = providers

    @activity.defn
    async def submit_clip(self, task: ClipTask) -> ClipJob:
        model = adapter(self._providers.videos, task.model)
        async with heartbeating("ordering"):
            request = await video_request(self._bench, task)
            # Torn off half-way, an order may be paid for by nobody who knows of it.
            return await outlast_cancellation(self._submit(task, model, request))

    async def _submit(self, task: ClipTask, model: VideoModel, request: VideoRequest) -> ClipJob:
        known = await self._begin(task, digest_of(request))
        if known is not None:
            return self._resume(task, known)
        try:
            handle = await model.submit(request)
        except ProviderRejected as refusal:
            await self._reject(task, refusal.detail)
            raise
        except SubmissionUnknown:
            count_attempt(task.model.provider, "unknown")
            raise
        return await self._accept(task, handle)

    async def _begin(self, task: ClipTask, digest: str) -> journal.Attempt | None:
        return await self._bench.transact(
            lambda session: journal.begin_attempt(
                session,
                attempt_id=task.attempt_id,
                project_id=task.project_id,
                provider=task.model.provider,
                request_digest=digest,
                now=self._bench.now(),
            )
        )

    def _resume(self, task: ClipTask, known: journal.Attempt) -> ClipJob:
        """An earlier try got this far: never order again what may have been ordered."""
        if known.state == AttemptState.ACCEPTED and known.handle is not None:
            return _job(task, known.handle)
        if known.state == AttemptState.REJECTED:
            raise ProviderRejected(known.error or "The provider refused the shot.")
        raise SubmissionUnknown(f"Whether {task.attempt_id} was ordered is not known.")

    async def _accept(self, task: ClipTask, handle: Handle) -> ClipJob:
        now = self._bench.now()

        def accept(session: Session) -> None:
            journal.accept_attempt(session, task.attempt_id, handle, now=now)

        # A paid job exists from here on: a cancellation must not lose its handle.
        await asyncio.shield(self._bench.transact(accept))
        count_attempt(task.model.provider, AttemptState.ACCEPTED)
        return _job(task, handle)

    async def _reject(self, task: ClipTask, reason: str) -> None:
        now = self._bench.now()
        await self._bench.transact(
            lambda session: journal.reject_attempt(session, task.attempt_id, reason, now=now)
        )
        count_attempt(task.model.provider, AttemptState.REJECTED)

    @activity.defn
    async def reconcile_clip(self, task: ClipTask) -> ReconcileResult:
        model = adapter(self._providers.videos, task.model)
        async with heartbeating("asking the provider"):
            known = await self._bench.transact(
                lambda session: journal.find_attempt(session, task.attempt_id)
            )
            request = await video_request(self._bench, task)
            if known is None:
                # Written down now, so that a worker that was only slow finds the attempt taken
                # when it wakes up, and orders nothing beside the next one.
                known = await self._begin(task, digest_of(request))
            if known is not None and known.state == AttemptState.ACCEPTED and known.handle:
                return ReconcileResult(job=_job(task, known.handle))
            if known is None or known.state == AttemptState.SUBMITTING:
                handle = await model.reconcile(request)
                if handle is not None:
                    return ReconcileResult(job=await self._accept(task, handle))
                await self._lose(task)
        rejected = known is not None and known.state == AttemptState.REJECTED
        return ReconcileResult(lost=not rejected)

    async def _lose(self, task: ClipTask) -> None:
        now = self._bench.now()
        reason = "The provider knows of no such job."
        await self._bench.transact(
            lambda session: journal.lose_attempt(session, task.attempt_id, reason, now=now)
        )
        count_attempt(task.model.provider, AttemptState.LOST)

    @activity.defn
    async def await_clip(self, job: ClipJob) -> None:
        model = self._video_model(job.provider)
        try:
            async with heartbeating("filming") as pulse:
                await _wait(model, job.handle, job.poll_interval_seconds, pulse)
        except (ClipFailed, ProviderRejected):
            count_attempt(job.provider, "failed")
            raise
        count_attempt(job.provider, "filmed")

    @activity.defn
    async def collect_clip(self, task: CollectTask) -> Clip:
        model = self._video_model(task.job.provider)
        async with heartbeating("collecting"), self._bench.workspace("collect") as folder:
            # It is filmed and will be paid for: a cancellation keeps it.
            return await outlast_cancellation(self._collect(task, model, folder))

    async def _collect(self, task: CollectTask, model: VideoModel, folder: Path) -> Clip:
        raw = folder / "raw.mp4"
        await model.collect(task.job.handle, raw)
        return await keep_clip(self._bench, task.clip, raw, folder)

    @activity.defn
    async def withdraw_clip(self, job: ClipJob) -> None:
        async with heartbeating("withdrawing"):
            await self._video_model(job.provider).cancel(job.handle)
        count_attempt(job.provider, "withdrawn")

    @activity.defn
    async def animate_keyframe(self, task: ClipTask) -> Clip:
        model = self._video_model(REPLACEMENT_PROVIDER)
        async with (
            heartbeating("animating") as pulse,
            self._bench.workspace("animate") as folder,
        ):
            handle = await model.submit(await video_request(self._bench, task))
            try:
                await _wait(model, handle, task.poll_interval_seconds, pulse)
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
        async with heartbeating("looking"), self._bench.workspace("review") as folder:
            script = await self._bench.script(task.screenplay_key, task.shot.index)
            clip = await self._bench.fetch(task.media_key, folder / "clip.mp4")
            verdict = await critic.review_clip(script, clip)
        return Review(passed=verdict.passed, score=verdict.score, remark=verdict.remark)


async def _wait(
    model: VideoModel, handle: Handle, poll_interval_seconds: float, pulse: Pulse
) -> None:
    """Poll until the clip is there. ClipFailed or ProviderRejected if it never will be."""
    while True:
        status = await model.poll(handle)
        pulse.progress = status.progress
        if status.state == JobState.SUCCEEDED:
            return
        if status.state == JobState.FAILED:
            raise _failure(status.error, rejected=status.rejected)
        await asyncio.sleep(poll_interval_seconds)


def _job(task: ClipTask, handle: Handle) -> ClipJob:
    return ClipJob(
        attempt_id=task.attempt_id,
        provider=task.model.provider,
        handle=handle,
        poll_interval_seconds=task.poll_interval_seconds,
    )


def _failure(error: str | None, *, rejected: bool) -> StudioError:
    sentence = error or "The provider ended the job without a clip."
    return ProviderRejected(sentence) if rejected else ClipFailed(sentence)
