"""A local server that speaks the wire formats of Google, fal and Kling, and keeps their books.

    with VendorServer() as server:                      # or `async with`; its own thread and port
        genai.Client(enterprise=True, project="p", location="us-central1", credentials=…,
                     http_options=HttpOptions(base_url=server.url))
        httpx.AsyncClient(transport=AsyncHttpxRewrite(server.url))          # transport.py
        server.faults.add("fal.submit", Fault.RESET_AFTER)                  # faults.py
        server.latencies.seconds["video"] = 6                               # latencies.py
        server.responder = lambda ask: {"shots": []} if ask.schema else None
        assert len(server.books.billed("fal")) == 1                         # books.py

Hosts: Google's paths are served as they are. The others are told apart by a prefix,
`/host/<real host>/…`, which the transports add; addresses in answers name the real hosts. Any key
is good; a request without one is refused.

By default work takes no time: a job says once that it runs and is done at the next poll. Outputs to
gs:// go to `server.objects` and, if given, to `object_sink`. The process form keeps the books while
others are killed: `python -m tests.kit.vendors --help`, control.py.
"""

import asyncio
from dataclasses import replace
from http import HTTPStatus

from runtime.server_thread import ServerThread
from tests.kit.vendors.books import Books
from tests.kit.vendors.control import Control
from tests.kit.vendors.documents import Json
from tests.kit.vendors.faults import Fault, Faults, Injection
from tests.kit.vendors.latencies import Latencies
from tests.kit.vendors.refusals import PER_CALL
from tests.kit.vendors.routes import Answer, Routes
from tests.kit.vendors.wire import Ending, Reply, Request, json_reply, serve_connection
from tests.kit.vendors.works import Call, ObjectSink, Responder, Works, no_opinion

BEFORE = {
    Fault.RESET_BEFORE: Ending.RESET,
    Fault.CLOSED_BEFORE: Ending.CLOSED,
    Fault.HANG_BEFORE: Ending.HANG,
}
AFTER = {
    Fault.RESET_AFTER: Ending.RESET,
    Fault.CLOSED_AFTER: Ending.CLOSED,
    Fault.HANG_AFTER: Ending.HANG,
    Fault.CUT_REPLY: Ending.CUT,
}
CONTROL_PREFIX = "/_vendor/"


