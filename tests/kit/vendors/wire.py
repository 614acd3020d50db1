"""HTTP/1.1 over a connection that stays in our hands, so that a fault can break it anywhere."""

import asyncio
import json
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

import h11

from tests.kit.vendors.documents import Json, parsed

if TYPE_CHECKING:
    from tests.kit.vendors.books import Job

READ_BYTES = 64 * 1024
RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""SO_LINGER on, for 0 seconds: closing sends RST in place of FIN (socket(7))."""


class Ending(StrEnum):
    """How a reply leaves."""

    WHOLE = "whole"
    CUT = "cut"
    CLOSED = "closed"
    RESET = "reset"
    HANG = "hang"


@dataclass(frozen=True)
class Request:
    """`host` is the real host that the caller meant, empty where it came without a prefix."""

    method: str
    host: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes

    @cached_property
    def document(self) -> Json:
        return parsed(self.body)

    def asked(self, name: str) -> str:
        """One value of the query string, or an empty text."""
        return self.query.get(name, [""])[0]


@dataclass
class Reply:
    """`delivers` is marked as delivered when the reply was handed to the network."""

    status: int = HTTPStatus.OK
    body: bytes = b""
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    delivers: "Job | None" = None
    ending: Ending = Ending.WHOLE

    def for_job(self, job: "Job") -> "Reply":
        """The same reply, bringing what the job made."""
        self.delivers = job
        return self


def json_reply(document: object, status: int = HTTPStatus.OK, **headers: str) -> Reply:
    """`headers` are written with underscores for hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status=status, body=json.dumps(document).encode(), headers=named)


Handler = Callable[[Request], Awaitable[Reply]]


async def serve_connection(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, handler: Handler
) -> None:
    """Answer requests until the caller is gone or a reply ends the connection."""
    connection = h11.Connection(h11.SERVER)
    try:
        while (request := await _next_request(connection, reader, writer)) is not None:
            reply = await handler(request)
            if not await _send(connection, reader, writer, reply):
                return
            connection.start_next_cycle()
    except (h11.RemoteProtocolError, ConnectionError):
        return
    finally:
        writer.close()


async def _next_request(
    connection: h11.Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> Request | None:
    head: h11.Request | None = None
    body = bytearray()
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            if connection.they_are_waiting_for_100_continue:
                go_on = h11.InformationalResponse(status_code=HTTPStatus.CONTINUE, headers=[])
                writer.write(connection.send(go_on))
            connection.receive_data(await reader.read(READ_BYTES))
        elif isinstance(event, h11.Request):
            head = event
        elif isinstance(event, h11.Data):
            body += event.data
        elif isinstance(event, h11.EndOfMessage) and head is not None:
            return _read(head, bytes(body))
        else:  # the caller closed, or there is nothing to wait for
            return None


def _read(head: h11.Request, body: bytes) -> Request:
    target = urlsplit(head.target.decode())
    host, path = "", target.path
    if path.startswith("/host/"):
        host, _, rest = path.removeprefix("/host/").partition("/")
        path = f"/{rest}"
    return Request(
        method=head.method.decode(),
        host=host,
        path=unquote(path),
        query=parse_qs(target.query, keep_blank_values=True),
        headers={name.decode().lower(): value.decode() for name, value in head.headers},
        body=body,
    )


async def _send(
    connection: h11.Connection,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    reply: Reply,
) -> bool:
    """Write the reply as far as its ending allows. False where the connection is over."""
    if reply.ending is Ending.HANG:
        await reader.read()  # until the caller gives up
    if reply.ending in {Ending.HANG, Ending.CLOSED}:
        return False
    if reply.ending is Ending.RESET:
        end = writer.get_extra_info("socket")
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        writer.transport.abort()
        return False
    headers = {
        "Content-Type": reply.content_type,
        "Content-Length": str(len(reply.body)),
        **reply.headers,
    }
    head = h11.Response(status_code=reply.status, headers=list(headers.items()))
    writer.write(connection.send(head))
    half = len(reply.body) // 2
    if reply.ending is Ending.CUT:
        writer.write(connection.send(h11.Data(data=reply.body[:half])))
        await writer.drain()
        return False
    # The caller may go on as soon as it has the last byte: what it brings is marked before that.
    writer.write(connection.send(h11.Data(data=reply.body[:-1])))
    await writer.drain()
    if reply.delivers is not None:
        reply.delivers.delivered = True
    writer.write(connection.send(h11.Data(data=reply.body[-1:])))
    writer.write(connection.send(h11.EndOfMessage()))
    await writer.drain()
    return connection.our_state is not h11.MUST_CLOSE
