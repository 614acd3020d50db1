"""How much longer a render takes than its own critical path: one keyframe and one clip.

The models take fixed times, all shots run side by side, and nothing is encoded: what is over is
the studio's own doing. Beside it, a bare workflow whose calls take as long and write the same rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from pydantic import JsonValue

from bench.options import Options
from bench.orchestration_runs import Comparison, Load, Round
from bench.paced_models import Pace
from bench.paced_runs import MEDIA_ACTIVITIES_MAX, at_pace, measure_paced
from bench.result import Finding, Row, middle, rounded, show

NAME: Final = "critical-path"
UNIT: Final = "s beyond the critical path, 64 shots"
PACE: Final = Pace(image_seconds=2.0, video_seconds=6.0)
CRITICAL_SECONDS: Final = PACE.image_seconds + PACE.video_seconds
ALLOWED_SECONDS: Final = 0.5
ALLOWED_SECONDS_A_SHOT: Final = 0.06
SIZES: Final = (3, 64)
ROUNDS: Final = 5


@dataclass(frozen=True)
class Size:
    """What renders of one size took beyond the critical path, in seconds, round by round."""

    shots: int
    by_caller: list[float] = field(default_factory=list)
    by_history: list[float] = field(default_factory=list)
    bare_by_caller: list[float] = field(default_factory=list)
    bare_by_history: list[float] = field(default_factory=list)

    @property
    def allowed(self) -> float:
        return ALLOWED_SECONDS + ALLOWED_SECONDS_A_SHOT * self.shots

    @property
    def worst(self) -> float:
        return rounded(max(*self.by_caller, *self.by_history))

    @property
    def bare(self) -> float:
        return middle(self.bare_by_caller)

    @property
    def met(self) -> bool:
        return self.worst <= rounded(self.allowed)

    def details(self) -> dict[str, JsonValue]:
        return {
            "shots": self.shots,
            "critical_path_seconds": CRITICAL_SECONDS,
            "overhead_seconds_worst": self.worst,
            "overhead_seconds_median": middle(self.by_caller),
            "target_seconds_max": rounded(self.allowed),
            "target_met": self.met,
            "part_of_target": rounded(self.worst / self.allowed),
            "overhead_seconds_by_caller": [rounded(seconds) for seconds in self.by_caller],
            "overhead_seconds_by_history": [rounded(seconds) for seconds in self.by_history],
            "bare_overhead_seconds_by_caller": [rounded(one) for one in self.bare_by_caller],
            "bare_overhead_seconds_by_history": [rounded(one) for one in self.bare_by_history],
        }


def run(options: Options) -> Finding:
    rounds = 1 if options.quick else ROUNDS

    async def measure(comparison: Comparison) -> list[Size]:
        return [await _measure(comparison, shots, rounds) for shots in SIZES]

    sizes = measure_paced(options, PACE, measure)
    _show(options, sizes)
    largest = sizes[-1]
    return Finding(
        name=NAME,
        value=largest.worst,
        unit=UNIT,
        baseline=largest.bare,
        ratio=rounded(largest.worst / largest.bare),
        details={
            "target": f"at most {ALLOWED_SECONDS:g} s + {1000 * ALLOWED_SECONDS_A_SHOT:g} ms a "
            "shot, in every round, by the caller's clock and by the history's times",
            "target_met": all(size.met for size in sizes),
            "baseline": "a bare workflow: as many activities, as long calls, the same rows",
            "image_seconds": PACE.image_seconds,
            "video_seconds": PACE.video_seconds,
            "rounds": rounds,
            "real": "workflow, credits, journal, documents, storage, polling; SQLite; dev server",
            "replaced": "models keep a pace, media are copied instead of encoded",
            "media_activities_max": MEDIA_ACTIVITIES_MAX,
            "sizes": [size.details() for size in sizes],
        },
    )


async def _measure(comparison: Comparison, shots: int, rounds: int) -> Size:
    """Rounds alternate, so that what else the machine does hits both."""
    load = Load(shots=shots, renders=1, side_by_side=1, rounds=rounds)
    order = at_pace(await comparison.warm_up(load), PACE)
    size = Size(shots)

    async def note(one: Round, by_caller: list[float], by_history: list[float]) -> None:
        by_caller.append(one.seconds - CRITICAL_SECONDS)
        seconds = await comparison.history_seconds(one.project_ids[0])
        by_history.append(seconds - CRITICAL_SECONDS)

    for _ in range(rounds):
        await note(await comparison.render_round(load), size.by_caller, size.by_history)
        bare = await comparison.bare_round(load, order)
        await note(bare, size.bare_by_caller, size.bare_by_history)
    return size


def _show(options: Options, sizes: Sequence[Size]) -> None:
    rows = []
    for size in sizes:
        label = f"{size.shots} shots: worst, s (allowed {size.allowed:g})"
        ratio = f"{size.worst / size.bare:.2f}"
        rows += [
            Row(label, f"{size.worst:g}", f"{size.bare:g}", ratio),
            Row("  median, s", f"{middle(size.by_caller):g}", f"{size.bare:g}"),
        ]
    show(options.console, f"Wall time beyond {CRITICAL_SECONDS:g} s, beside a bare workflow", rows)
