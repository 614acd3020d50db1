"""Operating-system errors as storage errors."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from studio.storage.port import StorageError, StorageFull

FULL_ERRNOS: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""No space, no quota, or above the process's file size limit: all mean that no more fits."""


@contextmanager
def os_errors_mapped(doing: str) -> Iterator[None]:
    """Turn an OSError into StorageFull or StorageError; `doing` begins the sentence.

    The sentence carries the system's reason but no path: paths are nobody's business outside.
    """
    try:
        yield
    except OSError as error:
        if error.errno in FULL_ERRNOS:
            raise StorageFull(f"{doing} failed: no room is left in the store.") from error
        reason = error.strerror or type(error).__name__
        raise StorageError(f"{doing} failed: {reason}.") from error
