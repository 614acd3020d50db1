"""Round trips of `tools/call` a second, beside the same use case over plain HTTP in the same run.

One gateway, one account, the same rows, the same callers; in every round each road has its turn, so
that what else the machine does hits all alike.
"""

import contextlib
from collections.abc import Iterator
from typing import Final

from bench.mcp_report import finding
from bench.mcp_roads import REVISIONS, PlainHttp, Road, ToolCalls
from bench.mcp_rounds import Comparison, Load, Target
from bench.options import Options
from bench.place import Place, a_place, running
from bench.result import Finding
from bench.service import Service, a_caller, a_service, wait_until

RENDERS: Final = 8
LOAD: Final = Load(
    rounds=4,
    alone_seconds=3.0,
    together_seconds=5.0,
    submissions_alone=15,
    submissions_together=48,
)
"""All submissions stay below the renders that a benchmark's account may have at a time."""
QUICK: Final = Load(
    rounds=1,
    alone_seconds=1.0,
    together_seconds=2.0,
    submissions_alone=5,
    submissions_together=16,
)
WARMING: Final = Load(
    rounds=1,
    alone_seconds=0.5,
    together_seconds=1.0,
    submissions_alone=2,
    submissions_together=16,
)


def run(options: Options) -> Finding:
    load = QUICK if options.quick else LOAD
    with a_place(options.say) as place, a_service(place, "mcp") as service:
        key = service.account.api_key
        target = Target(int(service.base_url.rpartition(":")[2]), service.process.pid)
        roads: list[Road] = [PlainHttp(key), *(ToolCalls(key, revision) for revision in REVISIONS)]
        warming, comparison = Comparison(target, roads), Comparison(target, roads)
        with filming(place, service) as projects:
            warming.watch(WARMING, projects)
            comparison.watch(load, projects)
        known = set(projects)
        warming.submit(WARMING, known)
        comparison.submit(load, known)
    return finding(options, comparison)


@contextlib.contextmanager
def filming(place: Place, service: Service) -> Iterator[list[str]]:
    """Renders that stay at filming, and a worker for the length of the block.

    New renders are submitted without one: their runs are started, and wait.
    """
    spec = place.python(
        "holding-worker", "-m", "bench.holding_worker", environment=service.environment
    )
    with running(spec) as worker, a_caller() as client:
        projects = [service.submit(client) for _ in range(RENDERS)]
        wait_until(lambda: service.all_filming(client, projects), worker)
        yield projects
