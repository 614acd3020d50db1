"""Work that nobody waits for."""

import asyncio
from collections.abc import Coroutine

import structlog

from studio.mail.errors import MailNotSent

_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger("gateway")


class Background:
    """Runs work behind an answer's back. What goes wrong in it is logged by its name alone."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[None, None, None], failed: str, **about: str) -> None:
        """`failed` is what the log says of a failure, with `about`."""
        task = asyncio.create_task(_guarded(work, failed, about))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def finish(self) -> None:
        """Wait for all of it, and for what it starts."""
        while self._tasks:
            await asyncio.gather(*self._tasks)


async def _guarded(work: Coroutine[None, None, None], failed: str, about: dict[str, str]) -> None:
    try:
        await work
    except Exception as error:  # noqa: BLE001 - nobody is there to be told
        reason = error.reason if isinstance(error, MailNotSent) else type(error).__name__
        _log.warning(failed, error=reason, **about)
