"""What all providers of one server share."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from tests.kit.vendors.books import OUTCOMES, Books, Job
from tests.kit.vendors.documents import Json
from tests.kit.vendors.faults import Faults, Injection
from tests.kit.vendors.latencies import Latencies
from tests.kit.vendors.media import MediaStore, VideoShape
from tests.kit.vendors.wire import Request


@dataclass(frozen=True)
class TextAsk:
    """A question to a text model. `schema` is what the answer must be valid for, or None."""

    model: str
    text: str
    system: str
    schema: Json | None
    request: Json


Responder = Callable[[TextAsk], object]
"""Answers with a text or a JSON value; None for the default answer."""

ObjectSink = Callable[[str, bytes, str], None]
"""Stores an object: its gs:// address, its bytes, its content type."""


def no_opinion(_ask: TextAsk) -> object:
    return None


@dataclass
class Works:
    """`tasks` are writes to the object store that run by themselves."""

    books: Books = field(default_factory=Books)
    faults: Faults = field(default_factory=Faults)
    latencies: Latencies = field(default_factory=Latencies)
    media: MediaStore = field(default_factory=MediaStore)
    objects: dict[str, bytes] = field(default_factory=dict)
    responder: Responder = no_opinion
    object_sink: ObjectSink | None = None
    url: str = ""
    tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    ahead: list[asyncio.Future[bytes]] = field(default_factory=list)

    async def film(self, shape: VideoShape, job: Job) -> bytes:
        make = partial(self.media.video, shape, job_id=job.id, number=job.number)
        return await asyncio.to_thread(make)

    async def picture(self, width: int, height: int, job: Job) -> bytes:
        make = partial(self.media.picture, width, height, job_id=job.id, number=job.number)
        return await asyncio.to_thread(make)

    def film_ahead(self, shape: VideoShape, job: Job) -> None:
        """Encode while the job takes its time, so that no time is added to it."""
        if job.seconds > 0:
            make = partial(self.media.video, shape, job_id=job.id, number=job.number)
            self.ahead.append(asyncio.get_running_loop().run_in_executor(None, make))

    async def store(self, address: str, body: bytes, content_type: str) -> None:
        self.objects[address] = body
        if self.object_sink is not None:
            await asyncio.to_thread(self.object_sink, address, body, content_type)


@dataclass(frozen=True)
class Call:
    """A request that was told apart: `kind` is its name in `faults.CALLS`, or empty if free."""

    request: Request
    kind: str
    parts: dict[str, str]
    injection: Injection | None = None


def outcome_now(job: Job, injection: Injection | None) -> None:
    """Let a fault of a poll decide how the job ends, and that it has ended."""
    if injection is not None and injection.fault in OUTCOMES and not job.delivered:
        job.outcome, job.detail = OUTCOMES[injection.fault], injection.detail
        job.ended = True
