"""Documents, read in the limited child process: PDF with pypdf, DOCX with zipfile and expat."""

import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final
from xml.parsers import expat

from studio.media.errors import UndecodableMedia
from studio.media.upload_limits import (
    ARCHIVE_BYTES_MAX,
    ARCHIVE_ENTRIES_MAX,
    ARCHIVE_RATIO_FROM_BYTES,
    ARCHIVE_RATIO_MAX,
    DOCUMENT_CHARACTERS_MAX,
    DOCUMENT_XML_BYTES_MAX,
    DOCX_TYPE,
    PDF_OBJECTS_MAX,
    PDF_PAGES_MAX,
    PDF_PAGES_READ_MAX,
    PDF_TYPE,
    XML_DEPTH_MAX,
    XML_ELEMENTS_MAX,
)

if TYPE_CHECKING:
    from pypdf import PdfReader

READ_BYTES: Final = 64 * 1024
ENCRYPTED_FLAG: Final = 0x1
DOCUMENT_PART: Final = "word/document.xml"
REQUIRED_PARTS: Final = ("[Content_Types].xml", DOCUMENT_PART)
MACRO_PART: Final = "vbaProject.bin"
READ_CHARACTERS: Final = 1024 * 1024
CONTROLS: Final = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
"""All but tab, newline, form feed and carriage return."""

WORD: Final = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
STRICT_WORD: Final = "http://purl.oclc.org/ooxml/wordprocessingml/main"
"""The two namespaces of ECMA-376, transitional and strict."""


def inspect_document(path: Path, media_type: str) -> None:
    """Read the document as the studio will, and make sure that it stays within its limits."""
    document_text(path, media_type, DOCUMENT_CHARACTERS_MAX)


def document_text(path: Path, media_type: str, chars_max: int) -> str:
    """What the document says, paragraph by paragraph, no longer than `chars_max`."""
    if media_type == PDF_TYPE:
        text = _pdf_text(path, chars_max)
    elif media_type == DOCX_TYPE:
        text = _docx_text(path, chars_max)
    else:
        text = _plain_text(path, chars_max)
    return CONTROLS.sub("", text)[:chars_max]


def open_pdf(path: Path) -> "PdfReader":
    """A PDF within its limits: not encrypted, not too many objects or pages."""
    from pypdf import PdfReader

    reader = PdfReader(path)
    if reader.is_encrypted:
        raise UndecodableMedia("The PDF is encrypted.")
    if int(str(reader.trailer.get("/Size", 0))) > PDF_OBJECTS_MAX:
        raise UndecodableMedia(f"The PDF has more than {PDF_OBJECTS_MAX:,} objects.")
    page_count = len(reader.pages)
    if not 0 < page_count <= PDF_PAGES_MAX:
        raise UndecodableMedia(f"The PDF has no pages, or more than {PDF_PAGES_MAX}.")
    return reader


def _pdf_text(path: Path, chars_max: int) -> str:
    reader = open_pdf(path)
    texts: list[str] = []
    length = 0
    for index in range(min(len(reader.pages), PDF_PAGES_READ_MAX)):
        if length >= chars_max:
            break
        texts.append(reader.pages[index].extract_text())
        length += len(texts[-1]) + 1
    return "\n".join(texts)


def _docx_text(path: Path, chars_max: int) -> str:
    with open_docx(path) as archive:
        reader = _WordReader(chars_max)
        with archive.open(DOCUMENT_PART) as part:
            read = 0
            while chunk := part.read(READ_BYTES):
                read += len(chunk)
                if read > DOCUMENT_XML_BYTES_MAX:
                    raise UndecodableMedia("The document's text is too large.")
                reader.feed(chunk)
        return reader.finish()


@contextmanager
def open_docx(path: Path) -> Iterator[zipfile.ZipFile]:
    """A Word document's archive, within its limits."""
    with zipfile.ZipFile(path) as archive:
        _require_limits(archive, path.stat().st_size)
        yield archive


