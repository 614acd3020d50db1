"""Activities that follow a script, so that a workflow's decisions can be tested one by one.

They implement the typed interfaces that the real ones implement, and keep the books in memory the
way the ledger does: a line settles once, what is left is released at the end.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

from pydantic import BaseModel
from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.worker import Interceptor, Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from studio.contracts import workflow_io as io
from studio.contracts.names import media_task_queue
from studio.contracts.status import RenderSnapshot
from workflows.render import RenderWorkflow

Script = dict[str, Callable[[int], None]]
Asked = TypeVar("Asked", bound=BaseModel)


def fail(kind: str, sentence: str, *, retryable: bool = False) -> Callable[[int], None]:
    """A step that always fails with this error code."""

    def step(_call: int) -> None:
        raise ApplicationError(sentence, type=kind, non_retryable=not retryable)

    return step


def fail_first(
    kind: str,
    sentence: str,
    times: int = 1,
    *details: str,
    retry_after_seconds: float | None = None,
) -> Callable[[int], None]:
    """A step whose first calls fail for good, as a lost or ended job does."""
    delay = None if retry_after_seconds is None else timedelta(seconds=retry_after_seconds)

    def step(call: int) -> None:
        if call <= times:
            raise ApplicationError(
                sentence, *details, type=kind, non_retryable=True, next_retry_delay=delay
            )

    return step


@dataclass
class ScriptedStudio:
    """`script` maps `<activity>` or `<activity>/<shot>` to what the n-th call does first.

    `gates` hold an activity until its event is set; `reached` is set when one gets there. A step
    that is `deaf` goes on when it is canceled, as work that may not be torn apart does, and sets
    its event in `told`. `screenplay` and `reviews` (by step, in the order of the calls) are what
    those activities answer; `tasks` keeps what each step was asked.
    """

    script: Script = field(default_factory=dict)
    gates: dict[str, asyncio.Event] = field(default_factory=dict)
    reached: dict[str, asyncio.Event] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    prices: dict[str, int] = field(default_factory=dict)
    settled: list[str] = field(default_factory=list)
    updates: list[io.ProgressUpdate] = field(default_factory=list)
    snapshots: list[RenderSnapshot] = field(default_factory=list)
    recorded: asyncio.Condition = field(default_factory=asyncio.Condition)
    withdrawn_jobs: list[str] = field(default_factory=list)
    deaf: set[str] = field(default_factory=set)
    told: dict[str, asyncio.Event] = field(default_factory=lambda: defaultdict(asyncio.Event))
    lost: bool = True
    screenplay: io.Screenplay | None = None
    reviews: dict[str, list[io.Review]] = field(default_factory=dict)
    tasks: dict[str, list[BaseModel]] = field(default_factory=lambda: defaultdict(list))
    at_work: Counter[str] = field(default_factory=Counter)
    at_work_max: Counter[str] = field(default_factory=Counter)
    released: set[str] = field(default_factory=set)
    interceptors: tuple[Interceptor, ...] = ()

    def gate(self, name: str) -> asyncio.Event:
        """Hold this step; the returned event says that it was reached."""
        self.gates[name] = asyncio.Event()
        return self.reached.setdefault(name, asyncio.Event())

    async def until_recorded(self, wanted: Callable[[RenderSnapshot], bool]) -> None:
        """Wait until a snapshot like this was written."""
        async with self.recorded:
            await self.recorded.wait_for(lambda: any(map(wanted, self.snapshots)))

    def asked(self, step: str, kind: type[Asked]) -> list[Asked]:
        """What a step was asked, call by call."""
        return [task for task in self.tasks[step] if isinstance(task, kind)]

    async def _step(
        self, name: str, shot: int | None = None, task: BaseModel | None = None
    ) -> None:
        for key in (name, f"{name}/{shot}"):
            self.calls[key] += 1
            if task is not None:
                self.tasks[key].append(task)
            if key in self.gates:
                self.reached[key].set()
                while not self.gates[key].is_set():
                    await self._hold(key)
            if key in self.script:
                self.script[key](self.calls[key])

    async def _hold(self, key: str) -> None:
        activity.heartbeat()
        try:
            await asyncio.sleep(0.02)
        except asyncio.CancelledError:
            if key not in self.deaf:
                raise
            self.told[key].set()

    @activity.defn
    async def confirm_holds(self, request: io.HoldRequest) -> io.ProgressReceipt:
        await self._step("confirm_holds")
        self.prices = {line.line_id: line.credits for line in request.plan.charges.lines}
        return io.ProgressReceipt(revision=0, credits_settled=0)

    @activity.defn
    async def record_progress(self, update: io.ProgressUpdate) -> io.ProgressReceipt:
        await self._step("record_progress")
        self.settled += [line for line in update.settle_line_ids if line not in self.settled]
        self.updates.append(update)
        async with self.recorded:
            snapshot = update.snapshot
            if update.partial:
                snapshot = snapshot.completed_by(self.snapshots[-1])
            self.snapshots.append(snapshot)
            self.recorded.notify_all()
        return io.ProgressReceipt(
            revision=snapshot.revision,
            credits_settled=sum(self.prices[line] for line in self.settled),
        )

    @activity.defn
    async def close_render(self, update: io.ProgressUpdate) -> io.ProgressReceipt:
        await self._step("close_render")
        receipt = await self.record_progress(update)
        self.released = set(self.prices) - set(self.settled)
        return receipt

    @activity.defn
    async def fetch_uploads(self, task: io.FetchTask) -> io.FetchedUploads:
        await self._step("fetch_uploads", task=task)
        return io.FetchedUploads(count=task.count, size_bytes=1)

    @activity.defn
    async def analyze_assets(self, task: io.AnalysisTask) -> io.AssetAnalysis:
        await self._step("analyze_assets")
        return io.AssetAnalysis(analysis_key=f"{task.project_id}/analysis", described_count=0)

    @activity.defn
    async def make_music(self, task: io.MusicTask) -> io.Track:
        await self._step("make_music")
        return io.Track(key="music", duration_seconds=task.film_duration_seconds)

    @activity.defn
    async def plan_shots(self, task: io.PlanningTask) -> io.Screenplay:
        await self._step("plan_shots", task=task)
        if self.screenplay is not None:
            return self.screenplay
        return io.Screenplay(screenplay_key="screenplay", shot_count=len(task.shots))

    @activity.defn
    async def draw_sheet(self, task: io.SheetTask) -> io.Sheet:
        await self._step("draw_sheet", task.character, task)
        return io.Sheet(character=task.character, key=f"sheet-{task.character}")

    @activity.defn
    async def draw_keyframe(self, task: io.ShotTask) -> io.Keyframe:
        await self._step("draw_keyframe", task.shot.index, task)
        name = f"keyframe-{task.shot.index}-{task.attempt}"
        return io.Keyframe(key=name, width=1280, height=720)

    @activity.defn
    async def review_keyframe(self, task: io.ReviewTask) -> io.Review:
        await self._step("review_keyframe", task.shot.index, task)
        return self._review(f"review_keyframe/{task.shot.index}")

    @activity.defn
    async def submit_clip(self, task: io.ClipTask) -> io.ClipJob:
        await self._step("submit_clip", task.shot.index, task)
        self.at_work["jobs"] += 1
        self.at_work_max["jobs"] = max(self.at_work_max["jobs"], self.at_work["jobs"])
        return self._job(task)

    @activity.defn
    async def reconcile_clip(self, task: io.ClipTask) -> io.ReconcileResult:
        await self._step("reconcile_clip", task.shot.index)
        if self.lost:
            return io.ReconcileResult(lost=True)
        return io.ReconcileResult(job=self._job(task))

    @staticmethod
    def _job(task: io.ClipTask) -> io.ClipJob:
        handle = {"id": task.attempt_id, "shot": str(task.shot.index)}
        return io.ClipJob(attempt_id=task.attempt_id, provider="local", handle=handle)

    @activity.defn
    async def await_clip(self, job: io.ClipJob) -> None:
        await self._step("await_clip", int(job.handle["shot"]))
        self.at_work["jobs"] -= 1

    @activity.defn
    async def withdraw_clip(self, job: io.ClipJob) -> None:
        await self._step("withdraw_clip", int(job.handle["shot"]))
        self.withdrawn_jobs.append(job.attempt_id)

    @activity.defn
    async def collect_clip(self, task: io.CollectTask) -> io.Clip:
        await self._step("collect_clip", task.clip.shot.index)
        return self._clip(task.clip)

    @activity.defn
    async def animate_keyframe(self, task: io.ClipTask) -> io.Clip:
        await self._step("animate_keyframe", task.shot.index, task)
        return self._clip(task)

    @staticmethod
    def _clip(task: io.ClipTask) -> io.Clip:
        name = f"clip-{task.shot.index}-{task.attempt}"
        return io.Clip(
            key=f"{name}.mov",
            preview_key=f"{name}.mp4",
            thumbnail_key=f"{name}.jpg",
            frames=task.shot.frames,
            duration_seconds=task.shot.frames / task.frames_per_second,
        )

    @activity.defn
    async def review_clip(self, task: io.ReviewTask) -> io.Review:
        await self._step("review_clip", task.shot.index, task)
        return self._review(f"review_clip/{task.shot.index}")

    def _review(self, step: str) -> io.Review:
        scripted = self.reviews.get(step)
        return scripted.pop(0) if scripted else io.Review(passed=True, score=9)

    @activity.defn
    async def speak_brief(self, task: io.BriefTask) -> io.SpokenBrief:
        await self._step("speak_brief")
        return io.SpokenBrief(stage=task.stage, audio_key=f"{task.stage}.wav")

    @activity.defn
    async def speak_narration(self, task: io.NarrationTask) -> io.Narration:
        await self._step("speak_narration", task=task)
        words = f"narration-{len(task.shots)}"
        return io.Narration(key=f"{words}.wav", transcript_key=f"{words}.json")

    @activity.defn
    async def assemble_film(self, task: io.FilmTask) -> io.Film:
        await self._step("assemble_film", task=task)
        seconds = sum(shot.frames for shot in task.shots) / task.frames_per_second
        return io.Film(
            key="film.mp4",
            poster_key="poster.jpg",
            quality_report_key="quality.json",
            duration_seconds=seconds,
            size_bytes=1,
            sha256="0" * 64,
        )

    def workers(
        self,
        client: Client,
        queue: str,
        *,
        workflows: Sequence[type] = (RenderWorkflow,),
        activities: Sequence[Callable[..., Any]] = (),
    ) -> tuple[Worker, Worker]:
        """The two workers; with others' workflows and activities beside these."""
        runner = SandboxedWorkflowRunner(
            restrictions=SandboxRestrictions.default.with_passthrough_modules("studio")
        )
        render = Worker(
            client,
            task_queue=queue,
            workflows=workflows,
            workflow_runner=runner,
            workflow_failure_exception_types=[Exception],
            interceptors=self.interceptors,
            activities=[
                self.confirm_holds,
                self.record_progress,
                self.close_render,
                self.fetch_uploads,
                self.analyze_assets,
                self.make_music,
                self.plan_shots,
                self.draw_sheet,
                self.draw_keyframe,
                self.review_keyframe,
                self.submit_clip,
                self.reconcile_clip,
                self.await_clip,
                self.withdraw_clip,
                self.review_clip,
                self.speak_brief,
                self.speak_narration,
                *activities,
            ],
        )
        media = Worker(
            client,
            task_queue=media_task_queue(queue),
            activities=[
                self.analyze_assets,
                self.collect_clip,
                self.animate_keyframe,
                self.assemble_film,
            ],
            interceptors=self.interceptors,
        )
        return render, media
