"""Renders whose models keep a pace, and bare workflows whose calls take as long, side by side."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final, TypeVar

from temporalio.client import Client

from bench.bare_workflow import BareOrder
from bench.options import Options
from bench.orchestration_runs import CALLS_OF_A_SHOT, Comparison, Side
from bench.paced_models import Pace, paced
from bench.place import Place, a_place, running
from bench.renders import freeze
from runtime.failures import data_converter
from runtime.processes import Child

DRAWING: Final = str(CALLS_OF_A_SHOT.index("draw_keyframe"))
FILMING: Final = str(CALLS_OF_A_SHOT.index("await_clip"))
MEDIA_ACTIVITIES_MAX: Final = 100
"""By default as many as processors, since each encodes; copies need none."""

Measured = TypeVar("Measured")


def measure_paced(
    options: Options, pace: Pace, measure: Callable[[Comparison], Awaitable[Measured]]
) -> Measured:
    """What `measure` finds with two workers that are ready: the real one and the bare one."""
    with a_place(options.say) as place:
        real_url, _ = place.new_database("render")
        bare_url, _ = place.new_database("bare")
        real = _worker(place, "render", real_url, ("bench.paced_worker",), pace)
        bare = _worker(place, "bare", bare_url, ("bench.orchestration_worker", "bare"), pace)
        with real as real_process, bare as bare_process:

            async def compare() -> Measured:
                client = await Client.connect(
                    place.temporal.address,
                    namespace=place.temporal.namespace,
                    data_converter=data_converter,
                )
                comparison = Comparison(
                    place,
                    client,
                    Side("render", real_process, real_url),
                    Side("bare", bare_process, bare_url),
                    frozen_of=lambda shots: paced(freeze(shots)),
                )
                return await measure(comparison)

            return asyncio.run(compare())


def at_pace(order: BareOrder, pace: Pace) -> BareOrder:
    """The bare workflow's calls take as long as the real one's models."""
    return replace(order, waits={DRAWING: pace.image_seconds, FILMING: pace.video_seconds})


def _worker(
    place: Place, kind: str, url: str, module: tuple[str, ...], pace: Pace
) -> contextlib.AbstractContextManager[Child]:
    environment = place.environment(
        url,
        FVS_RENDER_TASK_QUEUE=f"bench-{kind}",
        FVS_MEDIA_ACTIVITIES_MAX=str(MEDIA_ACTIVITIES_MAX),
        **pace.as_environment(),
    )
    return running(place.python(kind, "-m", *module, environment=environment))
