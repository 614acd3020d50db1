"""The stages of a render in their order."""

import asyncio

from temporalio import workflow
from temporalio.exceptions import ActivityError

from studio.contracts.activities import (
    AssetActivities,
    MusicActivities,
    PlanningActivities,
    ProductionActivities,
)
from studio.contracts.launch import STAGE_KEY, STATUS_KEY, film_duration_seconds
from studio.contracts.plan import ShotTiming
from studio.contracts.request import MusicWorkflow, ProjectMode
from studio.contracts.status import ClipState, Stage
from studio.contracts.text import counted
from studio.contracts.workflow_io import (
    AssetAnalysis,
    Clip,
    Film,
    FilmTask,
    MusicTask,
    PlanningTask,
    ProjectTask,
    Screenplay,
    Track,
)
from workflows.context import RenderContext
from workflows.failures import describe, is_cancellation
from workflows.narration import Narrator
from workflows.shots import Documents, ShotRun


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
        self._narrator = Narrator(context)
        self._keyframes = 0

    async def run(self) -> Film:
        try:
            return await self._run_stages()
        finally:
            self._narrator.stop()

    async def _run_stages(self) -> Film:
        analysis = await self._look_at_input()
        track = await self._make_music(analysis)
        screenplay = await self._plan_shots(analysis)
        shots = await self._shoot(Documents(screenplay.screenplay_key, analysis.analysis_key))
        film = await self._assemble(shots, track)
        await self._narrator.finish()
        return film

    async def _look_at_input(self) -> AssetAnalysis:
        self._enter(Stage.INPUT)
        self._recorder.deliver("project")
        # With nothing to decode there is no need to queue with those who encode.
        policy = self._policies.media if self._render.asset_count else self._policies.call
        analysis = await workflow.execute_activity_method(
            AssetActivities.analyze_assets,
            ProjectTask(project_id=self._render.project_id),
            summary=f"Look at {counted(self._render.asset_count, 'upload')}",
            **policy,
        )
        self._narrator.say(Stage.INPUT, f"{counted(self._render.asset_count, 'upload')} looked at.")
        return analysis

    async def _make_music(self, analysis: AssetAnalysis) -> Track | None:
        brief, model = self._render.music, self._plan.models.music
        if brief is None or brief.workflow == MusicWorkflow.NONE or model is None:
            return None
        self._enter(Stage.MUSIC)
        task = MusicTask(
            project_id=self._render.project_id,
            model=model,
            brief=brief,
            film_duration_seconds=film_duration_seconds(self._render),
            analysis_key=analysis.analysis_key,
        )
        try:
            track = await workflow.execute_activity_method(
                MusicActivities.make_music,
                task,
                summary=f"Music: {brief.workflow}",
                **self._policies.call,
            )
        except ActivityError as error:
            if is_cancellation(error):
                raise
            self._board.warn(f"The film has no music: {describe(error)}")
            return None
        self._recorder.deliver("music")
        self._narrator.say(Stage.MUSIC, f"{track.duration_seconds:.0f} seconds of music made.")
        return track

    async def _plan_shots(self, analysis: AssetAnalysis) -> Screenplay:
        self._enter(Stage.PLANNING)
        screenplay = await workflow.execute_activity_method(
            PlanningActivities.plan_shots,
            PlanningTask(
                project_id=self._render.project_id,
                model=self._plan.models.orchestrator,
                shots=self._plan.shots,
                analysis_key=analysis.analysis_key,
            ),
            summary=f"Plan {counted(len(self._plan.shots), 'shot')}",
            **self._policies.call,
        )
        self._recorder.deliver("planning")
        self._narrator.say(Stage.PLANNING, f"{counted(screenplay.shot_count, 'shot')} planned.")
        return screenplay

    async def _shoot(self, documents: Documents) -> list[tuple[ShotTiming, Clip]]:
        self._enter(Stage.STORYBOARDING)
        # A task group, unlike gather, outlasts every shot when the render is canceled: what a
        # provider delivers in that moment is kept and charged.
        async with asyncio.TaskGroup() as group:
            runs = [
                group.create_task(
                    ShotRun(self._context, shot, documents, self._count_keyframe).run()
                )
                for shot in self._plan.shots
            ]
        made = zip(self._plan.shots, (run.result() for run in runs), strict=True)
        shots = [(shot, clip) for shot, clip in made if clip is not None]
        self._refuse_too_many_failures()
        self._narrator.say(Stage.FILMING, f"{counted(len(shots), 'shot')} filmed.")
        return shots

    def _count_keyframe(self) -> None:
        """With the last keyframe drawn, storyboarding is a finished stage."""
        self._keyframes += 1
        if self._keyframes == len(self._plan.shots):
            self._narrator.say(
                Stage.STORYBOARDING, f"{counted(self._keyframes, 'keyframe')} drawn."
            )

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

    async def _assemble(self, shots: list[tuple[ShotTiming, Clip]], track: Track | None) -> Film:
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
            ),
            summary=f"Join, mix and master {counted(len(shots), 'shot')}",
            **self._policies.media,
        )
        self._recorder.deliver("production")
        self._narrator.say(Stage.PRODUCTION, f"The film of {film.duration_seconds:.0f} s is ready.")
        return film

    def _enter(self, stage: Stage) -> None:
        self._board.check_running()
        self._context.enter(stage)
        workflow.upsert_search_attributes(
            [STAGE_KEY.value_set(stage.value), STATUS_KEY.value_set(self._board.status.value)]
        )
