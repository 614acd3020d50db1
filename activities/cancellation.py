"""Work that a caller's cancellation must not tear apart."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from temporalio import activity

Result = TypeVar("Result")


async def outlast_cancellation(work: Coroutine[Any, Any, Result]) -> Result:
    """Finish `work` although the caller cancels meanwhile, and answer with its result.

    Only for what is short and paid for: the workflow decides what becomes of the result. A worker
    that shuts down, or that has lost the activity to another, stops the work as usual.
    """
    task = asyncio.create_task(work)
    while True:
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            details = activity.cancellation_details()
            if details is not None and details.cancel_requested and not task.cancelled():
                continue
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            raise
