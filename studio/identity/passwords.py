"""Passwords: what may be one, and how one is remembered without itself.

Hashing takes some 50 ms and 64 MiB, so nothing here needs a database: callers hash outside of
their transactions.
"""

import base64
import secrets
import unicodedata
from typing import Final, Protocol

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher

from studio.contracts.tokens import RandomBytes
from studio.identity.errors import InvalidPassword, WrongCredentials
from studio.identity.records import Login

PASSWORD_LENGTH_MIN: Final = 10
"""Characters. NIST SP 800-63B asks for eight at least; there is no second factor here."""
PASSWORD_LENGTH_MAX: Final = 200
"""Above any passphrase, and nothing to keep a processor busy with."""
ARGON2_MEMORY_KIB: Final = 64 * 1024
ARGON2_PASSES: Final = 3
"""With four lanes, the second choice of RFC 9106 (section 4)."""
GENERATED_PASSWORD_BYTES: Final = 15
"""120 bits, in 20 characters."""


class PasswordHasher(Protocol):
    """A slow hash. `dummy` is one of no password, as costly to check as any."""

    @property
    def dummy(self) -> str: ...

    def hash(self, password: str) -> str: ...

    def verify(self, password: str, password_hash: str) -> bool: ...

    def is_outdated(self, password_hash: str) -> bool:
        """Whether it was made with other parameters than `hash` takes today."""
        ...


class Argon2Passwords:
    """Argon2id. A call takes `memory_kib` for as long as it runs."""

    def __init__(self, *, memory_kib: int = ARGON2_MEMORY_KIB, passes: int = ARGON2_PASSES) -> None:
        self._hasher = Argon2Hasher(memory_cost=memory_kib, time_cost=passes)
        self._passwords = PasswordHash((self._hasher,))
        self._dummy = self.hash(secrets.token_urlsafe())

    @property
    def dummy(self) -> str:
        return self._dummy

    def hash(self, password: str) -> str:
        return self._passwords.hash(password)

    def verify(self, password: str, password_hash: str) -> bool:
        try:
            return self._passwords.verify(password, password_hash)
        except UnknownHashError:
            return False

    def is_outdated(self, password_hash: str) -> bool:
        return self._hasher.check_needs_rehash(password_hash)


def new_password_hash(hasher: PasswordHasher, password: str) -> str:
    """The hash of a new password. Raises InvalidPassword.

    Texts that look the same are the same password, however a keyboard composes them.
    """
    return hasher.hash(acceptable_password(password))


def acceptable_password(password: str) -> str:
    """The password as it is hashed. Raises InvalidPassword where it cannot be a new one."""
    found = _normalised(password)
    if found is None or not PASSWORD_LENGTH_MIN <= len(found) <= PASSWORD_LENGTH_MAX:
        raise InvalidPassword(
            f"A password has {PASSWORD_LENGTH_MIN} to {PASSWORD_LENGTH_MAX} characters, none of "
            "them a control character."
        )
    return found


def check_password(hasher: PasswordHasher, login: Login | None, password: str) -> str | None:
    """Raise WrongCredentials unless it is the login's password.

    One hash is verified whatever was given: of a login that there is none of, and for a text that
    can be nobody's password, it is the dummy. Returns a new hash to keep where the parameters
    have changed, else None.
    """
    text = _normalised(password)
    known = None if login is None or text is None else login.password_hash
    is_right = hasher.verify(text or "", known or hasher.dummy)
    if known is None or text is None or not is_right:
        raise WrongCredentials
    return hasher.hash(text) if hasher.is_outdated(known) else None


def generate_password(random_bytes: RandomBytes = secrets.token_bytes) -> str:
    """A password for somebody who is to change it."""
    return base64.urlsafe_b64encode(random_bytes(GENERATED_PASSWORD_BYTES)).decode()


def _normalised(password: str) -> str | None:
    """None for what is too long to be looked at, or has what no keyboard writes."""
    if len(password) > PASSWORD_LENGTH_MAX:
        return None
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in password):
        return None
    return unicodedata.normalize("NFKC", password)
