"""What is paid twice, or for nothing, where workers are killed and providers fail at every await.

Real adapters over HTTP before the vendors' local server, whose books say what will be billed; real
workflow, journal and ledger; workers that die by a plan drawn from the seed. Beside it, what others
do: order, wait and fetch in one activity that is tried three times, under the same plan.
"""

import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final, TypeVar

from pydantic import JsonValue
from temporalio.client import Client, WorkflowFailureError

from bench.chaos import DeathPlan, project_id_of
from bench.chaos_worker import queue_of
from bench.naive_filming import naive_queue
from bench.naive_workflow import NAIVE_WORKFLOW, TRIES_MAX
from bench.options import Options
from bench.pay_once_renders import FAL, KLING, VEO, Film, Studio, films, naive_orders
from bench.pay_once_report import NaiveTally, Run, Settled, finding
from bench.pay_once_tally import VIDEO_CALLS, tally
from bench.place import Place, a_place, opened, running
from bench.renders import store
from bench.result import Finding
from bench.vendor_place import Vendors, a_bucket, a_vendor, jobs_of
from bench.watch import while_alive
from runtime.dev_account import ACCOUNT_ID
from runtime.failures import data_converter
from runtime.processes import Child
from studio.contracts.names import RENDER_WORKFLOW

NAME: Final = "pay-once"
SEED: Final = 20261
RENDERS: Final = 120
NAIVE_RENDERS: Final = 40
STRIDE: Final = 60
"""Each of the 250 moments kills two of 120 renders' workers."""
SLOTS: Final = 4
SIDE_BY_SIDE: Final = 4
"""Renders at a time in each worker; each of its deaths is the death of all of them."""
RUN_SECONDS_MAX: Final = 1500.0
TASK_TIMEOUT: Final = timedelta(seconds=2)
"""Of a workflow task whose worker was killed; Temporal's own is 10 s."""
QUEUE: Final = "pay-once"
NAIVE_NUMBER_FIRST: Final = 0x10000

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Scene:
    """What both pipelines have in common. Without a bucket there is no Veo."""

    place: Place
    bucket: str | None
    stride: int

    @property
    def studios(self) -> list[Studio]:
        return [VEO, FAL, KLING] if self.bucket else [FAL, KLING]

    def films(self, numbers: Iterable[int]) -> list[Film]:
        project_ids = [project_id_of(SEED, number) for number in numbers]
        return films(self.studios, project_ids, ACCOUNT_ID)


@dataclass(frozen=True)
class Stage:
    """Vendors, and workers that die before them."""

    vendors: Vendors
    supervisor: Child
    client: Client
    folder: Path

    async def drive(
        self, work: Callable[[Film, int], Awaitable[Answer]], all_films: Sequence[Film]
    ) -> list[Answer]:
        """Each film in the next slot that is free."""
        places = [asyncio.Semaphore(SIDE_BY_SIDE) for _ in range(SLOTS)]

        async def one(number: int, film: Film) -> Answer:
            slot = number % SLOTS
            async with places[slot]:
                return await work(film, slot)

        async def together() -> list[Answer]:
            return await asyncio.gather(*(one(*pair) for pair in enumerate(all_films)))

        children = [self.supervisor, self.vendors.process]
        return await while_alive(together(), children, seconds_max=RUN_SECONDS_MAX)

    def notes(self, name: str) -> list[dict[str, str]]:
        path = self.folder / name
        lines = path.read_text().splitlines() if path.exists() else []
        return [json.loads(line) for line in lines]


def run(options: Options) -> Finding:
    renders, naive_renders = (18, 9) if options.quick else (RENDERS, NAIVE_RENDERS)
    stride = STRIDE // 4 if options.quick else STRIDE
    with a_place(options.say) as place, a_bucket(place) as bucket:
        scene = Scene(place, bucket, stride)
        if not bucket:
            options.say("There is no Google Cloud Storage emulator: Veo is left out.")
        ours = asyncio.run(_ours(scene, renders))
        naive = asyncio.run(_naive(scene, naive_renders))
    providers = [studio.provider for studio in scene.studios]
    return finding(options, ours, naive, seed=SEED, providers=providers)


