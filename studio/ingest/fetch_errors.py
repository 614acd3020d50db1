"""Why an upload could not be had from its address: a closed set of reasons, by number.

Addresses may be signed and answers are a stranger's, so no sentence repeats either; a name may be
a part of the address.
"""

from enum import StrEnum
from typing import ClassVar, Final

from studio.contracts.limits import UPLOAD_FILE_BYTES_MAX, UPLOAD_TOTAL_BYTES_MAX
from studio.ingest.errors import IngestError
from studio.ingest.parts import shown_size


class FetchReason(StrEnum):
    """What is said of the upload, after its number."""

    ADDRESS = "its address is not a public HTTPS address"
    CERTIFICATE = "its host has no valid certificate"
    GONE = "its host does not have it"
    DENIED = "its host does not give it to everybody; a signed address may have run out"
    UNEXPECTED = "its host did not answer with a file"
    REDIRECTS = "its address leads from one to the next too often"
    ENCODED = "its host compresses it although it was asked not to"
    TOO_LARGE = f"it is larger than {shown_size(UPLOAD_FILE_BYTES_MAX)}"
    TOO_LARGE_TOGETHER = f"with it the uploads exceed {shown_size(UPLOAD_TOTAL_BYTES_MAX)}"
    EMPTY = "it is empty"
    TOO_SLOW = "the uploads took too long"
    NO_ANSWER = "its host does not answer"
    BUSY = "its host is busy or out of order"
    CUT_OFF = "its host broke off or answered what is not HTTP"


PASSING: Final = frozenset({FetchReason.NO_ANSWER, FetchReason.BUSY, FetchReason.CUT_OFF})
"""May be otherwise in a minute."""


class UploadNotFetched(IngestError):
    """The `number`th upload (from 1; 0 while that is unknown) could not be had."""

    code: ClassVar[str] = "upload_not_fetched"

    def __init__(self, reason: FetchReason, number: int = 0) -> None:
        which = f"Upload {number}" if number else "An upload"
        super().__init__(f"{which} could not be fetched: {reason.value}.")
        self.reason = reason
        self.number = number


class UploadRefused(UploadNotFetched):
    """For good: another try would end the same way."""

    code: ClassVar[str] = "upload_refused"


class UploadUnavailable(UploadNotFetched):
    """Trying again may help."""

    code: ClassVar[str] = "upload_unavailable"


def not_fetched(reason: FetchReason, number: int = 0) -> UploadNotFetched:
    kind = UploadUnavailable if reason in PASSING else UploadRefused
    return kind(reason, number)
