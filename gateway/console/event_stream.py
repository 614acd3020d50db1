"""Server-sent events (WHATWG HTML, 9.2): messages, and the answer that carries them."""

import re
from collections.abc import AsyncGenerator
from contextlib import AbstractContextManager, aclosing
from typing import Final

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

RECONNECT: Final = "retry: 3000\n\n"
"""Milliseconds until a browser whose stream was cut comes back."""
HEARTBEAT: Final = ":\n\n"
"""A comment, which keeps proxies from giving up a silent connection."""

_LINE_ENDS: Final = re.compile(r"\r\n|\r|\n")


def message(event: str, data: str, *, id_: int | None = None) -> str:
    """One event. No line of `data` can end it or begin another."""
    lines = [f"data: {line}" for line in _LINE_ENDS.split(data)]
    name = [f"event: {event}"] if id_ is None else [f"id: {id_}", f"event: {event}"]
    return "\n".join((*name, *lines)) + "\n\n"


class EventStream(StreamingResponse):
    """Streams what `messages` makes, holding `place` from the first byte to the last."""

    def __init__(self, messages: AsyncGenerator[str], place: AbstractContextManager[None]) -> None:
        super().__init__(
            messages, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"}
        )
        self._messages = messages
        self._place = place

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with aclosing(self._messages):
            with self._place:
                await super().__call__(scope, receive, send)
