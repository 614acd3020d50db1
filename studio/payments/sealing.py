"""Seals a shared payment token for the minutes that it waits in a quote's row to be charged."""

import base64
from collections.abc import Sequence
from typing import Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from studio.payments.errors import TokenUnreadable

_PURPOSE: Final = b"fvs shared payment token v1"
"""Keeps these keys apart from whatever else is made with the same secrets (RFC 5869, 3.2)."""
_KEY_BYTES: Final = 32
_UNDATED: Final = 0
"""Fernet notes when it sealed; nobody asks, and the clock is not read here."""


class Seal:
    """Encrypts and authenticates. The first secret seals, all of them open."""

    def __init__(self, secrets: Sequence[str]) -> None:
        if not secrets:
            raise ValueError("at least one secret is needed")
        self._fernets = MultiFernet([Fernet(_key(secret)) for secret in secrets])

    def seal(self, token: str) -> bytes:
        """The token as it may be stored; never twice the same."""
        return self._fernets.encrypt_at_time(token.encode(), _UNDATED)

    def open(self, sealed: bytes) -> str:
        """The token again. TokenUnreadable where no secret opens it."""
        try:
            return self._fernets.decrypt(sealed).decode()
        except (InvalidToken, UnicodeDecodeError):
            raise TokenUnreadable(
                "The payment token cannot be read with any secret that is configured."
            ) from None


def _key(secret: str) -> bytes:
    derived = HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=_PURPOSE)
    return base64.urlsafe_b64encode(derived.derive(secret.encode()))
