"""A shot's keyframe: drawn, judged, drawn anew within bounds; the best of them is used."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError

from studio.contracts.activities import StoryboardActivities
from studio.contracts.plan import ModelChoice, ShotTiming
from studio.contracts.workflow_io import Keyframe, Review, ReviewTask, ShotTask
from workflows.casting import Part
from workflows.failures import (
    MODERATED,
    REFUSED_REFERENCES,
    describe,
    failure_kind,
    is_cancellation,
    refused_input,
)
from workflows.shoot import Shoot


@dataclass(frozen=True)
class Drawn:
    """A keyframe and what the critic thought. `stand_in`: the chosen model would not draw it."""

    keyframe: Keyframe
    review: Review
    stand_in: bool = False


class KeyframeRun:
    """Draws the keyframes of one shot."""

    def __init__(self, shoot: Shoot, shot: ShotTiming) -> None:
        self._shoot = shoot
        self._shot = shot
        self._context = shoot.context
        self._timings = shoot.context.render.timings
        self._label = shoot.label(shot)
        self._draws = 0
        self._softened = 0
        self._with_references = True

    async def run(self) -> Drawn:
        """The first keyframe that the critic passes, else the best of those that were drawn."""
        best: Drawn | None = None
        remarks = ""
        while self._draws < self._timings.keyframe_draws_max:
            try:
                drawn = await self._draw_and_review(remarks)
            except ActivityError as error:
                if is_cancellation(error):
                    raise
                return best or await self._stand_in(describe(error))
            if best is None or _score(drawn) > _score(best):
                best = drawn
            if drawn.review.passed:
                return drawn
            remarks = drawn.review.remark
        if best is None:
            return await self._stand_in("No keyframe may be drawn.")
        self._context.board.warn(
            f"{self._label}: the critic refused the keyframe: {best.review.remark}"
        )
        return best

    async def redraw(self) -> Drawn | None:
        """A tamer keyframe, for a video model that refused the first; None where there is none."""
        self._softened += 1
        try:
            return await self._draw_and_review("")
        except ActivityError as error:
            if is_cancellation(error):
                raise
            return None

    async def _draw_and_review(self, remarks: str) -> Drawn:
        self._draws += 1
        keyframe = await self._draw_softened(remarks)
        review = await review_media(
            self._shoot,
            self._shot,
            StoryboardActivities.review_keyframe,
            media_key=keyframe.key,
            attempt=self._draws,
        )
        return Drawn(keyframe, review)

    async def _draw_softened(self, remarks: str) -> Keyframe:
        """Draw; a content filter's refusal is answered with tamer input, within bounds."""
        while True:
            try:
                return await self._draw(remarks)
            except ActivityError as error:
                spent = self._softened >= self._timings.softenings_max
                if is_cancellation(error) or failure_kind(error) != MODERATED or spent:
                    raise
                self._softened += 1
                if refused_input(error) == REFUSED_REFERENCES:
                    self._with_references = False
                self._context.board.warn(
                    f"{self._label}: the keyframe was refused and is drawn from tamer input: "
                    f"{describe(error)}"
                )

    async def _draw(self, remarks: str, *, stand_in: bool = False) -> Keyframe:
        documents = self._shoot.documents
        self._context.board.check_running()

        async def draw(model: ModelChoice) -> Keyframe:
            if not self._with_references:
                model = model.model_copy(update={"references": 0})
            return await workflow.execute_activity_method(
                StoryboardActivities.draw_keyframe,
                ShotTask(
                    project_id=self._context.project_id,
                    shot=self._shot,
                    shot_count=len(self._shoot.shots),
                    attempt=self._draws,
                    model=model,
                    resolution=self._context.plan.image_resolution,
                    screenplay_key=documents.screenplay_key,
                    analysis_key=documents.analysis_key,
                    sheets=documents.sheets,
                    remarks=remarks,
                    softened=self._softened,
                    stand_in=stand_in,
                ),
                summary=f"{self._label}: keyframe, attempt {self._draws}",
                **self._context.policies.call,
            )

        return await self._context.casting.call(Part.IMAGE, draw)

    async def _stand_in(self, reason: str) -> Drawn:
        """The chosen model draws nothing: a local picture, so that the film has its shot."""
        self._context.board.warn(
            f"{self._label}: the keyframe could not be drawn ({reason}) A local picture takes its "
            "place and is not charged."
        )
        self._draws += 1
        keyframe = await self._draw("", stand_in=True)
        return Drawn(keyframe, Review(passed=True), stand_in=True)


async def review_media(
    shoot: Shoot,
    shot: ShotTiming,
    look: Callable[[Any, ReviewTask], Awaitable[Review]],
    *,
    media_key: str,
    attempt: int,
) -> Review:
    """A critic that could not look is not a verdict: the shot goes on without one."""
    context, documents = shoot.context, shoot.documents

    async def review(model: ModelChoice) -> Review:
        return await workflow.execute_activity_method(
            look,
            ReviewTask(
                project_id=context.project_id,
                shot=shot,
                model=model,
                screenplay_key=documents.screenplay_key,
                media_key=media_key,
                attempt=attempt,
                analysis_key=documents.analysis_key,
                sheets=documents.sheets,
            ),
            summary=f"{shoot.label(shot)}: critic",
            **context.policies.call,
        )

    try:
        return await context.casting.call(Part.CRITIC, review)
    except ActivityError as error:
        if is_cancellation(error):
            raise
        context.board.warn(f"{shoot.label(shot)}: the critic could not look: {describe(error)}")
        return Review(passed=True)


def _score(drawn: Drawn) -> float:
    return drawn.review.score or 0.0
