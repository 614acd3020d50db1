"""Passwords are hashed in threads of their own, few at once: each takes 64 MiB and a processor."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from studio.identity.service import Login, PasswordHasher, check_password, new_password_hash

HASHES_AT_ONCE_MAX: Final = 2
"""128 MiB in a process, however many sign in."""

_Result = TypeVar("_Result")


class Passwords:
    """The hasher of a process. Neither call holds a database connection."""

    def __init__(self, hasher: PasswordHasher) -> None:
        self._hasher = hasher
        self._pool = ThreadPoolExecutor(HASHES_AT_ONCE_MAX, "gateway-passwords")

    async def check(self, login: Login | None, password: str) -> str | None:
        """As `check_password`: WrongCredentials, or a hash to keep instead. One hash for all."""
        return await self._run(lambda: check_password(self._hasher, login, password))

    async def hash_new(self, password: str) -> str:
        """The hash of a new password. InvalidPassword."""
        return await self._run(lambda: new_password_hash(self._hasher, password))

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    async def _run(self, work: Callable[[], _Result]) -> _Result:
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)
