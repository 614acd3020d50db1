"""Looking into a ZIP archive far enough to know a Word document, without trusting it.

Field offsets: PKWARE APPNOTE 6.3, sections 4.3.15 and 4.3.16.
"""

import struct
import zipfile
from pathlib import Path
from typing import Final

from studio.contracts.limits import MEBIBYTE

DIRECTORY_BYTES_MAX: Final = MEBIBYTE
"""A large document's directory has some tens of KiB; Python holds ten times of it in memory."""

EXPANDED_BYTES_MAX: Final = 64 * MEBIBYTE
RATIO_MAX: Final = 50
"""An archive that grows more than this and beyond the size above is taken for a bomb."""

_END_BYTES: Final = 22
_END_MAGIC: Final = b"PK\x05\x06"
_LOCATOR_BYTES: Final = 20
_LOCATOR_MAGIC: Final = b"PK\x06\x07"
_COMMENT_BYTES_MAX: Final = 65_535

_DOCX_PARTS: Final = frozenset({"[Content_Types].xml", "word/document.xml"})
_MACROS: Final = "word/vbaProject.bin"
_METHODS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})


class BadArchive(Exception):
    """The archive is not a Word document that we take; the argument completes a sentence."""


def check_docx(path: Path) -> None:
    """Raise BadArchive unless the file is a plain Word document of sane size."""
    _check_end(path)
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error) as error:
        raise BadArchive("is a damaged archive") from error
    names = {entry.filename for entry in entries}
    if not names >= _DOCX_PARTS:
        raise BadArchive("is an archive, but no Word document (DOCX)")
    if _MACROS in names:
        raise BadArchive("carries macros; save it as DOCX without macros")
    if len(names) != len(entries):
        raise BadArchive("is an archive with several entries of one name")
    if any(entry.compress_type not in _METHODS or entry.flag_bits & 1 for entry in entries):
        raise BadArchive("is encrypted or packed in an unusual way")
    expanded_bytes = sum(entry.file_size for entry in entries)
    if expanded_bytes > max(EXPANDED_BYTES_MAX, RATIO_MAX * path.stat().st_size):
        raise BadArchive("unpacks to far more than a document holds")


def has_appended_archive(tail: bytes) -> bool:
    """Whether a ZIP archive ends where these last bytes of a file end."""
    position = tail.rfind(_END_MAGIC)
    while position >= 0:
        end = tail[position : position + _END_BYTES]
        if len(end) == _END_BYTES:
            comment_bytes = int.from_bytes(end[20:22], "little")
            if position + _END_BYTES + comment_bytes == len(tail):
                return True
        position = tail.rfind(_END_MAGIC, 0, position)
    return False


ARCHIVE_TAIL_BYTES: Final = _END_BYTES + _COMMENT_BYTES_MAX
"""How far from a file's end the record that ends an archive can be."""


def _check_end(path: Path) -> None:
    """Look at the end record before `zipfile` reads a directory of any size into memory."""
    size_bytes = path.stat().st_size
    with path.open("rb") as source:
        source.seek(max(0, size_bytes - _END_BYTES - _LOCATOR_BYTES))
        tail = source.read(_END_BYTES + _LOCATOR_BYTES)
    end = tail[-_END_BYTES:]
    if not end.startswith(_END_MAGIC) or end[20:22] != b"\x00\x00":
        raise BadArchive("is a damaged archive or has something after its end")
    if tail.startswith(_LOCATOR_MAGIC):
        raise BadArchive("is an archive of an unusual size")
    if int.from_bytes(end[12:16], "little") > DIRECTORY_BYTES_MAX:
        raise BadArchive("is an archive with far too many entries")
