"""The parts of a multipart form as they come in: headers read, content counted and kept."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final, Protocol

from python_multipart.multipart import parse_options_header

from studio.contracts.limits import MEBIBYTE
from studio.ingest.errors import EmptyUpload, FormTooLarge, MalformedForm
from studio.ingest.filenames import file_label
from studio.ingest.forms import FormFields, FormLimits, StagedUpload

REQUEST_FIELD: Final = "request_json"
SUBMISSION_FIELDS: Final = FormFields(
    texts=frozenset({REQUEST_FIELD}),
    files=frozenset({"files", "files[]"}),
    texts_title=REQUEST_FIELD,
    remedy=f"send {REQUEST_FIELD} and files",
)

_IDENTITY_ENCODINGS: Final = frozenset({b"", b"binary", b"8bit", b"7bit"})
_SHOWN_NAME_LENGTH_MAX: Final = 80


@dataclass
class PartHeaders:
    """The headers of one part, gathered piece by piece as the parser meets them."""

    _name: bytearray = field(default_factory=bytearray)
    _value: bytearray = field(default_factory=bytearray)
    _headers: dict[bytes, bytes] = field(default_factory=dict)

    def clear(self) -> None:
        """Start with the next part."""
        self._name.clear()
        self._value.clear()
        self._headers.clear()

    def add_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def add_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def end_header(self) -> None:
        name = bytes(self._name).lower()
        if name in self._headers:
            raise MalformedForm("A part of the form repeats a header; send each header once.")
        self._headers[name] = bytes(self._value)
        self._name.clear()
        self._value.clear()

    def field_and_filename(self) -> tuple[str, str | None]:
        """The part's field name and its file's name, if it has one, as sent."""
        kind, options = parse_options_header(self._headers.get(b"content-disposition"))
        if kind != b"form-data" or b"name" not in options:
            raise MalformedForm(
                "A part of the form has no name; each needs `Content-Disposition: form-data` "
                "with a name."
            )
        encoding = self._headers.get(b"content-transfer-encoding", b"").strip().lower()
        if encoding not in _IDENTITY_ENCODINGS:
            raise MalformedForm(
                "A part of the form uses a Content-Transfer-Encoding; send the bytes as they are."
            )
        filename = options.get(b"filename")
        return (
            options[b"name"].decode(errors="replace"),
            None if filename is None else filename.decode(errors="replace"),
        )


class Part(Protocol):
    """Where the content of one part goes."""

    def write(self, data: memoryview) -> None: ...

    def close(self) -> None: ...


class TextPart:
    """A text field, kept in memory: the form bounds all of them together."""

    def __init__(self) -> None:
        self._data = bytearray()

    @property
    def data(self) -> bytes:
        return bytes(self._data)

    def write(self, data: memoryview) -> None:
        self._data += data

    def close(self) -> None:
        """Nothing is held open."""


class FilePart:
    """One upload, written to disk while it is counted and hashed."""

    def __init__(self, path: Path, filename: str, limits: FormLimits, *, field: str = "") -> None:
        self.filename = filename
        self.field = field
        self.size_bytes = 0
        self._path = path
        self._limit = limits.file_bytes_max
        self._digest = hashlib.sha256()
        self._sink: IO[bytes] = path.open("xb")

    def write(self, data: memoryview) -> None:
        self.size_bytes += len(data)
        if self.size_bytes > self._limit:
            raise FormTooLarge(
                f"{quoted(self.filename)} is larger than {shown_size(self._limit)}, the most that "
                "one file may have."
            )
        self._digest.update(data)
        self._sink.write(data)

    def close(self) -> None:
        self._sink.close()

    def staged(self) -> StagedUpload:
        """The finished upload. Raises EmptyUpload."""
        if self.size_bytes == 0:
            raise EmptyUpload(
                f"{quoted(self.filename)} is empty; send its content or leave it out."
            )
        digest = self._digest.hexdigest()
        return StagedUpload(self._path, self.filename, self.size_bytes, digest, self.field)


class NoFilePart:
    """What a browser sends for a file field that was left alone: no name and no content."""

    def write(self, data: memoryview) -> None:
        if data:
            raise MalformedForm("An upload has no filename; name every file that you send.")

    def close(self) -> None:
        """Nothing is held open."""


def upload_label(filename: str, number: int) -> str:
    """The label of the `number`th upload (from 1)."""
    return file_label(filename, fallback=f"upload-{number}")


def quoted(name: str) -> str:
    """A name in a sentence, short enough to read and safe to print."""
    shown = file_label(name, fallback="?")
    if len(shown) > _SHOWN_NAME_LENGTH_MAX:
        shown = shown[: _SHOWN_NAME_LENGTH_MAX - 1] + "…"
    return f'"{shown}"'


def shown_size(size_bytes: int) -> str:
    if size_bytes % MEBIBYTE == 0:
        return f"{size_bytes // MEBIBYTE} MiB"
    return f"{size_bytes:,} bytes"
