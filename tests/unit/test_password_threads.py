"""Hashing passwords takes memory: only so much of it at once."""

import asyncio
import threading

from gateway.services.passwords import HASHES_AT_ONCE_MAX, Passwords

TRIED = 6
WAIT_SECONDS_MAX = 10.0


class WatchedHasher:
    """Each hash goes on once as many as may be are under way, and knows how many there were."""

    dummy = "dummy"

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._together = threading.Barrier(HASHES_AT_ONCE_MAX)
        self._under_way = 0
        self.most = 0

    def hash(self, password: str) -> str:
        with self._lock:
            self._under_way += 1
            self.most = max(self.most, self._under_way)
        self._together.wait(WAIT_SECONDS_MAX)
        with self._lock:
            self._under_way -= 1
        return f"hash of {len(password)}"

    def verify(self, password: str, password_hash: str) -> bool:
        return bool(password and password_hash)

    def is_outdated(self, password_hash: str) -> bool:
        return not password_hash


async def test_two_passwords_are_hashed_at_once_and_the_others_wait() -> None:
    hasher = WatchedHasher()
    passwords = Passwords(hasher)
    await asyncio.gather(*(passwords.hash_new("x" * 10) for _ in range(TRIED)))
    passwords.close()

    assert hasher.most == HASHES_AT_ONCE_MAX == 2
