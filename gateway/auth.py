"""API keys: where a request carries one, and whose it is."""

import asyncio
from collections.abc import Sequence
from typing import Final

import structlog
from sqlalchemy.orm import Session
from starlette.datastructures import Headers

from gateway.clock import Clock
from gateway.services.threads import Threads
from studio.accounts.errors import InvalidKey
from studio.accounts.records import Principal
from studio.accounts.service import authenticate, touch_key

KEY_HEADER: Final = "X-FVS-Agent-Key"
_PLAIN_HEADERS: Final = (KEY_HEADER, "X-API-Key", "X-Agent-Api-Key")
_BEARER: Final = "bearer "
AUTHENTICATE_CHALLENGE: Final = 'Bearer realm="future-video-studio"'
"""RFC 9110 wants a challenge with every 401. It is the same for every reason."""
KEY_LENGTH_MAX: Final = 256
"""Ours have 47 characters; what is longer is not worth hashing."""

_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger("gateway")


def find_key(headers: Headers) -> str | None:
    """The key that a request carries, in whichever of the four headers; None without any.

    `X-FVS-Agent-Key` wins where several are sent. A header that is there but empty is no key.
    """
    given = {name: headers.get(name, "").strip() for name in _PLAIN_HEADERS}
    if given[KEY_HEADER]:
        return given[KEY_HEADER]
    authorization = headers.get("authorization", "").strip()
    if authorization.lower().startswith(_BEARER):
        return authorization[len(_BEARER) :].strip() or None
    return next((value for value in given.values() if value), None)


def require_key(headers: Headers) -> str:
    """The request's key, unchecked. InvalidKey if it has none."""
    key = find_key(headers)
    if key is None or len(key) > KEY_LENGTH_MAX:
        raise InvalidKey
    return key


class KeyRing:
    """Checks keys against the database at every request, so that a revoked one stops at once."""

    def __init__(self, threads: Threads, *, peppers: Sequence[bytes], clock: Clock) -> None:
        self._threads = threads
        self._peppers = tuple(peppers)
        self._clock = clock
        self._due: set[str] = set()
        self._touches: set[asyncio.Task[None]] = set()

    def check(self, session: Session, secret: str) -> Principal:
        """Whose key it is; called in a database thread. InvalidKey."""
        principal = authenticate(
            session, secret=secret, peppers=self._peppers, now=self._clock.now()
        )
        if principal.touch_due:
            self._due.add(principal.key_id)
        return principal

    async def principal(self, secret: str) -> Principal:
        """Whose key it is, in a read of its own. InvalidKey."""
        found = await self._threads.read(lambda session: self.check(session, secret))
        self.touch_soon()
        return found

    def touch_soon(self) -> None:
        """Note the last use of keys checked before, behind the answer's back.

        At most once a minute and key, and never worth a failed request: a database that only
        reads is no reason to refuse a poll.
        """
        while self._due:
            task = asyncio.create_task(self._touch(self._due.pop()))
            self._touches.add(task)
            task.add_done_callback(self._touches.discard)

    async def close(self) -> None:
        await asyncio.gather(*self._touches, return_exceptions=True)

    async def _touch(self, key_id: str) -> None:
        now = self._clock.now()
        try:
            await self._threads.write(lambda session: touch_key(session, key_id=key_id, now=now))
        except Exception as error:  # noqa: BLE001 - see touch_soon
            _log.warning("last use of a key not noted", key_id=key_id, error=type(error).__name__)
