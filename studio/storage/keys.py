"""What a storage key may look like. Keys are ours: a caller's file name is never part of one."""

import re
from typing import ClassVar, Final

from studio.storage.port import StorageError

KEY_LENGTH_MAX: Final = 512
"""Half of what Google Cloud Storage allows (1,024 bytes), which leaves room for a prefix."""

KEY_SEGMENT_LENGTH_MAX: Final = 200
"""Below the 255 bytes that file systems allow, with room for a temporary name's suffix."""

_SEGMENT: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.=-]*")


class InvalidKey(StorageError):
    """A key that no object can have; trying again does not help."""

    code: ClassVar[str] = "storage_key_invalid"


def check_key(key: str) -> str:
    """Return the key, or raise InvalidKey.

    A key is made of `/`-separated segments of letters, digits and `_ . = -` that start with a
    letter, a digit or `_`; so `..`, hidden files, absolute paths and empty segments are out.
    """
    if not 0 < len(key) <= KEY_LENGTH_MAX:
        msg = f"A storage key has 1 to {KEY_LENGTH_MAX} characters; this one has {len(key)}."
        raise InvalidKey(msg)
    for segment in key.split("/"):
        if len(segment) > KEY_SEGMENT_LENGTH_MAX or _SEGMENT.fullmatch(segment) is None:
            raise InvalidKey(f"The storage key {key[:80]!r} has a segment that is not allowed.")
    return key
