"""Why an upload was not taken from its address: a closed set of reasons, by number.

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
    TYPE = "it is of no type that is accepted, or not of the one that its name says"
    BROKEN = "it is damaged, cut short, or too large when decoded"
    UNSEEN = "it could not be looked at just now"


PASSING: Final = frozenset(
    {FetchReason.NO_ANSWER, FetchReason.BUSY, FetchReason.CUT_OFF, FetchReason.UNSEEN}
)
"""May be otherwise in a minute."""


class UploadNotTaken(IngestError):
    """The `number`th upload (from 1; 0 while that is unknown) could not be had or used."""

    code: ClassVar[str] = "upload_not_taken"

    def __init__(self, reason: FetchReason, number: int = 0) -> None:
        which = f"Upload {number}" if number else "An upload"
        super().__init__(f"{which} was not taken: {reason.value}.")
        self.reason = reason
        self.number = number


class UploadRefused(UploadNotTaken):
    """For good: another try would end the same way."""

    code: ClassVar[str] = "upload_refused"


class UploadUnavailable(UploadNotTaken):
    """Trying again may help."""

    code: ClassVar[str] = "upload_unavailable"


class UploadsMismatched(IngestError):
    """The uploads are sound, but not those that the request speaks of."""

    code: ClassVar[str] = "uploads_mismatched"


def not_taken(reason: FetchReason, number: int = 0) -> UploadNotTaken:
    """The error for a reason: whether another try may help is the reason's to say."""
    kind = UploadUnavailable if reason in PASSING else UploadRefused
    return kind(reason, number)
