"""An application under test on a real port of this machine."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.types import ASGIApp


class ObservableServer(uvicorn.Server):
    """Says when it listens, so that nobody has to look."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()

    @property
    def port(self) -> int:
        port: int = self.servers[0].sockets[0].getsockname()[1]
        return port


@asynccontextmanager
async def serving_app(app: ASGIApp) -> AsyncIterator[ObservableServer]:
    """On a port of its own; every request has ended when the block is left."""
    config = uvicorn.Config(app, port=0, log_config=None, access_log=False)
    server = ObservableServer(config)
    task = asyncio.create_task(server.serve())
    await server.listening.wait()
    try:
        yield server
    finally:
        server.should_exit = True
        await task
