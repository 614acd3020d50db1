"""Renders a minute with models and media that are ready at once, beside a bare workflow.

Both run on one Temporal server, each in a worker process of its own with a SQLite database of its
own. The rounds alternate, so that what else the machine does hits all alike.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Final

from pydantic import JsonValue
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from bench.bare_workflow import BareOrder
from bench.options import Options
from bench.orchestration_runs import Comparison, Load, Round, Side, activities_of
from bench.place import Place, a_place, running
from bench.result import Finding, Row, middle, rounded, show
from runtime.processes import Child

NAME: Final = "orchestration"
UNIT: Final = "renders/min"
TARGET_RATIO: Final = 0.8
MEDIA_ACTIVITIES_MAX: Final = 100
"""By default as many as processors, since each encodes; here they need none."""

LOADS: Final = (
    Load(shots=3, renders=16, side_by_side=8, rounds=6),
    Load(shots=64, renders=4, side_by_side=4, rounds=3),
)


@dataclass(frozen=True)
class Size:
    """What was measured of one size: the rounds of each, in their order."""

    load: Load
    order: BareOrder
    real: list[Round] = field(default_factory=list)
    bare: list[Round] = field(default_factory=list)
    bare_one_queue: list[Round] = field(default_factory=list)

    @property
    def value(self) -> float:
        return _rate(self.real)

    @property
    def baseline(self) -> float:
        return _rate(self.bare)

    @property
    def ratio(self) -> float:
        return rounded(self.value / self.baseline)

    @property
    def ratio_one_queue(self) -> float:
        return rounded(self.value / _rate(self.bare_one_queue))

    def details(self) -> dict[str, JsonValue]:
        return {
            "shots": self.load.shots,
            "renders_a_round": self.load.renders,
            "side_by_side": self.load.side_by_side,
            "activities_a_render": activities_of(self.order),
            "of_them_writes": self.order.writes + 2,
            "charge_lines": self.order.lines,
            "ratio": self.ratio,
            "ratio_to_bare_on_one_queue": self.ratio_one_queue,
            "render": _details(self.real),
            "bare": _details(self.bare),
            "bare_on_one_queue": _details(self.bare_one_queue),
        }


def _rate(rounds: Sequence[Round]) -> float:
    return middle([one.renders_a_minute for one in rounds])


def _details(rounds: Sequence[Round]) -> dict[str, JsonValue]:
    return {
        "renders_a_minute": _rate(rounds),
        "rounds": [rounded(one.renders_a_minute) for one in rounds],
        "worker_cpu_seconds_a_render": middle([one.worker_cpu_seconds for one in rounds]),
        "server_cpu_seconds_a_render": middle([one.server_cpu_seconds for one in rounds]),
    }


async def _measure(place: Place, real: Side, bare: Side, loads: Sequence[Load]) -> list[Size]:
    client = await Client.connect(
        place.temporal.address,
        namespace=place.temporal.namespace,
        data_converter=pydantic_data_converter,
    )
    comparison = Comparison(place, client, real, bare)
    sizes = []
    for load in loads:
        order = await comparison.warm_up(load)
        one_queue = replace(order, media_queue="")
        size = Size(load, order)
        for _ in range(load.rounds):
            size.real.append(await comparison.render_round(load))
            size.bare.append(await comparison.bare_round(load, order))
            size.bare_one_queue.append(await comparison.bare_round(load, one_queue))
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
            "target_met": worst.ratio >= TARGET_RATIO,
            "value_of_shots": worst.load.shots,
            "sizes": [size.details() for size in sizes],
        },
    )


def _show(options: Options, sizes: Sequence[Size]) -> None:
    rows = []
    for size in sizes:
        count, value = activities_of(size.order), f"{size.value:g}"
        label = f"{size.load.shots} shots, {count} activities: {UNIT}"
        one_queue = _rate(size.bare_one_queue)
        rows += [
            Row(label, value, f"{size.baseline:g}", f"{size.ratio:.2f}"),
            Row(
                "  the bare one on one queue",
                value,
                f"{one_queue:g}",
                f"{size.ratio_one_queue:.2f}",
            ),
        ]
        for name in ("worker", "server"):
            real = median(getattr(one, f"{name}_cpu_seconds") for one in size.real)
            bare = median(getattr(one, f"{name}_cpu_seconds") for one in size.bare)
            label = f"  {name} processor seconds a render"
            rows.append(Row(label, f"{real:.3f}", f"{bare:.3f}", f"{real / bare:.2f}"))
    show(options.console, f"{NAME} (target: ratio at least {TARGET_RATIO})", rows)
