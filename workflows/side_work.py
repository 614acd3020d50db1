"""What is made beside the shots for all of them: characters' sheets and the narrator's voice."""

import asyncio
from collections.abc import Sequence

from temporalio import workflow
from temporalio.exceptions import ActivityError

from studio.contracts.activities import ProductionActivities, StoryboardActivities
from studio.contracts.plan import ModelChoice, ShotTiming
from studio.contracts.text import counted
from studio.contracts.workflow_io import (
    AssetAnalysis,
    Narration,
    NarrationTask,
    Screenplay,
    Sheet,
    SheetTask,
)
from workflows.casting import Part
from workflows.context import RenderContext
from workflows.failures import describe, is_cancellation


async def draw_sheets(
    context: RenderContext, screenplay: Screenplay, analysis: AssetAnalysis
) -> tuple[Sheet, ...]:
    """How those look whom no upload shows; one that cannot be drawn costs consistency only."""
    drawn = await asyncio.gather(
        *(_draw_sheet(context, screenplay, analysis, position) for position in screenplay.sheets)
    )
    return tuple(sheet for sheet in drawn if sheet is not None)


async def _draw_sheet(
    context: RenderContext, screenplay: Screenplay, analysis: AssetAnalysis, position: int
) -> Sheet | None:
    async def draw(model: ModelChoice) -> Sheet:
        return await workflow.execute_activity_method(
            StoryboardActivities.draw_sheet,
            SheetTask(
                project_id=context.project_id,
                character=position,
                model=model,
                resolution=context.plan.image_resolution,
                screenplay_key=screenplay.screenplay_key,
                analysis_key=analysis.analysis_key,
            ),
            summary=f"Character sheet {position + 1}",
            **context.policies.call,
        )

    try:
        return await context.casting.call(Part.IMAGE, draw)
    except ActivityError as error:
        if is_cancellation(error):
            raise
        context.board.warn(f"A character's reference sheet is missing: {describe(error)}")
        return None


async def speak_narration(
    context: RenderContext, screenplay: Screenplay, shots: Sequence[ShotTiming]
) -> Narration | None:
    """The narrator's voice for the whole film; a film without it is still a film."""
    if not screenplay.narrated or context.casting.find(Part.VOICE) is None:
        return None

    async def speak(model: ModelChoice) -> Narration:
        return await workflow.execute_activity_method(
            ProductionActivities.speak_narration,
            NarrationTask(
                project_id=context.project_id,
                model=model,
                screenplay_key=screenplay.screenplay_key,
                shots=tuple(shots),
                frames_per_second=context.plan.frames_per_second,
            ),
            summary=f"Narration of {counted(len(shots), 'shot')}",
            **context.policies.call,
        )

    try:
        narration = await context.casting.call(Part.VOICE, speak)
    except ActivityError as error:
        if not is_cancellation(error):
            context.board.warn(f"The film has no narrator: {describe(error)}")
        return None
    for warning in narration.warnings:
        context.board.warn(warning)
    return narration
