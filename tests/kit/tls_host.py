"""Hosts of the outside: a TLS server on loopback under a throw-away authority, behind names."""

import asyncio
import contextlib
import ssl
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Coroutine,
    Iterable,
    Mapping,
    Sequence,
)
from dataclasses import dataclass, field

import trustme
from httpcore2 import (
    SOCKET_OPTION,
    AnyIOBackend,
    AsyncNetworkBackend,
    AsyncNetworkStream,
    ConnectError,
)

from studio.ingest.fetch import UploadFetcher
from studio.ingest.remote_file import FetchLimits

PUBLIC = "93.184.215.14"
"""The address that the names of these tests have, unless one says otherwise."""

NAMES = ("media.example", "cdn.example", "xn--bcher-kva.example", "xn--80ak6aa92e.example")

Answer = bytes | Callable[[asyncio.StreamWriter], Awaitable[None]]
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[None, None, None]]


class Authority:
    """Signs certificates for hosts. It is made in memory and believed by `trust` alone."""

    def __init__(self) -> None:
        self._authority = trustme.CA()

    @property
    def pem(self) -> str:
        return self._authority.cert_pem.bytes().decode()

    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cadata=self.pem)

    def server_context(self, names: Iterable[str] = NAMES) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert(*names).configure_cert(context)
        return context


@dataclass
class Internet(AsyncNetworkBackend):
    """Names, addresses and one server behind all of them.

    `answers` are whole HTTP messages by `host/path`; `addresses` are what names resolve to, one
    list a look-up (the last one stays). What was looked up, connected to, named in the handshake
    and asked for is remembered.
    """

    port: int = 0
    answers: dict[str, Answer] = field(default_factory=dict)
    addresses: dict[str, list[Sequence[str]]] = field(default_factory=dict)
    dead: set[str] = field(default_factory=set)
    looked_up: list[str] = field(default_factory=list)
    connected: list[tuple[str, int]] = field(default_factory=list)
    handshakes: list[str | None] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    async def resolve(self, host: str) -> Sequence[str]:
        self.looked_up.append(host)
        answers = self.addresses.get(host, [(PUBLIC,)])
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        if not found:
            raise OSError(host)
        return found

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 -- httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> AsyncNetworkStream:
        self.connected.append((host, port))
        if host in self.dead:
            raise ConnectError(f"{host} does not answer")
        return await AnyIOBackend().connect_tcp(
            "127.0.0.1", self.port, timeout, local_address, socket_options
        )

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await self._answer(reader, writer)
        except asyncio.CancelledError:
            writer.transport.abort()  # the test is over, whatever was still to be sent
            raise
        writer.transport.abort() if writer.is_closing() else writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.requests.append(head)
        answer = self.answers.get(_asked_for(head), b"")  # nothing: it hangs up
        if isinstance(answer, bytes):
            writer.write(answer)
            await writer.drain()
        else:
            await answer(writer)

    def remember_name(self, _: ssl.SSLObject, name: str | None, __: ssl.SSLContext) -> None:
        self.handshakes.append(name)


def _asked_for(head: str) -> str:
    first, *lines = head.split("\r\n")
    host = next(line.partition(":")[2].strip() for line in lines if line.lower().startswith("host"))
    return host + first.split(" ")[1]


@contextlib.asynccontextmanager
async def open_internet(context: ssl.SSLContext) -> AsyncIterator[Internet]:
    internet = Internet()
    context.sni_callback = internet.remember_name
    async with listening(internet.serve, context) as internet.port:
        yield internet


@contextlib.asynccontextmanager
async def listening(serve: Serve, context: ssl.SSLContext, port: int = 0) -> AsyncIterator[int]:
    """A TLS server on loopback and its port; whom it still serves at the end is cut off."""
    tasks: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(accept, "127.0.0.1", port, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()
        await asyncio.sleep(0)  # what was aborted is closed in the loop's next turn


def fetcher_on(
    internet: Internet, trust: ssl.SSLContext, limits: FetchLimits | None = None
) -> UploadFetcher:
    return UploadFetcher(
        trust, resolve=internet.resolve, network=internet, limits=limits or FetchLimits()
    )


def answer(
    body: bytes = b"", status: str = "200 OK", headers: Mapping[str, str] | None = None
) -> bytes:
    """A whole HTTP message with its length, unless `headers` say something else of that."""
    given = headers or {}
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in given.items())]
    if not {"content-length", "transfer-encoding"} & {name.lower() for name in given}:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def redirect(location: str, status: str = "302 Found") -> bytes:
    return answer(status=status, headers={"Location": location})
