"""Connections that end in ways that HTTP has no words for."""

import asyncio
import socket
import struct
from enum import StrEnum

from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

TRANSPORT = "stripe_standin_transport"


class StandinProtocol(H11Protocol):
    """uvicorn's own protocol, which also tells the application its transport."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        super().connection_made(transport)
        self.app_state = {**self.app_state, TRANSPORT: transport}


class Ending(StrEnum):
    RESET = "reset"
    CLOSED = "closed"
    HANG = "hang"
    CUT = "cut"


class EndedResponse(Response):
    """No answer, or (CUT) half of one; then the connection ends as `ending` says.

    HANG lasts until the caller gives up or `stopping` is set.
    """

    def __init__(
        self, ending: Ending, stopping: asyncio.Event, content: bytes, status: int
    ) -> None:
        super().__init__(content, status, media_type="application/json")
        self._ending = ending
        self._stopping = stopping

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        transport: asyncio.Transport = scope["state"][TRANSPORT]
        if self._ending is Ending.CUT:
            start = {"type": "http.response.start", "status": self.status_code}
            await send({**start, "headers": self.raw_headers})
            half = bytes(self.body)[: len(self.body) // 2]
            await send({"type": "http.response.body", "body": half, "more_body": True})
            transport.close()
        elif self._ending is Ending.RESET:
            _reset(transport)
        elif self._ending is Ending.CLOSED:
            transport.close()
        await self._until_gone(receive)
        transport.abort()

    async def _until_gone(self, receive: Receive) -> None:
        """Let uvicorn see the end before the application returns without an answer."""
        gone = asyncio.ensure_future(_disconnection(receive))
        stopped = asyncio.ensure_future(self._stopping.wait())
        await asyncio.wait({gone, stopped}, return_when=asyncio.FIRST_COMPLETED)
        for waiting in (gone, stopped):
            waiting.cancel()
        await asyncio.gather(gone, stopped, return_exceptions=True)


async def _disconnection(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _reset(transport: asyncio.Transport) -> None:
    """RST rather than FIN: the socket does not linger."""
    connection = transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
