"""The stages of a render in their order."""

import asyncio
from collections.abc import Iterable, Sequence

from temporalio import workflow
from temporalio.exceptions import ActivityError

from studio.contracts.activities import (
    AssetActivities,
    MusicActivities,
    PlanningActivities,
    ProductionActivities,
)
from studio.contracts.launch import STAGE_KEY, STATUS_KEY, film_duration_seconds
from studio.contracts.plan import ModelChoice, ShotTiming
from studio.contracts.request import MusicWorkflow, ProjectMode
from studio.contracts.status import ClipState, Stage
from studio.contracts.text import counted
from studio.contracts.workflow_io import (
    AnalysisTask,
    AssetAnalysis,
    Clip,
    FetchTask,
    Film,
    FilmTask,
    MusicTask,
    Narration,
    PlanningTask,
    Screenplay,
    Track,
)
from workflows.casting import Part
from workflows.context import RenderContext
from workflows.failures import describe, is_cancellation
from workflows.shoot import Documents, Shoot
from workflows.shots import ShotRun
from workflows.side_work import draw_sheets, speak_narration
from workflows.voice_briefs import VoiceBriefs


class RenderFailed(Exception):
    """The film cannot be finished; the message is the caller's `last_error`."""


class Production:
    """Runs input, music, planning, shots and assembly; settles each line as it is delivered."""

    def __init__(self, context: RenderContext) -> None:
        self._context = context
        self._render = context.render
        self._plan = context.plan
        self._board = context.board
        self._recorder = context.recorder
        self._policies = context.policies
        self._briefs = VoiceBriefs(context)
        self._keyframes = 0

    async def run(self) -> Film:
        try:
            return await self._run_stages()
        finally:
            self._briefs.stop()

    async def _run_stages(self) -> Film:
        analysis = await self._look_at_input()
        track = await self._make_music(analysis)
        screenplay = await self._plan_shots(analysis, track)
        narration = self._narrate(screenplay)
        try:
            shots = await self._shoot(screenplay, analysis)
            spoken = await narration
            if spoken is not None and len(shots) < screenplay.shot_count:
                # What is said over the shots that are there has moved forward.
                timings = [shot for shot, _ in shots]
                spoken = await speak_narration(self._context, screenplay, timings)
            film = await self._assemble(shots, track, spoken)
        finally:
            narration.cancel()
        await self._briefs.finish()
        return film

    async def _look_at_input(self) -> AssetAnalysis:
        self._enter(Stage.INPUT)
        # Before the first line is delivered: without the uploads there is nothing to pay for.
        upload_count = await self._fetch_uploads()
        uploads = counted(upload_count, "upload")
        self._recorder.deliver("project")
        # With nothing to decode there is no need to queue with those who encode.
        policy = self._policies.media if upload_count else self._policies.call
        analysis = await workflow.execute_activity_method(
            AssetActivities.analyze_assets,
            AnalysisTask(
                project_id=self._render.project_id,
                # With its successor: uploads already seen are not looked at again by another.
                model=self._plan.models.orchestrator,
            ),
            summary=f"Look at {uploads}",
            **policy,
        )
        self._warn(analysis.warnings)
        self._briefs.say(Stage.INPUT, f"{uploads} looked at.")
        return analysis

    async def _fetch_uploads(self) -> int:
        """How many uploads there are, once those that are addresses in the row are files."""
        count = self._render.fetch_count
        if not count:
            return self._render.asset_count
        fetched = await workflow.execute_activity_method(
            AssetActivities.fetch_uploads,
            FetchTask(project_id=self._render.project_id, count=count),
            summary=f"Fetch {counted(count, 'upload')}",
            **self._policies.fetch,
        )
        self._warn(fetched.warnings)
        return fetched.count

    async def _make_music(self, analysis: AssetAnalysis) -> Track | None:
        brief = self._render.music
        if brief is None or brief.workflow == MusicWorkflow.NONE:
            return None
        if self._plan.models.music is None:
            return None
        self._enter(Stage.MUSIC)

        async def make(model: ModelChoice) -> Track:
            return await workflow.execute_activity_method(
                MusicActivities.make_music,
                MusicTask(
                    project_id=self._render.project_id,
                    model=model,
                    brief=brief,
                    film_duration_seconds=film_duration_seconds(self._render),
                    analysis_key=analysis.analysis_key,
                ),
                summary=f"Music: {brief.workflow}",
                **self._policies.call,
            )

        try:
            track = await self._context.casting.call(Part.MUSIC, make)
        except ActivityError as error:
            if is_cancellation(error):
                raise
            self._board.warn(f"The film has no music: {describe(error)}")
            return None
        self._warn(track.warnings)
        self._recorder.deliver("music")
        self._briefs.say(Stage.MUSIC, f"{track.duration_seconds:.0f} seconds of music made.")
        return track

    async def _plan_shots(self, analysis: AssetAnalysis, track: Track | None) -> Screenplay:
        self._enter(Stage.PLANNING)

        async def plan(model: ModelChoice) -> Screenplay:
            return await workflow.execute_activity_method(
                PlanningActivities.plan_shots,
                PlanningTask(
                    project_id=self._render.project_id,
                    model=model,
                    shots=self._plan.shots,
                    analysis_key=analysis.analysis_key,
                    frames_per_second=self._plan.frames_per_second,
                    track_report_key=track.report_key if track else None,
                    narration=self._render.narration and self._plan.models.voice is not None,
                ),
                summary=f"Plan {counted(len(self._plan.shots), 'shot')}",
                **self._policies.call,
            )

        screenplay = await self._context.casting.call(Part.ORCHESTRATOR, plan)
        self._warn(screenplay.warnings)
        self._board.retime(screenplay.shots, self._plan.frames_per_second)
        self._recorder.deliver("planning")
        self._briefs.say(Stage.PLANNING, f"{counted(screenplay.shot_count, 'shot')} planned.")
        return screenplay

    async def _shoot(
        self, screenplay: Screenplay, analysis: AssetAnalysis
    ) -> list[tuple[ShotTiming, Clip]]:
        self._enter(Stage.STORYBOARDING)
        shots = screenplay.shots or self._plan.shots
        documents = Documents(
            screenplay.screenplay_key,
            analysis.analysis_key,
            sheets=await draw_sheets(self._context, screenplay, analysis),
            continued=frozenset(screenplay.continued),
        )
        shoot = Shoot.of(self._context, documents, shots, self._count_keyframe)
        # A task group, unlike gather, outlasts every shot when the render is canceled: what a
        # provider delivers in that moment is kept and charged.
        async with asyncio.TaskGroup() as group:
            runs = [group.create_task(ShotRun(shoot, shot).run()) for shot in shots]
        filmed = _in_film(shots, [run.result() for run in runs])
        self._refuse_too_many_failures()
        self._briefs.say(Stage.FILMING, f"{counted(len(filmed), 'shot')} filmed.")
        return filmed

    def _count_keyframe(self) -> None:
        """With the last keyframe drawn, storyboarding is a finished stage."""
        self._keyframes += 1
        if self._keyframes == len(self._plan.shots):
            self._briefs.say(Stage.STORYBOARDING, f"{counted(self._keyframes, 'keyframe')} drawn.")

    def _refuse_too_many_failures(self) -> None:
        states = [clip.status for clip in self._board.clips]
        failed = sum(state in {ClipState.REPLACED, ClipState.FAILED} for state in states)
        if 2 * failed > len(states):
            reasons = [clip.error for clip in self._board.clips if clip.error]
            first = f" The first said: {reasons[0]}" if reasons else ""
            raise RenderFailed(
                f"{failed} of {len(states)} shots could not be filmed, which is more than half, "
                f"so there is no film. The clips that were delivered can be downloaded.{first}"
            )

    def _narrate(self, screenplay: Screenplay) -> "asyncio.Task[Narration | None]":
        """Spoken while the shots are filmed, so that nobody waits for it."""
        shots = screenplay.shots or self._plan.shots
        return asyncio.create_task(speak_narration(self._context, screenplay, shots))

    async def _assemble(
        self,
        shots: list[tuple[ShotTiming, Clip]],
        track: Track | None,
        narration: Narration | None,
    ) -> Film:
        self._enter(Stage.PRODUCTION)
        film = await workflow.execute_activity_method(
            ProductionActivities.assemble_film,
            FilmTask(
                project_id=self._render.project_id,
                clip_keys=tuple(clip.key for _, clip in shots),
                shots=tuple(shot for shot, _ in shots),
                frames_per_second=self._plan.frames_per_second,
                resolution=self._plan.video_resolution,
                track=track,
                music_leads=self._render.mode == ProjectMode.MUSIC,
                narration=narration,
            ),
            summary=f"Join, mix and master {counted(len(shots), 'shot')}",
            **self._policies.media,
        )
        self._warn(film.warnings)
        self._recorder.deliver("production", "minimum")
        self._briefs.say(Stage.PRODUCTION, f"The film of {film.duration_seconds:.0f} s is ready.")
        return film

    def _warn(self, warnings: Iterable[str]) -> None:
        for warning in warnings:
            self._board.warn(warning)

    def _enter(self, stage: Stage) -> None:
        self._board.check_running()
        self._context.enter(stage)
        workflow.upsert_search_attributes(
            [STAGE_KEY.value_set(stage.value), STATUS_KEY.value_set(self._board.status.value)]
        )


def _in_film(
    shots: Sequence[ShotTiming], clips: Sequence[Clip | None]
) -> list[tuple[ShotTiming, Clip]]:
    """The shots that there are. One whose follower is missing is cut instead of dissolving."""
    followers = [*clips[1:], None]
    return [
        (shot if follower is not None else shot.model_copy(update={"overlap_frames": 0}), clip)
        for shot, clip, follower in zip(shots, clips, followers, strict=True)
        if clip is not None
    ]
