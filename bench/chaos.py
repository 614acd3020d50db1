"""Deaths of a worker at every moment that counts: around each call of a provider, each commit and
each look at the store.

A moment is named after its activity, what is called and where: `submit_clip:videos.submit:after`.
Every n-th render dies at it, once; which renders those are is drawn from the seed, moment by
moment. So all moments get their deaths, and a run with the same seed has the same ones planned.
"""

import asyncio
import hashlib
import inspect
import json
import os
import signal
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import ClassVar, Final, Self, TypeVar, cast

from sqlalchemy.orm import Session
from temporalio import activity

from activities.workbench import Result, Workbench
from studio.providers.ports import Providers

CHAOS_VARIABLE: Final = "BENCH_CHAOS"
DURING_SECONDS_MAX: Final = 0.01
"""The local vendors answer within about this time: some deaths come before their answer."""

STEPS_TOLD_APART: Final = 3
"""Of one kind in one activity: its polls, its commits. The last stands for all that follow."""

Adapter = TypeVar("Adapter")

_steps: Final[ContextVar[Counter[str] | None]] = ContextVar("steps", default=None)
"""Of the activity under way in this context; what it starts shares it."""


class When(StrEnum):
    BEFORE = "before"
    DURING = "during"
    """The call is on its way, or the transaction is not committed."""
    AFTER = "after"
    """The answer is there, and nobody has heard of it."""


@dataclass(frozen=True)
class DeathPlan:
    """Each moment kills the worker of every `stride`-th render that comes to it. 0: none dies."""

    seed: int
    stride: int
    folder: str

    def as_environment(self) -> dict[str, str]:
        return {CHAOS_VARIABLE: json.dumps(asdict(self))}

    @classmethod
    def of_environment(cls) -> Self:
        return cls(**json.loads(os.environ[CHAOS_VARIABLE]))

    def dies(self, project_id: str, moment: str) -> bool:
        if self.stride <= 0:
            return False
        return (number_of(project_id) + self._drawn(moment)) % self.stride == 0

    def delay_seconds(self, moment: str) -> float:
        return DURING_SECONDS_MAX * (self._drawn(moment, "delay") % 1000) / 1000

    def _drawn(self, *parts: str) -> int:
        digest = hashlib.sha256(f"{self.seed}:{':'.join(parts)}".encode()).digest()
        return int.from_bytes(digest[:4], "big")


def project_id_of(seed: int, number: int) -> str:
    return f"proj_api_{seed:08x}{number:08x}"


def number_of(project_id: str) -> int:
    return int(project_id[-8:], 16)


class Chaos:
    """The notes in `plan.folder` outlive this process: who has died, and at which moments."""

    def __init__(self, plan: DeathPlan) -> None:
        self._plan = plan
        self._folder = Path(plan.folder)
        self._seen: set[str] = set()

    def step(self, what: str) -> "Step":
        """The next of its kind in the activity that is under way here."""
        info = activity.info()
        counted = _steps.get()
        if counted is None:
            counted = Counter[str]()
            _steps.set(counted)
        counted[what] += 1
        number = min(counted[what], STEPS_TOLD_APART)
        return Step(self, info.workflow_id or "", f"{info.activity_type}:{what}#{number}")

    def is_fatal(self, project_id: str, moment: str) -> bool:
        if moment not in self._seen:
            self._seen.add(moment)
            self._note("moments", {"moment": moment})
        return self._plan.dies(project_id, moment)

    def delay_seconds(self, project_id: str, moment: str) -> float:
        return self._plan.delay_seconds(f"{project_id}:{moment}")

    def die_once(self, project_id: str, moment: str) -> None:
        marker = self._folder / f"{project_id}-{moment.replace(':', '-')}"
        try:
            os.close(os.open(marker, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return
        self._note("deaths", {"project_id": project_id, "moment": moment})
        os.kill(os.getpid(), signal.SIGKILL)

    def _note(self, name: str, entry: Mapping[str, str]) -> None:
        """One write, so that lines of several processes never mix."""
        line = (json.dumps(entry) + "\n").encode()
        handle = os.open(self._folder / name, os.O_CREAT | os.O_APPEND | os.O_WRONLY)
        try:
            os.write(handle, line)
        finally:
            os.close(handle)


@dataclass(frozen=True)
class Step:
    """One call, commit or look at the store. Its methods may be called in any thread."""

    chaos: Chaos
    project_id: str
    name: str

    def come_to(self, when: When) -> None:
        moment = f"{self.name}:{when}"
        if self.chaos.is_fatal(self.project_id, moment):
            self.chaos.die_once(self.project_id, moment)

    def die_soon(self) -> None:
        """During a call: its answer may come before, or never."""
        moment = f"{self.name}:{When.DURING}"
        if self.chaos.is_fatal(self.project_id, moment):
            asyncio.get_running_loop().call_later(
                self.chaos.delay_seconds(self.project_id, moment),
                self.chaos.die_once,
                self.project_id,
                moment,
            )


class _Watched:
    """Anything whose methods are steps; what is no method passes through."""

    def __init__(self, inner: object, name: str, chaos: Chaos) -> None:
        self._inner = inner
        self._name = name
        self._chaos = chaos

    def __getattr__(self, attribute: str) -> object:
        found = getattr(self._inner, attribute)
        if not callable(found):
            return found
        what = f"{self._name}.{attribute}"
        if inspect.iscoroutinefunction(found):
            return partial(self._call, found, what)
        return partial(self._call_in_thread, found, what)

    async def _call(
        self, method: Callable[..., Awaitable[object]], what: str, *given: object, **named: object
    ) -> object:
        step = self._chaos.step(what)
        step.come_to(When.BEFORE)
        step.die_soon()
        answer = await method(*given, **named)
        step.come_to(When.AFTER)
        return answer

    def _call_in_thread(
        self, method: Callable[..., object], what: str, *given: object, **named: object
    ) -> object:
        step = self._chaos.step(what)
        step.come_to(When.BEFORE)
        answer = method(*given, **named)
        step.come_to(When.AFTER)
        return answer


def watched(inner: Adapter, name: str, chaos: Chaos) -> Adapter:
    return cast("Adapter", _Watched(inner, name, chaos))


def watched_providers(providers: Providers, chaos: Chaos) -> Providers:
    def around(kind: str, adapters: Mapping[str, Adapter]) -> Mapping[str, Adapter]:
        return {name: watched(adapter, kind, chaos) for name, adapter in adapters.items()}

    return replace(
        providers,
        planners=around("planners", providers.planners),
        images=around("images", providers.images),
        critics=around("critics", providers.critics),
        videos=around("videos", providers.videos),
    )


class ChaosWorkbench(Workbench):
    """Commits as the real one, and dies before, in or after a transaction."""

    chaos: ClassVar[Chaos]

    async def transact(self, work: Callable[[Session], Result]) -> Result:
        step = self.chaos.step("commit")

        def run(session: Session) -> Result:
            result = work(session)
            step.come_to(When.DURING)
            return result

        step.come_to(When.BEFORE)
        result = await super().transact(run)
        step.come_to(When.AFTER)
        return result


def watched_bench(bench: Workbench, chaos: Chaos) -> Workbench:
    ChaosWorkbench.chaos = chaos
    storage = watched(bench.storage, "storage", chaos)
    return ChaosWorkbench(bench.database, storage, bench.scratch, bench.now)
