"""Seeds, so that the same render draws the same pictures on whichever worker does it."""

import hashlib


def seed_of(*parts: object) -> int:
    """A 31-bit number from the parts, the same everywhere and always."""
    digest = hashlib.sha256("/".join(str(part) for part in parts).encode()).digest()
    return int.from_bytes(digest[:4], "big") & 0x7FFF_FFFF
