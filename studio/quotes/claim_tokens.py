"""Claim tokens: what a guest shows to pay a quote, to watch its render, or to cancel it.

A token is not random but derived from the quote's id under a secret of the server. So a caller who
comes back with an authentic challenge can be told it again, although only its hash is stored.
"""

import hashlib
import hmac
from collections.abc import Callable, Sequence

from studio.contracts.tokens import is_token, make_token

CLAIM_TOKEN_PREFIX = "fvs_claim_"  # noqa: S105  # the part that is no secret

_LABEL = b"fvs claim token v1\0"
"""Keeps these hashes apart from whatever else is made with the same secret."""


def derive_claim_token(quote_id: str, secret: str) -> str:
    """The claim token of a quote: always the same, and nothing to guess without the secret."""
    return make_token(CLAIM_TOKEN_PREFIX, _bytes_of(quote_id, secret))


def claim_hash(token: str) -> str:
    """What is stored of a claim token: its SHA-256 in hex. 190 bits need no slower hash."""
    return hashlib.sha256(token.encode()).hexdigest()


def is_claim_of(token: str, stored_hash: str) -> bool:
    """Whether this is the token with that hash. The time taken does not tell how much is right."""
    if not is_token(CLAIM_TOKEN_PREFIX, token):
        return False
    return hmac.compare_digest(claim_hash(token).encode(), stored_hash.encode())


def rederive(quote_id: str, secrets: Sequence[str], stored_hash: str) -> str | None:
    """The quote's token again, under whichever secret it was made; None if that one is gone."""
    for secret in secrets:
        token = derive_claim_token(quote_id, secret)
        if is_claim_of(token, stored_hash):
            return token
    return None


def _bytes_of(quote_id: str, secret: str) -> Callable[[int], bytes]:
    """A stream of HMAC-SHA256 blocks, each over the quote's id and the block's number."""
    blocks = 0
    rest = b""

    def take(count: int) -> bytes:
        nonlocal blocks, rest
        while len(rest) < count:
            message = _LABEL + blocks.to_bytes(4) + quote_id.encode()
            rest += hmac.new(secret.encode(), message, hashlib.sha256).digest()
            blocks += 1
        taken, rest = rest[:count], rest[count:]
        return taken

    return take
