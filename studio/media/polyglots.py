"""Refuse a file that is also something else.

A picture that is an archive or a page too passes every check of the one type and is then used as
the other. Magic bytes at the start alone do not show it.
"""

import struct
from pathlib import Path
from typing import Final

from studio.media.errors import UndecodableMedia
from studio.media.upload_limits import (
    DOCX_TYPE,
    IMAGE_FORMATS,
    PDF_TYPE,
    PNG_TYPE,
    STREAM_FORMATS,
    WEBP_TYPE,
)

HEAD_BYTES: Final = 1024
"""Readers accept a PDF header, and browsers guess HTML, within the first 1024 bytes."""

PDF_MARK: Final = b"%PDF-"
PAGE_MARKS: Final = (b"<!doctype", b"<html", b"<script", b"<?php", b"<svg")

ARCHIVE_START: Final = b"PK\x03\x04"
ARCHIVE_END: Final = b"PK\x05\x06"
ARCHIVE_END_BYTES: Final = 22
"""APPNOTE.TXT 4.3.16: the record at a ZIP file's end, which a comment of up to 65,535 follows."""

ARCHIVE_TAIL_BYTES: Final = ARCHIVE_END_BYTES + 65_535

PNG_CHUNKS_MAX: Final = 100_000
"""100 MiB in chunks of 8 KiB, as libpng writes them, are 12,800."""

PNG_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
RIFF_HEADER: Final = struct.Struct("<4sI4s")


def refuse_polyglot(path: Path, media_type: str) -> None:
    """Raises UndecodableMedia if the file can be read as a second type, or carries extra bytes."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        file.seek(max(0, size - ARCHIVE_TAIL_BYTES))
        tail = file.read()
    if media_type == PDF_TYPE and not head.startswith(PDF_MARK):
        raise UndecodableMedia("The PDF does not start with its own header.")
    if media_type == DOCX_TYPE and not head.startswith(ARCHIVE_START):
        raise UndecodableMedia("The document does not start with its own header.")
    if media_type != PDF_TYPE and PDF_MARK in head:
        raise UndecodableMedia("The file is a PDF as well as what it claims to be.")
    if media_type != DOCX_TYPE and _ends_as_archive(tail):
        raise UndecodableMedia("The file is an archive as well as what it claims to be.")
    binary = media_type in IMAGE_FORMATS or media_type in STREAM_FORMATS
    if binary and any(mark in head.lower() for mark in PAGE_MARKS):
        raise UndecodableMedia("The file is a web page as well as what it claims to be.")
    if media_type == PNG_TYPE and _png_end(path) != size:
        raise UndecodableMedia("The PNG is cut short or carries bytes after its end.")
    if media_type == WEBP_TYPE and _riff_end(head) != size:
        raise UndecodableMedia("The WebP is cut short or carries bytes after its end.")


def _ends_as_archive(tail: bytes) -> bool:
    """Whether an end-of-archive record is there whose comment reaches to the file's very end."""
    position = tail.rfind(ARCHIVE_END)
    while position >= 0:
        record = tail[position : position + ARCHIVE_END_BYTES]
        if len(record) == ARCHIVE_END_BYTES:
            comment = int.from_bytes(record[-2:], "little")
            if position + ARCHIVE_END_BYTES + comment == len(tail):
                return True
        position = tail.rfind(ARCHIVE_END, 0, position)
    return False


def _png_end(path: Path) -> int | None:
    """Where the IEND chunk ends (PNG specification, 5.3: length, type, data, CRC)."""
    with path.open("rb") as file:
        if file.read(len(PNG_SIGNATURE)) != PNG_SIGNATURE:
            return None
        for _ in range(PNG_CHUNKS_MAX):
            header = file.read(8)
            if len(header) < 8:  # noqa: PLR2004  four bytes length, four type
                break
            file.seek(int.from_bytes(header[:4]) + 4, 1)
            if header[4:] == b"IEND":
                return file.tell()
    return None


def _riff_end(head: bytes) -> int | None:
    if len(head) < RIFF_HEADER.size:
        return None
    _, size, _ = RIFF_HEADER.unpack_from(head)
    return int(size) + 8 + int(size) % 2
