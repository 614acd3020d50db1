"""Reading a multipart form from a stream, in constant memory and without a trace on failure."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Final

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from studio.ingest.errors import (
    FormTooLarge,
    IngestError,
    MalformedForm,
    StagingUnavailable,
    TooManyFiles,
    UnsupportedUpload,
)
from studio.ingest.forms import (
    FORM_FOLDER_PREFIX,
    FilledForm,
    FormFields,
    FormLimits,
    StagedUpload,
    SubmittedForm,
)
from studio.ingest.parts import (
    REQUEST_FIELD,
    SUBMISSION_FIELDS,
    FilePart,
    NoFilePart,
    Part,
    PartHeaders,
    TextPart,
    quoted,
    shown_size,
    upload_label,
)

BATCH_BYTES: Final = 256 * 1024
"""How much is gathered before a thread writes it: few hand-overs, little memory."""


async def read_form(
    content_type: str | None,
    stream: AsyncIterator[bytes],
    *,
    staging: Path,
    limits: FormLimits = FormLimits(),  # noqa: B008  # frozen, so it may be shared
) -> SubmittedForm:
    """Read a form with one `request_json` field and any number of `files`: see `read_fields`."""
    filled = await read_fields(
        content_type, stream, staging=staging, fields=SUBMISSION_FIELDS, limits=limits
    )
    if REQUEST_FIELD not in filled.texts:
        filled.discard()
        raise MalformedForm(f"The form has no {REQUEST_FIELD} field; add it.")
    return SubmittedForm(filled.texts[REQUEST_FIELD], filled.uploads, filled.folder)


async def read_fields(
    content_type: str | None,
    stream: AsyncIterator[bytes],
    *,
    staging: Path,
    fields: FormFields,
    limits: FormLimits = FormLimits(),  # noqa: B008  # frozen, so it may be shared
) -> FilledForm:
    """Read a form of these fields. The texts together may be as large as a `request_json`.

    Files go to a folder of their own under `staging`, which the caller removes with
    `discard()`. Whatever else ends the reading, an error, the stream's own failure
    or cancellation, leaves nothing there. Disk and hash work is done in threads.

    Raises UnsupportedUpload (not multipart), MalformedForm, FormTooLarge, TooManyFiles,
    EmptyUpload and StagingUnavailable.
    """
    intake = FormIntake(_boundary_of(content_type), staging, fields, limits)
    try:
        batch: list[bytes] = []
        batch_bytes = 0
        async for chunk in stream:
            batch.append(chunk)
            batch_bytes += len(chunk)
            if batch_bytes >= BATCH_BYTES:
                await asyncio.to_thread(intake.feed, batch)
                batch, batch_bytes = [], 0
        await asyncio.to_thread(intake.feed, batch)
        return intake.finish()
    except IngestError as error:
        intake.abandon()
        error.texts = intake.texts()
        raise
    except BaseException:
        intake.abandon()
        raise


class FormIntake:
    """One form being taken in.

    The lock is for cancellation: a thread cannot be stopped, so `abandon` waits for the batch
    that it is writing, and what comes after that is refused.
    """

    def __init__(
        self, boundary: bytes, staging: Path, fields: FormFields, limits: FormLimits
    ) -> None:
        self._fields = fields
        self._limits = limits
        self._staging = staging
        self._folder: Path | None = None
        self._headers = PartHeaders()
        self._part: Part | None = None
        self._texts: dict[str, TextPart] = {}
        self._texts_bytes = 0
        self._uploads: list[StagedUpload] = []
        self._files_seen = 0
        self._files_bytes = 0
        self._form_bytes = 0
        self._ended = False
        self._abandoned = False
        self._lock = Lock()
        self._parser = self._make_parser(boundary)

    def feed(self, chunks: list[bytes]) -> None:
        """Parse and write what came in. Blocking."""
        with self._lock:
            if self._abandoned:
                return
            try:
                for chunk in chunks:
                    self._count_form(len(chunk))
                    self._parser.write(chunk)
            except FormParserError as error:
                raise MalformedForm(
                    f"The form is not valid multipart/form-data: {error}."
                ) from error
            except OSError as error:
                reason = error.strerror or type(error).__name__
                raise StagingUnavailable(
                    f"The upload could not be kept ({reason}); try again later."
                ) from error

    def finish(self) -> FilledForm:
        """The form, once the stream has ended. Raises MalformedForm if it ended too early."""
        if not self._ended:
            raise MalformedForm("The form ends before its closing boundary; send all of it.")
        return FilledForm(self.texts(), tuple(self._uploads), self._folder)

    def texts(self) -> dict[str, bytes]:
        """The text fields as far as they have come in."""
        return {name: part.data for name, part in self._texts.items()}

    def abandon(self) -> None:
        """Remove everything; what a thread still brings is refused."""
        with self._lock:
            self._abandoned = True
            if self._part is not None:
                with suppress(OSError):  # a full disk refuses the last bytes; they go anyway
                    self._part.close()
            if self._folder is not None:
                shutil.rmtree(self._folder, ignore_errors=True)

    def _make_parser(self, boundary: bytes) -> MultipartParser:
        try:
            return MultipartParser(
                boundary,
                {
                    "on_part_begin": self._headers.clear,
                    "on_header_field": self._headers.add_name,
                    "on_header_value": self._headers.add_value,
                    "on_header_end": self._headers.end_header,
                    "on_headers_finished": self._open_part,
                    "on_part_data": self._write_part,
                    "on_part_end": self._end_part,
                    "on_end": self._end_form,
                },
                max_header_count=self._limits.part_headers_max,
                max_header_size=self._limits.header_bytes_max,
            )
        except FormParserError as error:
            raise MalformedForm(f"The form's boundary is not valid: {error}.") from error

    def _count_form(self, size_bytes: int) -> None:
        self._form_bytes += size_bytes
        if self._form_bytes > self._limits.form_bytes_max:
            raise FormTooLarge(
                f"The form is larger than {shown_size(self._limits.total_bytes_max)} of files and "
                f"{shown_size(self._limits.request_json_bytes_max)} of request."
            )

    def _count_files(self, size_bytes: int) -> None:
        self._files_bytes += size_bytes
        if self._files_bytes > self._limits.total_bytes_max:
            raise FormTooLarge(
                f"The files are together larger than {shown_size(self._limits.total_bytes_max)}, "
                "the most that a request may carry."
            )

    def _count_texts(self, size_bytes: int) -> None:
        self._texts_bytes += size_bytes
        if self._texts_bytes > self._limits.request_json_bytes_max:
            raise FormTooLarge(
                f"{self._fields.texts_title} is larger than "
                f"{shown_size(self._limits.request_json_bytes_max)}; shorten the brief or upload "
                "it as a document."
            )

    def _open_part(self) -> None:
        field, filename = self._headers.field_and_filename()
        if field in self._fields.texts:
            self._part = self._open_text(field)
        elif field not in self._fields.files:
            raise MalformedForm(
                f"The form has an unknown field {quoted(field)}; {self._fields.remedy}."
            )
        elif filename is None:
            raise MalformedForm(f"The field {field} is text; send it as a file with a filename.")
        elif filename == "":
            self._part = NoFilePart()
        else:
            self._part = self._open_file(field, filename)

    def _open_text(self, field: str) -> TextPart:
        if field in self._texts:
            raise MalformedForm(f"The form has more than one {field} field; send one.")
        self._texts[field] = TextPart()
        return self._texts[field]

    def _open_file(self, field: str, filename: str) -> FilePart:
        self._files_seen += 1
        if self._files_seen > self._limits.files_max:
            raise TooManyFiles(f"A request carries at most {self._limits.files_max} files.")
        if self._folder is None:
            self._staging.mkdir(parents=True, exist_ok=True)
            self._folder = Path(tempfile.mkdtemp(prefix=FORM_FOLDER_PREFIX, dir=self._staging))
        path = self._folder / f"{self._files_seen:03d}.upload"
        label = upload_label(filename, self._files_seen)
        return FilePart(path, label, self._limits, field=field)

    def _write_part(self, data: bytes, start: int, end: int) -> None:
        if isinstance(self._part, FilePart):
            self._count_files(end - start)
        elif isinstance(self._part, TextPart):
            self._count_texts(end - start)
        if self._part is not None:
            self._part.write(memoryview(data)[start:end])

    def _end_part(self) -> None:
        part, self._part = self._part, None
        if part is None:
            raise MalformedForm("A part of the form ends before its headers do; send all of it.")
        part.close()
        if isinstance(part, FilePart):
            self._uploads.append(part.staged())

    def _end_form(self) -> None:
        self._ended = True


def _boundary_of(content_type: str | None) -> bytes:
    """The boundary that the Content-Type names. Raises UnsupportedUpload or MalformedForm."""
    try:
        kind, options = parse_options_header(content_type)
    except ValueError as error:
        raise MalformedForm("The Content-Type header is not valid.") from error
    if kind != b"multipart/form-data":
        raise UnsupportedUpload("Send the request as multipart/form-data.")
    boundary = options.get(b"boundary", b"")
    if not boundary:
        raise MalformedForm("The Content-Type header has no boundary; let the HTTP client set it.")
    return boundary
