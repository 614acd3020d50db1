"""The keys of an account, as its owner looks after them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Final, Literal

from sqlalchemy.orm import Session

from gateway.clock import Clock
from gateway.services.key_limits import credits_of_month
from gateway.services.threads import Threads
from studio.accounts.errors import UnknownKey
from studio.accounts.records import IssuedKey, KeyInfo, KeyTerms
from studio.accounts.service import (
    issue_key,
    key_info,
    list_keys,
    require_active,
    revoke_key,
    rotate_key,
)
from studio.contracts.errors import StudioError

ACTIVE_KEYS_MAX: Final = 100
"""Of an account. One for each program that calls is enough for most; a page still shows them."""
ENDED_KEYS_SHOWN: Final = 50
"""The newest of those that work no more."""


class TooManyKeys(StudioError):
    """The account has as many keys as it may."""

    code: ClassVar[str] = "too_many_keys"

    def __init__(self) -> None:
        super().__init__(
            f"This account has {ACTIVE_KEYS_MAX} keys that work, as many as it may; revoke one."
        )


@dataclass(frozen=True)
class NewKey:
    """What somebody wants of a key."""

    name: str
    environment: Literal["live", "test"]
    terms: KeyTerms = field(default_factory=KeyTerms)


@dataclass(frozen=True)
class OwnKey:
    """A key; with a monthly cap, what it spent of it this month (UTC)."""

    info: KeyInfo
    is_active: bool
    credits_of_month: int | None


@dataclass(frozen=True)
class RotatedKey:
    """A key as it now ends, and its successor."""

    old: KeyInfo
    issued: IssuedKey


class ApiKeys:
    """Every use case takes the account's id: a key of another account is as unknown as none."""

    def __init__(self, threads: Threads, *, peppers: Sequence[bytes], clock: Clock) -> None:
        self._threads = threads
        self._peppers = tuple(peppers)
        self._clock = clock

    async def list(self, account_id: str) -> tuple[OwnKey, ...]:
        """Those that work, the newest first, and then the newest of those that do not."""
        now = self._clock.now()

        def read(session: Session) -> tuple[OwnKey, ...]:
            newest_first = reversed(list_keys(session, account_id=account_id))
            keys = [_own(session, info, now) for info in newest_first]
            ended = [key for key in keys if not key.is_active]
            return (*(key for key in keys if key.is_active), *ended[:ENDED_KEYS_SHOWN])

        return await self._threads.read(read)

    async def find(self, account_id: str, key_id: str) -> OwnKey:
        """UnknownKey."""
        now = self._clock.now()
        return await self._threads.read(
            lambda session: _own(session, _info(session, account_id, key_id), now)
        )

    async def create(self, account_id: str, wanted: NewKey) -> IssuedKey:
        """InvalidAccount for a bad name, InvalidKeyTerms, AccountSuspended, TooManyKeys."""
        now = self._clock.now()

        def work(session: Session) -> IssuedKey:
            _check_room(session, account_id, now)
            return issue_key(
                session,
                account_id=account_id,
                name=wanted.name,
                environment=wanted.environment,
                peppers=self._peppers,
                now=now,
                terms=wanted.terms,
            )

        return await self._threads.write(work)

    async def revoke(self, account_id: str, key_id: str) -> None:
        """Refuse the key from now on, however often. A suspended account may, too. UnknownKey."""
        now = self._clock.now()

        def work(session: Session) -> None:
            _info(session, account_id, key_id)
            revoke_key(session, key_id=key_id, now=now)

        await self._threads.write(work)

    async def rotate(self, account_id: str, key_id: str) -> RotatedKey:
        """A successor on the same terms, one key more for as long as the old one works.

        UnknownKey, AccountSuspended, TooManyKeys, KeyNotActive, KeyRotated.
        """
        now = self._clock.now()

        def work(session: Session) -> RotatedKey:
            _info(session, account_id, key_id)
            _check_room(session, account_id, now)
            issued = rotate_key(session, key_id=key_id, peppers=self._peppers, now=now)
            return RotatedKey(key_info(session, key_id=key_id), issued)

        return await self._threads.write(work)


def _check_room(session: Session, account_id: str, now: datetime) -> None:
    """AccountSuspended, TooManyKeys."""
    require_active(session, account_id=account_id)
    known = list_keys(session, account_id=account_id)
    if sum(key.is_active(now) for key in known) >= ACTIVE_KEYS_MAX:
        raise TooManyKeys


def _info(session: Session, account_id: str, key_id: str) -> KeyInfo:
    info = key_info(session, key_id=key_id)
    if info.account_id != account_id:
        raise UnknownKey(key_id)
    return info


def _own(session: Session, info: KeyInfo, now: datetime) -> OwnKey:
    is_capped = info.terms.credits_per_month_max is not None
    spent = credits_of_month(session, key_id=info.key_id, now=now) if is_capped else None
    return OwnKey(info, info.is_active(now), spent)
