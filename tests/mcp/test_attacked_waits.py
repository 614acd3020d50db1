"""Quotes cost nothing and each may be waited for: what all waits together may take has an end."""

import asyncio
from datetime import UTC, datetime

from gateway.clock import Clock
from gateway.mcp.waiting import WAITS_MAX, WAITS_PER_OWNER_MAX, Waits, Watch


async def test_who_has_many_quotes_holds_only_so_many_answers() -> None:
    gate, full = asyncio.Event(), asyncio.Event()
    holding = 0

    async def pause(_seconds: float) -> None:
        nonlocal holding
        holding += 1
        if holding == WAITS_MAX:
            full.set()
        await gate.wait()

    async def look() -> str:
        return "paid"

    async def tell(_view: str, _waited: float, _wanted: float) -> None:
        pass

    watch = Watch(look=look, is_over=lambda _view: False, mark=lambda view: view, tell=tell)
    clock = Clock(now=lambda: datetime(2026, 11, 2, tzinfo=UTC), monotonic=lambda: 0, pause=pause)
    waits = Waits(clock, stopping=lambda: False)

    def wait(number: int) -> asyncio.Task[str]:
        owner = f"quote-{number // WAITS_PER_OWNER_MAX}"
        return asyncio.create_task(waits.until_changed("quoted", watch, owner=owner, seconds=45))

    held = [wait(number) for number in range(WAITS_MAX)]
    await full.wait()
    refused = wait(WAITS_MAX)
    gate.set()

    assert await refused == "quoted"
    assert set(await asyncio.gather(*held)) == {"paid"}
    assert await wait(0) == "paid"
