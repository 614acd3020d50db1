"""How much history a completed render leaves in Temporal: events and bytes, a shot and fixed.

Temporal warns at 10,240 events and 10 MB and ends a run at 51,200 and 50 MB; what a replay costs
grows with both. Beside it, the bare workflow with as many activities and as many writes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import JsonValue
from temporalio.api.history.v1 import History
from temporalio.client import WorkflowHistory

from bench.bare_workflow import BareOrder
from bench.options import Options
from bench.orchestration_runs import Comparison, Load, activities_of
from bench.paced_models import Pace
from bench.paced_runs import at_pace, measure_paced
from bench.result import Finding, Row, middle, rounded, show

NAME: Final = "history"
UNIT: Final = "bytes of history a shot"
PACE: Final = Pace(image_seconds=0.5, video_seconds=2.0, video_spread_seconds=6.0)
"""Clips that are ready one after the other: then nearly each step of a shot is recorded apart."""
SIZES: Final = (3, 16, 64)
ROUNDS: Final = 3
EVENTS_WARNING: Final = 10_240
BYTES_WARNING: Final = 10 * 1024 * 1024
"""Where a Temporal server begins to warn (limit.historyCount.warn, limit.historySize.warn)."""


@dataclass(frozen=True)
class Extent:
    """Of one history, or the middle of some."""

    events: float
    size_bytes: float

    @staticmethod
    def of(history: WorkflowHistory) -> "Extent":
        return Extent(len(history.events), History(events=history.events).ByteSize())

    @staticmethod
    def middle(extents: Sequence["Extent"]) -> "Extent":
        return Extent(
            middle([extent.events for extent in extents]),
            middle([extent.size_bytes for extent in extents]),
        )

    def details(self) -> dict[str, JsonValue]:
        return {"events": rounded(self.events), "bytes": rounded(self.size_bytes)}


@dataclass(frozen=True)
class Size:
    order: BareOrder
    real: Extent
    bare: Extent

    def details(self) -> dict[str, JsonValue]:
        return {
            "shots": self.order.shots,
            "activities": activities_of(self.order),
            "of_them_writes": self.order.writes + 2,
            "render": self.real.details(),
            "bare": self.bare.details(),
            "ratio_events": rounded(self.real.events / self.bare.events),
            "ratio_bytes": rounded(self.real.size_bytes / self.bare.size_bytes),
        }


@dataclass(frozen=True)
class Growth:
    """A straight line through the smallest and the largest size: a shot's part and the rest."""

    a_shot: Extent
    fixed: Extent

    @staticmethod
    def between(small: tuple[int, Extent], large: tuple[int, Extent]) -> "Growth":
        (few, first), (many, last) = small, large
        events = (last.events - first.events) / (many - few)
        size_bytes = (last.size_bytes - first.size_bytes) / (many - few)
        return Growth(
            Extent(rounded(events), rounded(size_bytes)),
            Extent(
                rounded(first.events - few * events),
                rounded(first.size_bytes - few * size_bytes),
            ),
        )

    def details(self) -> dict[str, JsonValue]:
        return {"a_shot": self.a_shot.details(), "fixed": self.fixed.details()}


def run(options: Options) -> Finding:
    rounds = 1 if options.quick else ROUNDS

    async def measure(comparison: Comparison) -> list[Size]:
        return [await _measure(comparison, shots, rounds) for shots in SIZES]

    return finding(options, measure_paced(options, PACE, measure), rounds)


def finding(options: Options, sizes: Sequence[Size], rounds: int) -> Finding:
    first, largest = sizes[0], sizes[-1]
    few, many = first.order.shots, largest.order.shots
    real = Growth.between((few, first.real), (many, largest.real))
    bare = Growth.between((few, first.bare), (many, largest.bare))
    _show(options, sizes, real, bare)
    return Finding(
        name=NAME,
        value=real.a_shot.size_bytes,
        unit=UNIT,
        baseline=bare.a_shot.size_bytes,
        ratio=rounded(real.a_shot.size_bytes / bare.a_shot.size_bytes),
        details={
            "events_a_shot": real.a_shot.events,
            "bytes_a_shot": real.a_shot.size_bytes,
            "events_fixed": real.fixed.events,
            "bytes_fixed": real.fixed.size_bytes,
            "baseline": "the bare workflow: as many activities and writes, only their arguments",
            "bare": bare.details(),
            "largest_part_of_events_warning": rounded(largest.real.events / EVENTS_WARNING),
            "largest_part_of_bytes_warning": rounded(largest.real.size_bytes / BYTES_WARNING),
            "rounds": rounds,
            "sizes": [size.details() for size in sizes],
        },
    )


async def _measure(comparison: Comparison, shots: int, rounds: int) -> Size:
    load = Load(shots=shots, renders=1, side_by_side=1, rounds=rounds)
    order = at_pace(await comparison.warm_up(load), PACE)
    real: list[Extent] = []
    bare: list[Extent] = []
    for _ in range(rounds):
        render = await comparison.render_round(load)
        real.append(Extent.of(await comparison.history(render.project_ids[0])))
        plain = await comparison.bare_round(load, order)
        bare.append(Extent.of(await comparison.history(plain.project_ids[0])))
    return Size(order, Extent.middle(real), Extent.middle(bare))


def _show(options: Options, sizes: Sequence[Size], real: Growth, bare: Growth) -> None:
    pairs = [(f"{size.order.shots} shots", size.real, size.bare) for size in sizes]
    pairs += [("a shot", real.a_shot, bare.a_shot), ("fixed", real.fixed, bare.fixed)]
    rows = []
    for label, mine, theirs in pairs:
        rows += [
            Row(f"{label}: events", f"{mine.events:g}", f"{theirs.events:g}"),
            Row(
                "  bytes",
                f"{mine.size_bytes:g}",
                f"{theirs.size_bytes:g}",
                f"{mine.size_bytes / theirs.size_bytes:.2f}",
            ),
        ]
    show(options.console, "History of a completed render, beside a bare workflow's", rows)
