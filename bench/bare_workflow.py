"""The least that a Temporal workflow can be that does a render's activities and commits its rows.

The same shape as a render: some calls, the shots side by side, the film, and beside them one
write after the other; encodings go to a queue of their own, as a render's do, or to the same one.
No queries, no summaries, no search attributes, no decisions, and of every payload only what the
activity cannot do without.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta

from temporalio import activity, workflow

BARE_WORKFLOW = "BareWorkflow"
TIMEOUT = timedelta(seconds=60)


@dataclass
class BareOrder:
    """How many activities of which kind, and how many charge lines the writes settle.

    Without a `media_queue` the encodings are on the workflow's own. `waits` are the calls of a
    shot that take time: seconds by their position, from 0.
    """

    project_id: str
    shots: int
    calls_before: int
    calls_a_shot: int
    encodings_a_shot: int
    encodings_after: int
    writes: int
    lines: int
    media_queue: str
    waits: dict[str, float] = field(default_factory=dict)


@dataclass
class BareWrite:
    """Settle `line_count` lines from `first_line` on and store a snapshot of this revision."""

    project_id: str
    shots: int
    revision: int
    first_line: int
    line_count: int
    last: bool


class BareActivities:
    @activity.defn
    async def begin(self, project_id: str) -> None:
        raise NotImplementedError

    @activity.defn
    async def step(self) -> None:
        raise NotImplementedError

    @activity.defn
    async def wait(self, seconds: float) -> None:
        raise NotImplementedError

    @activity.defn
    async def write(self, row: BareWrite) -> None:
        raise NotImplementedError


@workflow.defn(name=BARE_WORKFLOW)
class BareWorkflow:
    @workflow.run
    async def run(self, order: BareOrder) -> None:
        await workflow.execute_activity_method(
            BareActivities.begin, order.project_id, start_to_close_timeout=TIMEOUT
        )
        writing = asyncio.create_task(self._write_all(order))
        await self._steps(order.calls_before)
        await asyncio.gather(*(self._shoot(order) for _ in range(order.shots)))
        await self._steps(order.encodings_after, order.media_queue)
        await writing
        await self._write(order, order.writes)

    async def _shoot(self, order: BareOrder) -> None:
        """The critic's look at the clip comes after its encoding."""
        for position in range(order.calls_a_shot - 1):
            seconds = order.waits.get(str(position))
            await (self._steps(1) if seconds is None else self._wait(seconds))
        await self._steps(order.encodings_a_shot, order.media_queue)
        await self._steps(1)

    async def _steps(self, count: int, queue: str = "") -> None:
        for _ in range(count):
            await workflow.execute_activity_method(
                BareActivities.step, start_to_close_timeout=TIMEOUT, task_queue=queue or None
            )

    async def _wait(self, seconds: float) -> None:
        await workflow.execute_activity_method(
            BareActivities.wait, seconds, start_to_close_timeout=TIMEOUT
        )

    async def _write_all(self, order: BareOrder) -> None:
        for number in range(order.writes):
            await self._write(order, number)

    async def _write(self, order: BareOrder, number: int) -> None:
        """Write `number` of `writes` and one more, with its share of the lines."""
        first = order.lines * number // (order.writes + 1)
        end = order.lines * (number + 1) // (order.writes + 1)
        row = BareWrite(
            project_id=order.project_id,
            shots=order.shots,
            revision=number + 1,
            first_line=first,
            line_count=end - first,
            last=number == order.writes,
        )
        await workflow.execute_activity_method(
            BareActivities.write, row, start_to_close_timeout=TIMEOUT
        )
