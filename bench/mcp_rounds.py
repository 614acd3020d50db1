"""Rounds of MCP's benchmark: what they ask of the gateway by each road, and what came of them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from bench.buying import Order
from bench.errors import MeasurementFailed
from bench.loads import load_of
from bench.mcp_roads import PLAIN, Document, Road
from bench.meters import CpuMeter, resident_bytes
from bench.quote_rounds import Sample, together
from bench.result import middle, rounded
from gateway.limits import UPLOADS_IN_FLIGHT_PER_ACCOUNT_MAX

CALLERS: Final = 16
"""Polls side by side, in the rounds that have more than one."""
SUBMITTERS: Final = UPLOADS_IN_FLIGHT_PER_ACCOUNT_MAX
"""As many as one account may have on their way by plain HTTP."""
STATUS_ALONE: Final = "status_one_at_a_time"
STATUS_TOGETHER: Final = "status_side_by_side"
SUBMIT_ALONE: Final = "submit_one_at_a_time"
SUBMIT_TOGETHER: Final = "submit_side_by_side"
KINDS: Final = (STATUS_TOGETHER, STATUS_ALONE, SUBMIT_TOGETHER, SUBMIT_ALONE)
MEBIBYTE: Final = 1024 * 1024
WANTED_STATUS: Final = {"status": "running", "current_stage": "filming"}
"""Of renders whose clips are never ready."""


@dataclass(frozen=True)
class Load:
    """How much a round asks by each road."""

    rounds: int
    alone_seconds: float
    together_seconds: float
    submissions_alone: int
    submissions_together: int


@dataclass(frozen=True)
class Target:
    """The gateway under load."""

    port: int
    pid: int


@dataclass
class Comparison:
    """All roads to one gateway.

    `samples` are the rounds of a kind by a road, in their order. `polled_mib` and `submitted_mib`
    are the memory that the gateway had in use before the rounds, and after each of them.
    """

    target: Target
    roads: Sequence[Road]
    samples: dict[tuple[str, str], list[Sample]] = field(default_factory=lambda: defaultdict(list))
    polled_mib: list[float] = field(default_factory=list)
    submitted_mib: list[float] = field(default_factory=list)

    def watch(self, load: Load, projects: Sequence[str]) -> None:
        """Poll these renders. MeasurementFailed unless each answer is of the render asked for."""
        self.polled_mib.append(self._resident_mib())
        for _ in range(load.rounds):
            for road in self.roads:
                self._poll(road, projects, STATUS_ALONE, 1, load.alone_seconds)
                self._poll(road, projects, STATUS_TOGETHER, CALLERS, load.together_seconds)
            self.polled_mib.append(self._resident_mib())

    def submit(self, load: Load, known: set[str]) -> None:
        """Submit renders, which `known` gains. MeasurementFailed if one is answered twice."""
        self.submitted_mib.append(self._resident_mib())
        for _ in range(load.rounds):
            for road in self.roads:
                self._make(road, known, SUBMIT_ALONE, 1, load.submissions_alone)
                self._make(road, known, SUBMIT_TOGETHER, SUBMITTERS, load.submissions_together)
            self.submitted_mib.append(self._resident_mib())

    def rate(self, kind: str, road: str) -> float:
        """Answers a second in the middle one of the rounds."""
        return middle([sample.rate for sample in self.samples[kind, road]])

    def ratio(self, kind: str, road: str) -> float:
        return rounded(self.rate(kind, road) / self.rate(kind, PLAIN))

    def whole(self, kind: str, road: str) -> Sample:
        return together(self.samples[kind, road])

    def _poll(
        self, road: Road, projects: Sequence[str], kind: str, callers: int, seconds: float
    ) -> None:
        orders = [road.status(project) for project in projects]
        sample, answers = send(self.target, orders, side_by_side=callers, seconds=seconds)
        for number, status, body in answers:
            check_status(road.document(status, body), projects[number])
        self.samples[kind, road.name].append(sample)

    def _make(self, road: Road, known: set[str], kind: str, callers: int, count: int) -> None:
        orders = [road.submission() for _ in range(count)]
        sample, answers = send(self.target, orders, side_by_side=callers)
        note_new((road.document(status, body) for _, status, body in answers), known)
        self.samples[kind, road.name].append(sample)

    def _resident_mib(self) -> float:
        return rounded(resident_bytes(self.target.pid) / MEBIBYTE)


def check_status(document: Document, project_id: str) -> None:
    """MeasurementFailed unless it is the state of this render."""
    wanted = {"project_id": project_id, **WANTED_STATUS}
    found = {name: document.get(name) for name in wanted}
    if found != wanted:
        raise MeasurementFailed(f"A poll for {wanted} was answered with {found}.")


def note_new(documents: Iterable[Document], known: set[str]) -> None:
    """MeasurementFailed for a render that was there before."""
    for document in documents:
        project_id = str(document["project_id"])
        if project_id in known:
            raise MeasurementFailed(f"Two submissions were answered with {project_id}.")
        known.add(project_id)


def send(
    target: Target, orders: Sequence[Order], *, side_by_side: int, seconds: float = 0.0
) -> tuple[Sample, list[tuple[int, int, str]]]:
    """One round by a process of its own, with its answers by the order's number.

    With `seconds` the orders are repeated for so long.
    """
    meter = CpuMeter.of(target.pid)
    arguments = (target.port, side_by_side, seconds)
    calls = load_of("bench.call_load", arguments, orders, seconds=seconds)
    (used,) = meter.used()
    sample = Sample(tuple(calls["milliseconds"]), calls["seconds"], {"gateway": used})
    return sample, calls["answers"]
