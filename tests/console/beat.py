"""A clock whose waits a test lets go."""

import asyncio


class Beat:
    """The pause of a clock: it lasts until the test says so."""

    def __init__(self) -> None:
        self._waiting = asyncio.Event()
        self._gone_on = asyncio.Event()

    async def pause(self, _seconds: float) -> None:
        self._waiting.set()
        await self._gone_on.wait()

    async def reached(self) -> None:
        """Until somebody waits."""
        await self._waiting.wait()

    def go_on(self) -> None:
        """Let go who waits now; the next one waits again."""
        gone_on, self._gone_on = self._gone_on, asyncio.Event()
        self._waiting.clear()
        gone_on.set()
