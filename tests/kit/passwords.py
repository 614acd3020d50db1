"""Argon2 as the product uses it, at a thousandth of the cost, with every hash counted."""

from studio.identity.service import Argon2Passwords

MEMORY_KIB = 64
PASSES = 1


class CountingPasswords:
    """Notes what was verified, and against which hash."""

    def __init__(self, *, passes: int = PASSES) -> None:
        self._hasher = Argon2Passwords(memory_kib=MEMORY_KIB, passes=passes)
        self.verified: list[str] = []
        self.hashed = 0

    @property
    def dummy(self) -> str:
        return self._hasher.dummy

    def hash(self, password: str) -> str:
        self.hashed += 1
        return self._hasher.hash(password)

    def verify(self, password: str, password_hash: str) -> bool:
        self.verified.append(password_hash)
        return self._hasher.verify(password, password_hash)

    def is_outdated(self, password_hash: str) -> bool:
        return self._hasher.is_outdated(password_hash)