def _require_limits(archive: zipfile.ZipFile, packed_bytes: int) -> None:
    entries = archive.infolist()
    names = [entry.filename for entry in entries]
    unpacked = sum(entry.file_size for entry in entries)
    if len(entries) > ARCHIVE_ENTRIES_MAX or unpacked > ARCHIVE_BYTES_MAX:
        raise UndecodableMedia("The document unpacks to more than it may.")
    if unpacked > ARCHIVE_RATIO_FROM_BYTES and unpacked > ARCHIVE_RATIO_MAX * packed_bytes:
        raise UndecodableMedia("The document unpacks to far more than its own size.")
    if any(
        entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for entry in entries
    ):
        raise UndecodableMedia("The document is packed in a way that word processors do not use.")
    if any(entry.flag_bits & ENCRYPTED_FLAG for entry in entries):
        raise UndecodableMedia("The document is encrypted.")
    if len(set(names)) != len(names) or any(_leaves_archive(name) for name in names):
        raise UndecodableMedia("The document's parts have impossible names.")
    if not set(REQUIRED_PARTS) <= set(names):
        raise UndecodableMedia("The archive is not a Word document.")
    if any(PurePosixPath(name).name == MACRO_PART for name in names):
        raise UndecodableMedia("The document holds macros.")


def _leaves_archive(name: str) -> bool:
    path = PurePosixPath(name)
    return path.is_absolute() or ".." in path.parts or "\\" in name


class _WordReader:
    """Collects the text runs of a WordprocessingML part while it is read."""

    def __init__(self, chars_max: int) -> None:
        self._chars_max = chars_max
        self._pieces: list[str] = []
        self._length = 0
        self._depth = 0
        self._elements = 0
        self._in_text = False
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.StartDoctypeDeclHandler = _refuse_doctype

    def feed(self, chunk: bytes) -> None:
        self._parser.Parse(chunk, False)

    def finish(self) -> str:
        self._parser.Parse(b"", True)
        return "".join(self._pieces)

    def _start(self, name: str, _attributes: dict[str, str]) -> None:
        self._depth += 1
        self._elements += 1
        if self._depth > XML_DEPTH_MAX:
            raise UndecodableMedia("The document is nested too deeply.")
        if self._elements > XML_ELEMENTS_MAX:
            raise UndecodableMedia("The document has too many parts.")
        self._in_text = _local(name) == "t"
        if _local(name) == "tab":
            self._add("\t")
        elif _local(name) in ("br", "cr"):
            self._add("\n")

    def _end(self, name: str) -> None:
        self._depth -= 1
        self._in_text = False
        if _local(name) == "p":
            self._add("\n")

    def _text(self, text: str) -> None:
        if self._in_text:
            self._add(text)

    def _add(self, text: str) -> None:
        if self._length < self._chars_max:
            self._pieces.append(text)
            self._length += len(text)


def _local(name: str) -> str | None:
    namespace, _, local = name.rpartition(" ")
    return local if namespace in (WORD, STRICT_WORD) else None


def _refuse_doctype(*_declaration: object) -> None:
    raise UndecodableMedia("The document declares XML entities.")


def _plain_text(path: Path, chars_max: int) -> str:
    """Check the whole text, piece by piece so that memory stays bounded, and keep its beginning."""
    kept = ""
    is_blank = True
    try:
        with path.open(encoding="utf-8-sig") as source:
            while piece := source.read(READ_CHARACTERS):
                if CONTROLS.search(piece):
                    raise UndecodableMedia("The text holds control characters.")
                is_blank = is_blank and piece.isspace()
                if len(kept) < chars_max:
                    kept += piece[: chars_max - len(kept)]
    except UnicodeDecodeError as error:
        raise UndecodableMedia("The text is not UTF-8.") from error
    if is_blank:
        raise UndecodableMedia("The text is empty.")
    return kept
