"""Rounds of renders with real workflow and rows, and of bare workflows that write the same rows."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from statistics import median
from typing import Final

from sqlalchemy import func, select
from temporalio.client import Client, WorkflowHistory

from bench.bare_workflow import BARE_WORKFLOW, BareOrder
from bench.errors import MeasurementFailed
from bench.meters import CpuMeter
from bench.place import Place, opened
from bench.renders import freeze, render_of, store
from bench.watch import while_alive
from runtime.dev_account import ACCOUNT_ID
from runtime.processes import Child
from studio.contracts.launch import launch_options
from studio.contracts.names import RENDER_WORKFLOW, media_task_queue
from studio.contracts.status import RenderState
from studio.contracts.workflow_io import RenderInput
from studio.ledger import service as ledger
from studio.ledger.tables import TransferRow
from studio.pricing.freeze import FrozenRender
from studio.renders.tables import RenderRow

SECONDS_A_MINUTE: Final = 60
ROUND_SECONDS_MAX: Final = 300
"""Far above a round on a busy machine; a worker that hangs must not hang the benchmark."""

CALLS_OF_A_SHOT: Final = (
    "draw_keyframe",
    "review_keyframe",
    "submit_clip",
    "await_clip",
    "review_clip",
)
ENCODINGS_OF_A_SHOT: Final = ("collect_clip",)


@dataclass(frozen=True)
class Load:
    """How a size is measured: so many renders a round, so many of them side by side."""

    shots: int
    renders: int
    side_by_side: int
    rounds: int

    def quicker(self) -> "Load":
        return Load(self.shots, max(2, self.renders // 3), self.side_by_side, 2)


@dataclass
class Side:
    """One of the two that are compared: its worker process, its database, how it is started."""

    kind: str
    child: Child
    url: str

    @property
    def queue(self) -> str:
        return f"bench-{self.kind}"


@dataclass(frozen=True)
class Round:
    renders_a_minute: float
    worker_cpu_seconds: float
    server_cpu_seconds: float
    seconds: float
    project_ids: tuple[str, ...]


class Comparison:
    """Runs rounds of either side, on one client."""

    def __init__(
        self,
        place: Place,
        client: Client,
        real: Side,
        bare: Side,
        frozen_of: Callable[[int], FrozenRender] = freeze,
    ) -> None:
        self._place = place
        self._client = client
        self._frozen_of = frozen_of
        self.real = real
        self.bare = bare

    async def warm_up(self, load: Load) -> BareOrder:
        """A round of each before the clock runs; the activities of the real one are counted."""
        renders = self.store_renders(self.real, load)
        await self._drive(load, renders, self.run_render)
        counts = [await self.count_activities(render.project_id) for render in renders]
        order = _as_bare_order(load.shots, counts, media_task_queue(self.bare.queue))
        await self.bare_round(load, order)
        return order

    async def render_round(self, load: Load) -> Round:
        return await self._round(self.real, load, self.run_render)

    async def bare_round(self, load: Load, order: BareOrder) -> Round:
        return await self._round(self.bare, load, lambda render: self.run_bare(render, order))

    async def _round(
        self, side: Side, load: Load, run: Callable[[RenderInput], Awaitable[None]]
    ) -> Round:
        renders = self.store_renders(side, load)
        meter = CpuMeter.of(side.child.pid, self._place.temporal.pid)
        began = time.perf_counter()
        await self._drive(load, renders, run)
        seconds = time.perf_counter() - began
        worker, server = meter.used()
        self.check(side, renders)
        return Round(
            load.renders * SECONDS_A_MINUTE / seconds,
            worker / load.renders,
            server / load.renders,
            seconds,
            tuple(render.project_id for render in renders),
        )

    async def _drive(
        self,
        load: Load,
        renders: list[RenderInput],
        run: Callable[[RenderInput], Awaitable[None]],
    ) -> None:
        places = asyncio.Semaphore(load.side_by_side)

        async def one(render: RenderInput) -> None:
            async with places:
                await run(render)

        async def all_of_them() -> None:
            await asyncio.gather(*map(one, renders))

        children = [self.real.child, self.bare.child]
        await while_alive(all_of_them(), children, seconds_max=ROUND_SECONDS_MAX)

    async def run_render(self, render: RenderInput) -> None:
        options = launch_options(render)
        await self._client.execute_workflow(
            RENDER_WORKFLOW,
            render,
            id=render.project_id,
            task_queue=self.real.queue,
            memo=options.memo,
            search_attributes=options.search_attributes,
            static_summary=options.static_summary,
            static_details=options.static_details,
        )

    async def run_bare(self, render: RenderInput, order: BareOrder) -> None:
        await self._client.execute_workflow(
            BARE_WORKFLOW,
            replace(order, project_id=render.project_id),
            id=render.project_id,
            task_queue=self.bare.queue,
        )

    def store_renders(self, side: Side, load: Load) -> list[RenderInput]:
        frozen = self._frozen_of(load.shots)
        renders = [render_of(frozen, ACCOUNT_ID) for _ in range(load.renders)]
        with opened(side.url) as database, database.transaction() as session:
            for render in renders:
                store(session, frozen, render, now=self._place.now)
        return renders

    def check(self, side: Side, renders: list[RenderInput]) -> None:
        """Both must have written the same rows: every line charged once, the row completed."""
        with opened(side.url) as database, database.reading() as session:
            for render in renders:
                subject = render.project_id
                lines = sum(line.credits > 0 for line in render.plan.charges.lines)
                transfers = session.scalar(
                    select(func.count()).where(TransferRow.subject == subject)
                )
                settled = ledger.summary(session, subject=subject).settled
                row = session.get_one(RenderRow, subject)
                charged = settled == render.plan.charges.total_credits
                if not charged or transfers != 2 * lines or row.status != RenderState.COMPLETED:
                    raise MeasurementFailed(
                        f"The {side.kind} side left {subject} {row.status} with {transfers} "
                        f"transfers for {lines} lines and {settled} credits charged."
                    )

    async def history_seconds(self, project_id: str) -> float:
        """From the start of a run to its close, by the server's clock."""
        description = await self._client.get_workflow_handle(project_id).describe()
        if description.close_time is None:
            raise MeasurementFailed(f"{project_id} has not ended.")
        return (description.close_time - description.start_time).total_seconds()

    async def history(self, project_id: str) -> WorkflowHistory:
        return await self._client.get_workflow_handle(project_id).fetch_history()

    async def count_activities(self, project_id: str) -> Counter[str]:
        history = await self.history(project_id)
        return Counter(
            event.activity_task_scheduled_event_attributes.activity_type.name
            for event in history.events
            if event.HasField("activity_task_scheduled_event_attributes")
        )


def _as_bare_order(shots: int, counts: list[Counter[str]], media_queue: str) -> BareOrder:
    """The bare workflow with as many activities as the median render had, on the same queues."""
    one = counts[0]
    return BareOrder(
        project_id="",
        shots=shots,
        calls_before=one["analyze_assets"] + one["plan_shots"],
        calls_a_shot=sum(one[name] for name in CALLS_OF_A_SHOT) // shots,
        encodings_a_shot=sum(one[name] for name in ENCODINGS_OF_A_SHOT) // shots,
        encodings_after=one["assemble_film"],
        writes=round(median(count["record_progress"] for count in counts)),
        lines=sum(line.credits > 0 for line in freeze(shots).plan.charges.lines),
        media_queue=media_queue,
    )


def activities_of(order: BareOrder) -> int:
    of_shots = order.shots * (order.calls_a_shot + order.encodings_a_shot)
    return order.calls_before + of_shots + order.encodings_after + order.writes + 2
