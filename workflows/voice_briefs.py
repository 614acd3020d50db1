"""Spoken briefs of finished stages, made beside the work and never in its way."""

import asyncio

from temporalio import workflow
from temporalio.exceptions import ActivityError

from studio.contracts.activities import ProductionActivities
from studio.contracts.plan import ModelChoice
from studio.contracts.status import Stage, VoiceBrief
from studio.contracts.workflow_io import BriefTask, SpokenBrief
from workflows.casting import Part
from workflows.context import RenderContext
from workflows.failures import describe, is_cancellation


class VoiceBriefs:
    """Speaks one sentence a stage, where the request enabled it. A failure is only a warning."""

    def __init__(self, context: RenderContext) -> None:
        self._context = context
        wanted = context.render.voice_briefs
        self._speaks = wanted and context.casting.find(Part.VOICE) is not None
        self._speaking: list[asyncio.Task[bool]] = []

    def say(self, stage: Stage, sentence: str) -> None:
        if self._speaks and not self._context.board.stopping:
            self._speaking.append(asyncio.create_task(self._speak(stage, sentence)))

    async def finish(self) -> None:
        """Wait for the briefs; their one line is earned if at least one of them was spoken."""
        if any(await asyncio.gather(*self._speaking)):
            self._context.recorder.deliver("voice")

    def stop(self) -> None:
        """Give up what is not spoken yet; nothing is left to say after this."""
        for task in self._speaking:
            task.cancel()

    async def _speak(self, stage: Stage, sentence: str) -> bool:
        async def speak(model: ModelChoice) -> SpokenBrief:
            return await workflow.execute_activity_method(
                ProductionActivities.speak_brief,
                BriefTask(
                    project_id=self._context.project_id,
                    stage=stage,
                    sentence=sentence,
                    model=model,
                ),
                summary=f"Voice brief: {stage}",
                **self._context.policies.call,
            )

        try:
            spoken = await self._context.casting.call(Part.VOICE, speak)
        except ActivityError as error:
            if not is_cancellation(error):
                self._context.board.warn(
                    f"The voice brief of {stage} is missing: {describe(error)}"
                )
            return False
        self._context.board.add_brief(VoiceBrief(stage=spoken.stage, audio_key=spoken.audio_key))
        return True
