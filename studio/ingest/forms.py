"""What a submitted form consists of, and how much of it is taken."""

import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from studio.contracts.limits import (
    REQUEST_JSON_BYTES_MAX,
    UPLOAD_FILE_BYTES_MAX,
    UPLOAD_FILES_MAX,
    UPLOAD_TOTAL_BYTES_MAX,
)

FORM_FOLDER_PREFIX: Final = "form-"

PART_HEADERS_MAX: Final = 8
"""A part has two or three headers (RFC 7578); the parser's own default is also 8."""

HEADER_BYTES_MAX: Final = 4096 + 128
"""A 4 KiB file name with its syntax, as the parser's own default."""


@dataclass(frozen=True)
class FormLimits:
    """All sizes in bytes. `form_bytes_max` follows: files, request and the syntax between."""

    file_bytes_max: int = UPLOAD_FILE_BYTES_MAX
    total_bytes_max: int = UPLOAD_TOTAL_BYTES_MAX
    files_max: int = UPLOAD_FILES_MAX
    request_json_bytes_max: int = REQUEST_JSON_BYTES_MAX
    part_headers_max: int = PART_HEADERS_MAX
    header_bytes_max: int = HEADER_BYTES_MAX

    @property
    def form_bytes_max(self) -> int:
        parts_max = self.files_max + 2
        syntax_bytes_max = parts_max * self.part_headers_max * self.header_bytes_max
        return self.total_bytes_max + self.request_json_bytes_max + syntax_bytes_max


@dataclass(frozen=True)
class FormFields:
    """The fields that a form may have, each text at most once.

    `texts_title` is what a sentence calls its texts together, `remedy` what to do about others.
    """

    texts: frozenset[str]
    files: frozenset[str]
    texts_title: str
    remedy: str


@dataclass(frozen=True)
class StagedUpload:
    """An upload on local disk, and the form's field that it came in.

    `filename` is a cleaned label, `sha256` the content's in hex.
    """

    path: Path
    filename: str
    size_bytes: int
    sha256: str
    field: str = ""


class _Staged:
    """A form whose files are in `folder`."""

    folder: Path | None

    def discard(self) -> None:
        """Remove the staged files. Doing it again is fine."""
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)


@dataclass(frozen=True)
class FilledForm(_Staged):
    """The texts of a form as sent, and its files in the order in which they came."""

    texts: Mapping[str, bytes]
    uploads: tuple[StagedUpload, ...] = ()
    folder: Path | None = field(default=None, repr=False)


@dataclass(frozen=True)
class SubmittedForm(_Staged):
    """The request as sent, and its files in the order in which they came."""

    request_json: bytes
    uploads: tuple[StagedUpload, ...] = ()
    folder: Path | None = field(default=None, repr=False)


def discard_abandoned_forms(staging: Path, *, before: datetime) -> int:
    """Remove what killed processes left in `staging`; answers how many forms.

    Only forms last added to before `before` go: younger ones may still be in use.
    """
    removed = 0
    for folder in staging.glob(FORM_FOLDER_PREFIX + "*"):
        with suppress(FileNotFoundError):
            if datetime.fromtimestamp(folder.stat().st_mtime, UTC) < before:
                shutil.rmtree(folder, ignore_errors=True)
                removed += 1
    return removed
