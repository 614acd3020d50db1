"""What makes two submissions the same one."""

import hashlib
import json
import re
from collections.abc import Iterable
from typing import ClassVar, Final

from studio.contracts.errors import StudioError
from studio.contracts.limits import IDEMPOTENCY_KEY_LENGTH_MAX
from studio.contracts.quote_request import QuoteRequest
from studio.contracts.request import RenderRequest

_VISIBLE_ASCII = re.compile(r"[\x21-\x7e]+\Z")
NOT_PART_OF_THE_FILM: Final = frozenset({"wait_for_completion_seconds"})
"""How long a caller waits for the answer: a retry may well not wait again."""


class InvalidIdempotencyKey(StudioError):
    """A key that is empty, too long or not plain ASCII."""

    code: ClassVar[str] = "invalid_idempotency_key"

    def __init__(self) -> None:
        super().__init__(
            f"Idempotency-Key must be 1 to {IDEMPOTENCY_KEY_LENGTH_MAX} visible ASCII characters."
        )


class IdempotencyKeyReused(StudioError):
    """The account used this key before for something else."""

    code: ClassVar[str] = "idempotency_key_reused"

    def __init__(self) -> None:
        super().__init__(
            "This Idempotency-Key was used before for a different request; send the same request "
            "again or use a new key."
        )


def check_idempotency_key(key: str | None) -> str | None:
    """The key, trimmed; None if none was sent. InvalidIdempotencyKey."""
    if key is None:
        return None
    key = key.strip()
    if len(key) > IDEMPOTENCY_KEY_LENGTH_MAX or not _VISIBLE_ASCII.match(key):
        raise InvalidIdempotencyKey
    return key


def fingerprint(request: RenderRequest, files: Iterable[tuple[str, str]]) -> str:
    """SHA-256 in hex over the request as parsed and the files' names and hashes.

    Sorted keys and parsed values: neither spacing nor the order of fields or files counts, and a
    field that was sent with its default is a field that was left out.
    """
    document = {
        "request": request.model_dump(mode="json", exclude=set(NOT_PART_OF_THE_FILM)),
        "files": sorted(files),
    }
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def declared_fingerprint(wanted: QuoteRequest) -> str:
    """The same over a brief whose files are still to be fetched: their names and addresses."""
    return fingerprint(
        wanted.request, [(upload.filename, upload.url) for upload in wanted.upload_urls]
    )
