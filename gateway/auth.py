"""API keys: where a request carries one, and whose it is."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy.orm import Session
from starlette.datastructures import Headers

from gateway.clock import Clock
from gateway.limits import Buckets, KeyRateLimited
from gateway.services.background import Background
from gateway.services.threads import Threads
from studio.accounts.errors import InvalidKey
from studio.accounts.records import Principal
from studio.accounts.service import KeyScope, authenticate, touch_key

KEY_HEADER: Final = "X-FVS-Agent-Key"
_PLAIN_HEADERS: Final = (KEY_HEADER, "X-API-Key", "X-Agent-Api-Key")
_BEARER: Final = "bearer "
AUTHENTICATE_CHALLENGE: Final = 'Bearer realm="future-video-studio"'
"""RFC 9110 wants a challenge with every 401. It is the same for every reason."""
KEY_LENGTH_MAX: Final = 256
"""Ours have 47 characters; what is longer is not worth hashing."""


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
        self._buckets = Buckets(clock.monotonic)
        self._due: set[str] = set()
        self._background = Background()

    def check(self, session: Session, secret: str, scope: KeyScope | None = None) -> Principal:
        """Whom the key acts for; called in a database thread.

        InvalidKey; KeyRateLimited where its own limit, which every process counts for itself, is
        reached; KeyLacksScope.
        """
        principal = self._authenticate(session, secret)
        self._count(principal)
        if scope is not None:
            principal.require_scope(scope)
        return principal

    async def principal(self, secret: str, scope: KeyScope | None = None) -> Principal:
        """The same, in a read of its own."""
        found = await self._threads.read(lambda session: self.check(session, secret, scope))
        self.touch_soon()
        return found

    async def recheck(self, secret: str) -> None:
        """InvalidKey where it ended while its answer was held; no request of its own to count."""
        await self._threads.read(lambda session: self._authenticate(session, secret))

    def _authenticate(self, session: Session, secret: str) -> Principal:
        return authenticate(session, secret=secret, peppers=self._peppers, now=self._clock.now())

    def _count(self, principal: Principal) -> None:
        if principal.key_id is None:
            return
        if principal.touch_due:
            self._due.add(principal.key_id)
        per_minute_max = principal.requests_per_minute_max
        if per_minute_max is not None:
            wait_seconds = self._buckets.take(principal.key_id, per_minute_max)
            if wait_seconds:
                raise KeyRateLimited(per_minute_max, wait_seconds)

    def touch_soon(self) -> None:
        """Note the last use of keys checked before, behind the answer's back.

        At most once a minute and key, and never worth a failed request: a database that only
        reads is no reason to refuse a poll.
        """
        while self._due:
            key_id = self._due.pop()
            self._background.start(
                self._touch(key_id), "last use of a key not noted", key_id=key_id
            )

    async def close(self) -> None:
        await self._background.finish()

    async def _touch(self, key_id: str) -> None:
        now = self._clock.now()
        await self._threads.write(lambda session: touch_key(session, key_id=key_id, now=now))
