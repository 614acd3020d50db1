"""The form that our keys and tokens share: a prefix, 32 characters of base62, a checksum.

The 32 characters have 190 bits. Six more carry the CRC-32 of everything before them: it refuses
typing errors before the database is asked, and lets a scanner for leaked secrets be exact.
"""

import zlib
from collections.abc import Callable, Iterator

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
RANDOM_LENGTH = 32
CHECKSUM_LENGTH = 6
"""62^6 is above 2^32, so a CRC-32 always fits."""

RandomBytes = Callable[[int], bytes]
"""Gives that many unpredictable bytes, as `secrets.token_bytes` does."""

_UNBIASED_MAX = 256 - 256 % len(ALPHABET)


def make_token(prefix: str, random_bytes: RandomBytes) -> str:
    """Make a token. It is as unpredictable as the bytes are, and the same for the same bytes."""
    letters = _letters(random_bytes)
    body = prefix + "".join(next(letters) for _ in range(RANDOM_LENGTH))
    return body + checksum(body)


def is_token(prefix: str, text: str) -> bool:
    """Whether a text is a well-formed token of this prefix with the right checksum."""
    rest = text.removeprefix(prefix)
    return (
        text.startswith(prefix)
        and len(rest) == RANDOM_LENGTH + CHECKSUM_LENGTH
        and rest.isascii()
        and rest.isalnum()
        and checksum(text[:-CHECKSUM_LENGTH]) == text[-CHECKSUM_LENGTH:]
    )


def checksum(body: str) -> str:
    """The CRC-32 of `body` in base62, padded on the left."""
    number = zlib.crc32(body.encode())
    digits = ""
    for _ in range(CHECKSUM_LENGTH):
        number, digit = divmod(number, len(ALPHABET))
        digits = ALPHABET[digit] + digits
    return digits


def _letters(random_bytes: RandomBytes) -> Iterator[str]:
    """Base62 digits of equal chance: bytes past the last whole multiple of 62 are thrown away."""
    while True:
        for byte in random_bytes(RANDOM_LENGTH):
            if byte < _UNBIASED_MAX:
                yield ALPHABET[byte % len(ALPHABET)]
