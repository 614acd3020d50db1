"""Renders a minute with models and media that are ready at once, beside a bare workflow.

Both run on one Temporal server, each in a worker process of its own with a SQLite database of its
own. The rounds alternate, so that what else the machine does hits both.
"""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from statistics import median
from typing import Final

from pydantic import JsonValue
from sqlalchemy import func, select
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from bench.bare_workflow import BARE_WORKFLOW, BareOrder
from bench.errors import MeasurementFailed
from bench.meters import CpuMeter
from bench.options import Options
from bench.place import Place, a_place, opened, running
from bench.renders import freeze, render_of, store
from bench.result import Finding, Row, middle, rounded, show
from bench.watch import while_alive
from runtime.dev_account import ACCOUNT_ID
from runtime.processes import Child
from studio.contracts.launch import launch_options
from studio.contracts.names import RENDER_WORKFLOW
from studio.contracts.status import RenderState
from studio.contracts.workflow_io import RenderInput
from studio.ledger import service as ledger
from studio.ledger.tables import TransferRow
from studio.pricing.freeze import FrozenRender
from studio.renders.tables import RenderRow

NAME: Final = "orchestration"
UNIT: Final = "renders/min"
TARGET_RATIO: Final = 0.8
SHOT_ACTIVITIES: Final = frozenset(
    {
        "draw_keyframe",
        "review_keyframe",
        "submit_clip",
        "await_clip",
        "collect_clip",
        "review_clip",
    }
)
MEDIA_ACTIVITIES_MAX: Final = 100
"""By default as many as processors, since each encodes; here they need none."""

SECONDS_A_MINUTE: Final = 60
ROUND_SECONDS_MAX: Final = 300
"""Far above a round on a busy machine; a worker that hangs must not hang the benchmark."""