async def _ours(scene: Scene, count: int) -> Run:
    made = scene.films(range(count))
    url, _ = scene.place.new_database("pay-once")
    with opened(url) as database, database.transaction() as session:
        for film in made:
            store(session, film.frozen, film.render, now=scene.place.now)

    async def on(stage: Stage) -> Run:
        settled = await stage.drive(_Rendering(stage.client).run, made)
        with opened(url) as database, database.reading() as session:
            books = stage.vendors.read("books")
            counted = tally(session, made, books if isinstance(books, dict) else {})
        return Run(
            counted,
            settled,
            deaths=[note["moment"] for note in stage.notes("deaths")],
            moments={note["moment"] for note in stage.notes("moments")},
            faults=_faults(stage.vendors),
        )

    return await _staged(scene, "ours", url, on)


async def _naive(scene: Scene, count: int) -> NaiveTally:
    made = scene.films(range(NAIVE_NUMBER_FIRST, NAIVE_NUMBER_FIRST + count))
    url, _ = scene.place.new_database("naive")

    async def on(stage: Stage) -> NaiveTally:
        async def film(film: Film, slot: int) -> int:
            clips: int = await stage.client.execute_workflow(
                NAIVE_WORKFLOW,
                naive_orders(film),
                id=film.render.project_id,
                task_queue=naive_queue(queue_of(QUEUE, slot)),
                task_timeout=TASK_TIMEOUT,
                result_type=int,
            )
            return clips

        clips = sum(await stage.drive(film, made))
        jobs = [job for job in jobs_of(stage.vendors.read("books")) if job["call"] in VIDEO_CALLS]
        return NaiveTally(
            renders=count,
            shots=sum(len(film.render.plan.shots) for film in made),
            tries_max=TRIES_MAX,
            clips=clips,
            accepted=len(jobs),
            billed=sum(bool(job["billed"]) for job in jobs),
            deaths=len(stage.notes("deaths")),
        )

    return await _staged(scene, "naive", url, on)


async def _staged(
    scene: Scene, name: str, url: str, work: Callable[[Stage], Awaitable[Answer]]
) -> Answer:
    place = scene.place
    folder = place.root / f"deaths-{name}"
    folder.mkdir()
    deaths = DeathPlan(SEED, scene.stride, str(folder))
    with a_vendor(place, f"vendors-{name}", seed=SEED, gcs=scene.bucket) as vendors:
        environment = place.environment(
            url, FVS_RENDER_TASK_QUEUE=QUEUE, **vendors.settings, **deaths.as_environment()
        )
        spec = place.python(
            f"workers-{name}", "-m", "bench.chaos_worker", str(SLOTS), environment=environment
        )
        with running(spec) as supervisor:
            client = await Client.connect(
                place.temporal.address,
                namespace=place.temporal.namespace,
                data_converter=data_converter,
            )
            return await work(Stage(vendors, supervisor, client, folder))


@dataclass(frozen=True)
class _Rendering:
    client: Client

    async def run(self, film: Film, slot: int) -> Settled:
        """Until the render has ended, however it did; then what its history says."""
        handle = await self.client.start_workflow(
            RENDER_WORKFLOW,
            film.render,
            id=film.render.project_id,
            task_queue=queue_of(QUEUE, slot),
            task_timeout=TASK_TIMEOUT,
        )
        with contextlib.suppress(WorkflowFailureError):  # the row says how it ended
            await handle.result()
        return Settled.of(await handle.fetch_history())


def _faults(vendors: Vendors) -> Counter[str]:
    happened: JsonValue = vendors.read("faults")
    listed = happened if isinstance(happened, list) else []
    return Counter(str(one["fault"]) for one in listed if isinstance(one, dict))
