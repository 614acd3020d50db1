"""The one way from an upload's host to a socket: by addresses that were checked."""

import asyncio
from collections.abc import Iterable

from httpcore2 import (
    SOCKET_OPTION,
    AnyIOBackend,
    AsyncNetworkBackend,
    AsyncNetworkStream,
    ConnectError,
    ConnectTimeout,
)

from studio.contracts.public_addresses import NameLookups, Resolve, public_addresses


class GuardedBackend(AsyncNetworkBackend):
    """Resolves a name once and connects to what was checked; TLS is still for the name.

    Raises NotPublic and NotResolved besides httpcore's own errors. There are no UNIX sockets.
    """

    def __init__(
        self, *, resolve: Resolve | None = None, inner: AsyncNetworkBackend | None = None
    ) -> None:
        self._resolve = resolve or NameLookups()
        self._inner = inner or AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 -- httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> AsyncNetworkStream:
        try:
            async with asyncio.timeout(timeout):
                *others, last = await public_addresses(host, self._resolve)
        except TimeoutError:
            raise ConnectTimeout("The name was not looked up in time.") from None
        for address in others:
            try:
                return await self._inner.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (ConnectError, ConnectTimeout):
                continue
        return await self._inner.connect_tcp(last, port, timeout, local_address, socket_options)
