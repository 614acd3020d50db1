"""The form of an API key: how one is made, recognised and remembered without its secret.

`fvs_live_` or `fvs_test_`, 32 characters of base62 (190 bits), and 6 that carry the CRC-32 of
everything before them. The checksum refuses typing errors before the database is asked, and lets a
scanner for leaked secrets be exact.
"""

import hashlib
import hmac
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence

from studio.accounts.tables import KeyEnvironment

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
RANDOM_LENGTH = 32
CHECKSUM_LENGTH = 6
"""62^6 is above 2^32, so a CRC-32 always fits."""

HINT_LENGTH = 4
PEPPER_BYTES_MIN = 16
"""An HMAC key below 128 bits would be the weakest part."""

RandomBytes = Callable[[int], bytes]

_PREFIXES = {environment: f"fvs_{environment.value}_" for environment in KeyEnvironment}
_FORMS = {
    environment: re.compile(rf"{prefix}[0-9A-Za-z]{{{RANDOM_LENGTH + CHECKSUM_LENGTH}}}")
    for environment, prefix in _PREFIXES.items()
}
_UNBIASED_MAX = 256 - 256 % len(ALPHABET)


def make_secret(environment: KeyEnvironment, random_bytes: RandomBytes) -> str:
    """Make a new key. `random_bytes(n)` gives n unpredictable bytes, as `secrets.token_bytes`."""
    letters = _letters(random_bytes)
    body = _PREFIXES[environment] + "".join(next(letters) for _ in range(RANDOM_LENGTH))
    return body + checksum(body)


def parse_secret(secret: str) -> KeyEnvironment | None:
    """The environment of a well-formed key with the right checksum, else None."""
    body, check = secret[:-CHECKSUM_LENGTH], secret[-CHECKSUM_LENGTH:]
    for environment, form in _FORMS.items():
        if form.fullmatch(secret):
            return environment if checksum(body) == check else None
    return None


def checksum(body: str) -> str:
    """The CRC-32 of `body` in base62, padded on the left."""
    number = zlib.crc32(body.encode())
    digits = ""
    for _ in range(CHECKSUM_LENGTH):
        number, digit = divmod(number, len(ALPHABET))
        digits = ALPHABET[digit] + digits
    return digits


def digest(secret: str, pepper: bytes) -> str:
    """What is stored of a key: HMAC-SHA256 under a pepper that the database does not know.

    A slow hash would protect a guessable secret; this one has 190 bits and is checked on every
    request.
    """
    if len(pepper) < PEPPER_BYTES_MIN:
        msg = f"a pepper needs at least {PEPPER_BYTES_MIN} bytes"
        raise ValueError(msg)
    return hmac.new(pepper, secret.encode(), hashlib.sha256).hexdigest()


def digests(secret: str, peppers: Sequence[bytes]) -> list[str]:
    """One digest a pepper, the current pepper first."""
    if not peppers:
        msg = "at least one pepper is needed"
        raise ValueError(msg)
    return [digest(secret, pepper) for pepper in peppers]


def matches_any(stored: str, candidates: Iterable[str]) -> bool:
    """Compare without telling by the time taken how much was right."""
    return sum(hmac.compare_digest(stored, candidate) for candidate in candidates) > 0


def hint(secret: str) -> str:
    """What may be shown of a key later: its prefix and last four characters."""
    prefix = secret[: secret.index("_", len("fvs_")) + 1]
    return f"{prefix}…{secret[-HINT_LENGTH:]}"


def _letters(random_bytes: RandomBytes) -> Iterator[str]:
    """Base62 digits of equal chance: bytes past the last whole multiple of 62 are thrown away."""
    while True:
        for byte in random_bytes(RANDOM_LENGTH):
            if byte < _UNBIASED_MAX:
                yield ALPHABET[byte % len(ALPHABET)]
