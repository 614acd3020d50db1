"""How an API key is made, recognised and remembered without its secret.

`fvs_live_` or `fvs_test_` and what `studio/contracts/tokens.py` puts behind a prefix.
"""

import hashlib
import hmac
from collections.abc import Iterable, Sequence

from studio.accounts.tables import KeyEnvironment
from studio.contracts.tokens import RandomBytes, is_token, make_token

HINT_LENGTH = 4
PEPPER_BYTES_MIN = 16
"""An HMAC key below 128 bits would be the weakest part."""

_PREFIXES = {environment: f"fvs_{environment.value}_" for environment in KeyEnvironment}


def make_secret(environment: KeyEnvironment, random_bytes: RandomBytes) -> str:
    """Make a new key of unpredictable bytes."""
    return make_token(_PREFIXES[environment], random_bytes)


def parse_secret(secret: str) -> KeyEnvironment | None:
    """The environment of a well-formed key with the right checksum, else None."""
    found = (env for env, prefix in _PREFIXES.items() if is_token(prefix, secret))
    return next(found, None)


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