class VendorServer(ServerThread):
    """All providers on one free port of this machine. `port` 0 takes any."""

    def __init__(self, *, object_sink: ObjectSink | None = None, port: int = 0) -> None:
        super().__init__("vendors")
        self._works = Works(object_sink=object_sink)
        self._routes = Routes(self._works)
        self._control = Control(self._works)
        self._port = port
        self._stopping = asyncio.Event()
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return self._works.url

    @property
    def books(self) -> Books:
        return self._works.books

    @property
    def faults(self) -> Faults:
        return self._works.faults

    @property
    def latencies(self) -> Latencies:
        return self._works.latencies

    @property
    def objects(self) -> dict[str, bytes]:
        """What was written to gs:// addresses."""
        return self._works.objects

    @property
    def uploads(self) -> dict[str, tuple[bytes, str]]:
        """What was uploaded to fal: bytes and content type by address."""
        return self._routes.storage.uploads

    @property
    def responder(self) -> Responder:
        return self._works.responder

    @responder.setter
    def responder(self, responder: Responder) -> None:
        self._works.responder = responder

    def fresh(self) -> None:
        """Forget what was ordered, scripted and broken, for whoever uses the server next."""
        self.faults.clear()
        self._works.books = Books()
        self._works.latencies = Latencies()
        self._works.responder = no_opinion

    def apply(self, script: Json) -> None:
        """Set faults, latencies and answers from a script (see Control.apply)."""
        self._control.apply(script)

    def _end(self) -> None:
        self._stopping.set()

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._connected, "127.0.0.1", self._port)
        port = server.sockets[0].getsockname()[1]
        self._works.url = f"http://127.0.0.1:{port}"
        self._listening()
        await self._stopping.wait()
        server.close()
        open_tasks = [*self._connections, *self._works.tasks.values()]
        for task in open_tasks:
            task.cancel()
        await asyncio.gather(*open_tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            await serve_connection(reader, writer, self._handle)
        except asyncio.CancelledError:
            writer.transport.abort()
        finally:
            self._connections.discard(task)

    async def _handle(self, request: Request) -> Reply:
        if request.path.startswith(CONTROL_PREFIX) and not request.host:
            return self._control.handle(request)
        found = self._routes.find(request)
        if found is None:
            self.books.see(request, "", None)
            return json_reply({"detail": f"No route for {request.method} {request.path}"}, 404)
        call, answer = found
        named = f"{request.path}\n".encode() + request.body
        injection = self.faults.take(call.kind, named) if call.kind else None
        self.books.see(request, call.kind, injection)
        return await self._reply(replace(call, injection=injection), answer)

    async def _reply(self, call: Call, answer: Answer) -> Reply:
        if call.kind and not _has_key(call):
            return PER_CALL[call.kind.partition(".")[0]].denied(HTTPStatus.UNAUTHORIZED)
        if call.injection is None:
            return await answer(call)
        refused = _refused(call, call.injection)
        if refused is not None:
            return refused
        return _spoiled(await answer(call), call, call.injection)


def _has_key(call: Call) -> bool:
    """Downloads are public; the bytes of an upload go to an address that is a secret itself."""
    headers = call.request.headers
    if call.kind in {"fal.download", "kling.download", "files.upload"}:
        return True
    return bool(headers.get("authorization") or headers.get("x-goog-api-key"))


def _with_key(call: Call) -> str:
    """What a careless provider says of a request: all that came with it."""
    headers = call.request.headers
    key = headers.get("authorization") or headers.get("x-goog-api-key", "")
    bare = key.partition(" ")[2] or key
    address = f"https://{call.request.host}{call.request.path}?key={bare}"
    return f"Unexpected request to {address} with {key} ({bare}), header {dict(headers)}."


def _refused(call: Call, injection: Injection) -> Reply | None:
    """The reply of a fault that comes before anything is accepted."""
    dialect = PER_CALL[call.kind.partition(".")[0]]
    match injection.fault:
        case Fault.BUSY:
            return dialect.busy(injection.retry_after_seconds)
        case Fault.UNAVAILABLE_BEFORE:
            return dialect.unavailable(injection.status or HTTPStatus.SERVICE_UNAVAILABLE)
        case Fault.DENIED:
            return dialect.denied(injection.status or HTTPStatus.UNAUTHORIZED)
        case Fault.KEY_ECHOED:
            return dialect.invalid(_with_key(call))
        case Fault.MODEL_GONE:
            return dialect.gone(_subject(call))
        case _:
            ending = BEFORE.get(injection.fault)
            return None if ending is None else Reply(ending=ending)


def _spoiled(reply: Reply, call: Call, injection: Injection) -> Reply:
    """The reply as it leaves after the call was accepted."""
    if injection.fault is Fault.UNAVAILABLE_AFTER:
        status = injection.status or HTTPStatus.SERVICE_UNAVAILABLE
        return PER_CALL[call.kind.partition(".")[0]].unavailable(status)
    if injection.fault is Fault.MALFORMED_REPLY:
        return replace(reply, body=b'{"half": [1, 2', delivers=None)
    ending = AFTER.get(injection.fault)
    return reply if ending is None else replace(reply, ending=ending, delivers=None)


def _subject(call: Call) -> str:
    parts = call.parts
    named = parts.get("model") or parts.get("endpoint") or parts.get("app") or parts.get("id")
    model = call.request.document.get("model")
    return named or (model if isinstance(model, str) else call.request.path)