@dataclass(frozen=True)
class Load:
    """How a size is measured: so many renders a round, so many of them side by side."""

    shots: int
    renders: int
    side_by_side: int
    rounds: int

    def quicker(self) -> "Load":
        return Load(self.shots, max(2, self.renders // 3), self.side_by_side, 2)


LOADS: Final = (
    Load(shots=3, renders=24, side_by_side=8, rounds=5),
    Load(shots=64, renders=4, side_by_side=4, rounds=4),
)


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


class Comparison:
    """Runs rounds of either side. `order` is what the bare workflow of the size has to do."""

    def __init__(self, place: Place, client: Client, real: Side, bare: Side) -> None:
        self._place = place
        self._client = client
        self.real = real
        self.bare = bare

    async def warm_up(self, load: Load) -> BareOrder:
        """A round of each before the clock runs; the activities of the real one are counted."""
        renders = self._store(self.real, load, freeze(load.shots))
        await self._drive(load, renders, self._run_render)
        counts = [await self._count_activities(render.project_id) for render in renders]
        order = _as_bare_order(load.shots, counts)
        await self.round(self.bare, load, order)
        return order

    async def round(self, side: Side, load: Load, order: BareOrder) -> Round:
        renders = self._store(side, load, freeze(load.shots))
        meter = CpuMeter.of(side.child.pid, self._place.temporal.pid)
        began = time.perf_counter()
        if side is self.real:
            await self._drive(load, renders, self._run_render)
        else:
            await self._drive(load, renders, lambda render: self._run_bare(render, order))
        seconds = time.perf_counter() - began
        worker, server = meter.used()
        self._check(side, renders)
        return Round(
            load.renders * SECONDS_A_MINUTE / seconds,
            worker / load.renders,
            server / load.renders,
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

    async def _run_render(self, render: RenderInput) -> None:
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

    async def _run_bare(self, render: RenderInput, order: BareOrder) -> None:
        await self._client.execute_workflow(
            BARE_WORKFLOW,
            BareOrder(**{**asdict(order), "project_id": render.project_id}),
            id=render.project_id,
            task_queue=self.bare.queue,
        )

    def _store(self, side: Side, load: Load, frozen: FrozenRender) -> list[RenderInput]:
        renders = [render_of(frozen, ACCOUNT_ID) for _ in range(load.renders)]
        with opened(side.url) as database, database.transaction() as session:
            for render in renders:
                store(session, frozen, render, now=self._place.now)
        return renders

    def _check(self, side: Side, renders: list[RenderInput]) -> None:
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

    async def _count_activities(self, project_id: str) -> Counter[str]:
        history = await self._client.get_workflow_handle(project_id).fetch_history()
        return Counter(
            event.activity_task_scheduled_event_attributes.activity_type.name
            for event in history.events
            if event.HasField("activity_task_scheduled_event_attributes")
        )


def _as_bare_order(shots: int, counts: list[Counter[str]]) -> BareOrder:
    """The bare workflow with as many activities as the median render had."""
    steps_a_shot = sum(counts[0][name] for name in SHOT_ACTIVITIES) // shots
    return BareOrder(
        project_id="",
        shots=shots,
        steps_before=counts[0]["analyze_assets"] + counts[0]["plan_shots"],
        steps_a_shot=steps_a_shot,
        steps_after=counts[0]["assemble_film"],
        writes=round(median(count["record_progress"] for count in counts)),
        lines=sum(line.credits > 0 for line in freeze(shots).plan.charges.lines),
    )


def activities_of(order: BareOrder) -> int:
    steps = order.steps_before + order.steps_after + order.shots * order.steps_a_shot
    return steps + order.writes + 2


@dataclass(frozen=True)
class Size:
    """What was measured of one size: the rounds of both, in their order."""

    load: Load
    order: BareOrder
    real: list[Round]
    bare: list[Round]

    @property
    def value(self) -> float:
        return middle([round_.renders_a_minute for round_ in self.real])

    @property
    def baseline(self) -> float:
        return middle([round_.renders_a_minute for round_ in self.bare])

    @property
    def ratio(self) -> float:
        return rounded(self.value / self.baseline)

    def details(self) -> dict[str, JsonValue]:
        def cpu(rounds: list[Round]) -> dict[str, JsonValue]:
            return {
                "renders_a_minute": [rounded(one.renders_a_minute) for one in rounds],
                "worker_cpu_seconds_a_render": middle([one.worker_cpu_seconds for one in rounds]),
                "server_cpu_seconds_a_render": middle([one.server_cpu_seconds for one in rounds]),
            }

        return {
            "shots": self.load.shots,
            "renders_a_round": self.load.renders,
            "side_by_side": self.load.side_by_side,
            "activities_a_render": activities_of(self.order),
            "of_them_writes": self.order.writes + 2,
            "charge_lines": self.order.lines,
            "renders_a_minute": self.value,
            "bare_renders_a_minute": self.baseline,
            "ratio": self.ratio,
            "render": cpu(self.real),
            "bare": cpu(self.bare),
        }


async def _measure(place: Place, real: Side, bare: Side, loads: tuple[Load, ...]) -> list[Size]:
    client = await Client.connect(
        place.temporal.address,
        namespace=place.temporal.namespace,
        data_converter=pydantic_data_converter,
    )
    comparison = Comparison(place, client, real, bare)
    sizes = []
    for load in loads:
        order = await comparison.warm_up(load)
        size = Size(load, order, [], [])
        for _ in range(load.rounds):
            size.real.append(await comparison.round(real, load, order))
            size.bare.append(await comparison.round(bare, load, order))
        sizes.append(size)
    return sizes


def run(options: Options) -> Finding:
    loads = tuple(load.quicker() for load in LOADS) if options.quick else LOADS
    with a_place(options.say) as place:
        real_url, _ = place.new_database("render")
        bare_url, _ = place.new_database("bare")

        def worker(kind: str, url: str) -> contextlib.AbstractContextManager[Child]:
            environment = place.environment(
                url,
                FVS_RENDER_TASK_QUEUE=f"bench-{kind}",
                FVS_MEDIA_ACTIVITIES_MAX=str(MEDIA_ACTIVITIES_MAX),
            )
            spec = place.python(
                kind, "-m", "bench.orchestration_worker", kind, environment=environment
            )
            return running(spec)

        with worker("render", real_url) as render, worker("bare", bare_url) as bare:
            sizes = asyncio.run(
                _measure(
                    place,
                    Side("render", render, real_url),
                    Side("bare", bare, bare_url),
                    loads,
                )
            )
    _show(options, sizes)
    worst = min(sizes, key=lambda size: size.ratio)
    return Finding(
        name=NAME,
        value=worst.value,
        unit=UNIT,
        baseline=worst.baseline,
        ratio=worst.ratio,
        details={
            "target_ratio_min": TARGET_RATIO,
            "value_of_shots": worst.load.shots,
            "sizes": [size.details() for size in sizes],
        },
    )


def _show(options: Options, sizes: list[Size]) -> None:
    rows = []
    for size in sizes:
        count = activities_of(size.order)
        rows.append(
            Row(
                f"{size.load.shots} shots, {count} activities: {UNIT}",
                f"{size.value:g}",
                f"{size.baseline:g}",
                f"{size.ratio:.2f}",
            )
        )
        for name in ("worker", "server"):
            real = median(getattr(one, f"{name}_cpu_seconds") for one in size.real)
            bare = median(getattr(one, f"{name}_cpu_seconds") for one in size.bare)
            label = f"  {name} processor seconds a render"
            rows.append(Row(label, f"{real:.3f}", f"{bare:.3f}", f"{real / bare:.2f}"))
    show(options.console, f"{NAME} (target: ratio at least {TARGET_RATIO})", rows)
