"""Spoken briefs of finished stages, made beside the work and never in its way."""

import asyncio

from temporalio import workflow
from temporalio.exceptions import ActivityError

from studio.contracts.activities import ProductionActivities
from studio.contracts.status import Stage, VoiceBrief
from studio.contracts.workflow_io import BriefTask
from workflows.context import RenderContext
from workflows.failures import describe, is_cancellation


class Narrator:
    """Speaks one sentence a stage, where the request enabled it. A failure is only a warning."""

    def __init__(self, context: RenderContext) -> None:
        self._context = context
        self._model = context.plan.models.voice if context.render.voice_briefs else None
        self._speaking: list[asyncio.Task[bool]] = []

    def say(self, stage: Stage, sentence: str) -> None:
        if self._model is None or self._context.board.stopping:
            return
        task = BriefTask(
            project_id=self._context.project_id, stage=stage, sentence=sentence, model=self._model
        )
        self._speaking.append(asyncio.create_task(self._speak(task)))

    async def finish(self) -> None:
        """Wait for the briefs; their one line is earned if at least one of them was spoken."""
        if any(await asyncio.gather(*self._speaking)):
            self._context.recorder.deliver("voice")

    def stop(self) -> None:
        """Give up what is not spoken yet; nothing is left to say after this."""
        for task in self._speaking:
            task.cancel()

    async def _speak(self, task: BriefTask) -> bool:
        try:
            spoken = await workflow.execute_activity_method(
                ProductionActivities.speak_brief,
                task,
                summary=f"Voice brief: {task.stage}",
                **self._context.policies.call,
            )
        except ActivityError as error:
            if not is_cancellation(error):
                self._context.board.warn(
                    f"The voice brief of {task.stage} is missing: {describe(error)}"
                )
            return False
        self._context.board.add_brief(VoiceBrief(stage=spoken.stage, audio_key=spoken.audio_key))
        return True
