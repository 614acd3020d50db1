"""What all shots of a render share while they are made side by side."""

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

from studio.contracts.plan import ShotTiming
from studio.contracts.workflow_io import Sheet
from workflows.casting import Part
from workflows.context import RenderContext


@dataclass(frozen=True)
class Documents:
    """The stored documents that every shot reads.

    `continued` are the shots that end on the next one's keyframe.
    """

    screenplay_key: str
    analysis_key: str
    sheets: tuple[Sheet, ...] = ()
    continued: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Shoot:
    """`on_keyframe` hears of every keyframe that is finished."""

    context: RenderContext
    documents: Documents
    shots: tuple[ShotTiming, ...]
    on_keyframe: Callable[[], None]
    keyframes: "dict[int, asyncio.Future[str | None]]" = field(default_factory=dict)
    _slots: "dict[str, asyncio.Semaphore]" = field(default_factory=dict)

    @staticmethod
    def of(
        context: RenderContext,
        documents: Documents,
        shots: Iterable[ShotTiming],
        on_keyframe: Callable[[], None],
    ) -> "Shoot":
        timings = tuple(shots)
        loop = asyncio.get_running_loop()
        keyframes = {shot.index: loop.create_future() for shot in timings}
        return Shoot(context, documents, timings, on_keyframe, keyframes)

    def overlap_before(self, shot: ShotTiming) -> int:
        """The frames that a shot shares with the one before."""
        before = [each.overlap_frames for each in self.shots if each.index == shot.index - 1]
        return before[0] if before else 0

    def label(self, shot: ShotTiming) -> str:
        return f"Shot {shot.index} of {len(self.shots)}"

    def show_keyframe(self, index: int, key: str | None) -> None:
        """The shot's first frame is decided; None where there is none. Said once a shot."""
        if not self.keyframes[index].done():
            self.keyframes[index].set_result(key)

    async def last_frame(self, shot: ShotTiming) -> str | None:
        """The picture that a shot is to end on: the next one's keyframe, where they are one move.

        Waits for it, so that the two clips meet in the same picture.
        """
        following = self.keyframes.get(shot.index + 1)
        model = self.context.casting.model(Part.VIDEO)
        if shot.index not in self.documents.continued or following is None or not model.last_frame:
            return None
        return await asyncio.shield(following)

    def job_slot(self) -> AbstractAsyncContextManager[object]:
        """A place among the jobs that the video model's provider is given at once."""
        model = self.context.casting.model(Part.VIDEO)
        if model.jobs_max is None:
            return contextlib.nullcontext()
        return self._slots.setdefault(model.provider, asyncio.Semaphore(model.jobs_max))
