"""Rounds of the console's benchmark: what they ask of the gateway and of the bare routes."""

import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from bench.buying import Order
from bench.console_list import check_page
from bench.errors import MeasurementFailed
from bench.mcp_roads import PlainHttp
from bench.mcp_rounds import MEBIBYTE, Target, check_status, send
from bench.meters import resident_bytes
from bench.quote_rounds import Sample, together
from bench.result import middle, rounded
from gateway.console.names import RENDERS

CALLERS: Final = 16
"""Side by side, in the rounds that have more than one."""
GATEWAY: Final = "gateway"
BARE: Final = "bare"
PAGE_TOGETHER: Final = "page_side_by_side"
PAGE_ALONE: Final = "page_one_at_a_time"
POLL_TOGETHER: Final = "poll_side_by_side"
POLL_ALONE: Final = "poll_one_at_a_time"
KINDS: Final = {PAGE_TOGETHER: CALLERS, PAGE_ALONE: 1, POLL_TOGETHER: CALLERS, POLL_ALONE: 1}
"""And how many callers each has."""

CheckPoll = Callable[[int, str, str], None]
"""MeasurementFailed unless status and body are what a poll of this render is to be answered."""


@dataclass(frozen=True)
class Load:
    """How long a round of each kind asks each side."""

    rounds: int
    seconds: float


@dataclass(frozen=True)
class Films:
    """What the account has: all that its page lists, the newest first, and those being made."""

    listed: Sequence[str]
    making: Sequence[str]


@dataclass(frozen=True)
class Side:
    """Who is asked, as whom, and how to tell that a poll was answered rightly."""

    name: str
    target: Target
    check_poll: CheckPoll


@dataclass
class Comparison:
    """The gateway and the bare routes. `cookie` and `api_key` are of the same account.

    `resident_mib` is the memory that each side had in use before the rounds, and after each.
    """

    sides: Sequence[Side]
    films: Films
    cookie: str = field(repr=False)
    api_key: str = field(repr=False)
    samples: dict[tuple[str, str], list[Sample]] = field(default_factory=lambda: defaultdict(list))
    resident_mib: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def measure(self, load: Load) -> None:
        """Rounds of each kind by each side in turn. MeasurementFailed for any wrong answer."""
        self._weigh()
        for _ in range(load.rounds):
            for kind in KINDS:
                for side in self.sides:
                    self._ask(side, kind, load.seconds)
            self._weigh()

    def rate(self, kind: str, side: str) -> float:
        """Answers a second in the middle one of the rounds."""
        return middle([sample.rate for sample in self.samples[kind, side]])

    def ratio(self, kind: str) -> float:
        return rounded(self.rate(kind, GATEWAY) / self.rate(kind, BARE))

    def whole(self, kind: str, side: str) -> Sample:
        return together(self.samples[kind, side])

    def _ask(self, side: Side, kind: str, seconds: float) -> None:
        is_page = kind in {PAGE_TOGETHER, PAGE_ALONE}
        orders = [self._page()] if is_page else self._polls()
        sample, answers = send(side.target, orders, side_by_side=KINDS[kind], seconds=seconds)
        for number, status, body in answers:
            if is_page:
                check_page(status, body, self.films.listed)
            else:
                side.check_poll(status, body, self.films.making[number])
        self.samples[kind, side.name].append(sample)

    def _page(self) -> Order:
        return Order(RENDERS, {"Cookie": self.cookie}, "", method="GET")

    def _polls(self) -> list[Order]:
        road = PlainHttp(self.api_key)
        return [road.status(project_id) for project_id in self.films.making]

    def _weigh(self) -> None:
        for side in self.sides:
            mib = rounded(resident_bytes(side.target.pid) / MEBIBYTE)
            self.resident_mib[side.name].append(mib)


def check_resource(status: int, body: str, project_id: str) -> None:
    """The product's answer to a poll."""
    check_status(PlainHttp("").document(status, body), project_id)


def check_row(status: int, body: str, project_id: str) -> None:
    """The bare route's: the stored snapshot, which names no render."""
    snapshot = PlainHttp("").document(status, body)
    if (snapshot.get("status"), snapshot.get("stage")) != ("running", "filming"):
        raise MeasurementFailed(f"The row of {project_id} was answered with {json.dumps(snapshot)}")
