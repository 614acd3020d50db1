"""What can be wrong with what a caller hands in. Every `detail` is for the caller to read."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar

from studio.contracts.errors import StudioError


class IngestError(StudioError):
    """The request cannot be taken as it is.

    `texts` are those of a form's fields that had come in by then, for a page that shows them again.
    """

    code: ClassVar[str] = "ingest_error"
    texts: Mapping[str, bytes] = MappingProxyType({})


class MalformedForm(IngestError):
    """The body is not the multipart form that it should be."""

    code: ClassVar[str] = "malformed_form"


class FormTooLarge(IngestError):
    """A file, the request or the whole form is above its limit."""

    code: ClassVar[str] = "form_too_large"


class TooManyFiles(IngestError):
    """More files than a request may carry."""

    code: ClassVar[str] = "too_many_files"


class UnsupportedUpload(IngestError):
    """A type that is not accepted, or a file that is not what its name says."""

    code: ClassVar[str] = "unsupported_upload"


class EmptyUpload(IngestError):
    """A file without content."""

    code: ClassVar[str] = "empty_upload"


class DuplicateFilename(IngestError):
    """`assets[]` describes a name that several uploads share."""

    code: ClassVar[str] = "duplicate_filename"


class StagingUnavailable(IngestError):
    """Uploads cannot be written to disk just now; trying again may help."""

    code: ClassVar[str] = "staging_unavailable"


class InvalidJson(IngestError):
    """Not the strict JSON that is asked for. `pointer` (RFC 6901) says where, if that is known."""

    code: ClassVar[str] = "invalid_json"

    def __init__(self, detail: str, pointer: str = "") -> None:
        super().__init__(detail)
        self.pointer = pointer


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: where (a JSON pointer, empty for the whole) and what."""

    pointer: str
    detail: str


class InvalidRequest(IngestError):
    """The request breaks the contract in the ways that `problems` lists."""

    code: ClassVar[str] = "invalid_request"

    def __init__(self, problems: tuple[Problem, ...], detail: str | None = None) -> None:
        """`detail` sums up; without one it is the first problem and how many more there are."""
        super().__init__(detail or _summary(problems))
        self.problems = problems


def _summary(problems: tuple[Problem, ...]) -> str:
    if not problems:
        return "The request is not valid."
    others = len(problems) - 1
    if others == 0:
        return problems[0].detail
    return f"{problems[0].detail} ({others} more problem{'s' if others > 1 else ''} in `errors`.)"
