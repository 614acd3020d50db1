"""Rounds of the quotes' benchmark: what they ask of a side, and what came of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Final

import httpx2

from bench.buying import QUOTE_ORDER, Order, Side
from bench.errors import MeasurementFailed
from bench.loads import load_of
from bench.meters import CpuMeter
from bench.result import middle, percentile, rounded

ASKERS: Final = 16
"""Callers that ask for quotes at the same time."""
PAYERS: Final = 4
"""Payments side by side, in the rounds that have more than one."""
QUOTED: Final = (402, "WWW-Authenticate")
PAID: Final = (202, "Payment-Receipt")


@dataclass(frozen=True)
class Load:
    """How much a round asks of each side."""

    rounds: int
    quote_seconds: float
    payments_alone: int
    payments_together: int


@dataclass(frozen=True)
class Sample:
    """The answers of one round, or of several put together.

    `cpu_seconds` is the processor time of each process that took part, by its name.
    """

    milliseconds: tuple[float, ...]
    seconds: float
    cpu_seconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        return rounded(len(self.milliseconds) / self.seconds)

    @property
    def p50_ms(self) -> float:
        return rounded(median(self.milliseconds))

    @property
    def p95_ms(self) -> float:
        return rounded(percentile(self.milliseconds, 95))

    @property
    def p99_ms(self) -> float:
        return rounded(percentile(self.milliseconds, 99))

    @property
    def all_cpu_ms(self) -> float:
        return rounded(sum(self.cpu_seconds.values()) * 1000 / len(self.milliseconds))

    def cpu_ms(self) -> dict[str, float]:
        """Processor time an answer, by process; what else the machine does changes it least."""
        count = len(self.milliseconds)
        return {name: rounded(used * 1000 / count) for name, used in self.cpu_seconds.items()}


@dataclass
class Measured:
    """One side's rounds, in their order."""

    quotes: list[Sample] = field(default_factory=list)
    alone: list[Sample] = field(default_factory=list)
    together: list[Sample] = field(default_factory=list)

    def measure(self, side: Side, load: Load, client: httpx2.Client) -> None:
        """A round. Its quotes and tokens are made before its clock runs."""
        alone = [side.order(client) for _ in range(load.payments_alone)]
        several = [side.order(client) for _ in range(load.payments_together)]
        self.quotes.append(
            send(
                side,
                [QUOTE_ORDER],
                side_by_side=ASKERS,
                wanted=QUOTED,
                seconds=load.quote_seconds,
            )
        )
        self.alone.append(send(side, alone, side_by_side=1, wanted=PAID))
        self.together.append(send(side, several, side_by_side=PAYERS, wanted=PAID))

    @property
    def quotes_a_second(self) -> float:
        return middle([sample.rate for sample in self.quotes])


KINDS: Final[Mapping[str, Callable[[Measured], list[Sample]]]] = {
    "quotes": lambda measured: measured.quotes,
    "payments_one_at_a_time": lambda measured: measured.alone,
    "payments_side_by_side": lambda measured: measured.together,
}


def send(
    side: Side,
    orders: Sequence[Order],
    *,
    side_by_side: int,
    wanted: tuple[int, str],
    seconds: float = 0.0,
) -> Sample:
    """One round by a process of its own; with `seconds` the orders are repeated for so long.

    MeasurementFailed unless every answer has the wanted status and header.
    """
    status, header = wanted
    meter = CpuMeter.of(*side.pids.values())
    arguments = (side.port, side_by_side, status, header, seconds)
    tally = load_of("bench.post_load", arguments, orders, seconds=seconds)
    used = dict(zip(side.pids, meter.used(), strict=True))
    if tally["refused"]:
        raise MeasurementFailed(
            f"{tally['refused']} of {len(tally['milliseconds'])} requests were not answered with "
            f"{status} and {header}, but with {tally['first_refusal']}."
        )
    return Sample(tuple(tally["milliseconds"]), tally["seconds"], used)


def together(samples: Sequence[Sample]) -> Sample:
    """All rounds as one: their tails have too few answers to be read alone."""
    return Sample(
        tuple(one for sample in samples for one in sample.milliseconds),
        sum(sample.seconds for sample in samples),
        {
            name: sum(sample.cpu_seconds[name] for sample in samples)
            for name in samples[0].cpu_seconds
        },
    )
