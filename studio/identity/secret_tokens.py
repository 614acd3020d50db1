"""Tokens of sessions and of mailed links: 256 bits, of which only a digest is stored."""

import base64
import hashlib
import re
from typing import Final

from studio.contracts.tokens import RandomBytes

TOKEN_BYTES: Final = 32
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{43}")
"""32 bytes in URL-safe base64 without padding."""


def make_secret_token(random_bytes: RandomBytes) -> str:
    return base64.urlsafe_b64encode(random_bytes(TOKEN_BYTES)).decode().rstrip("=")


def digest_of(token: str) -> str | None:
    """What is stored of a token; None for a text that is none of ours.

    SHA-256 is enough for what nobody can guess, and the index finds it by it: whoever measures the
    time learns of digests, from which no token follows.
    """
    if not _TOKEN.fullmatch(token):
        return None
    return hashlib.sha256(token.encode()).hexdigest()
