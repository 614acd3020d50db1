"""TLS in front of a gateway, as a load balancer has it: bytes go through unread."""

import asyncio
import contextlib
import ssl
from asyncio import StreamReader, StreamWriter
from typing import Final

from runtime.server_thread import ServerThread
from tests.kit.tls_host import listening

CHUNK_BYTES: Final = 64 * 1024


class TlsFront(ServerThread):
    """Listens on `port` of this machine, and goes on to its `target_port`."""

    def __init__(self, context: ssl.SSLContext, *, port: int, target_port: int) -> None:
        super().__init__("tls front")
        self._context = context
        self._port = port
        self._target_port = target_port
        self._ends = asyncio.Event()

    async def _serve(self) -> None:
        async with listening(self._forward, self._context, self._port):
            self._listening()
            await self._ends.wait()

    def _end(self) -> None:
        self._ends.set()

    async def _forward(self, reader: StreamReader, writer: StreamWriter) -> None:
        with contextlib.closing(writer.transport):
            inner_reader, inner_writer = await asyncio.open_connection(
                "127.0.0.1", self._target_port
            )
            with contextlib.closing(inner_writer.transport):
                await asyncio.gather(_copy(reader, inner_writer), _copy(inner_reader, writer))


async def _copy(source: StreamReader, sink: StreamWriter) -> None:
    """Until the source ends; then its other side is told so."""
    with contextlib.suppress(OSError):
        while data := await source.read(CHUNK_BYTES):
            sink.write(data)
            await sink.drain()
    sink.close()
