"""What an upload is, by its bytes. Its name can only confirm it."""

import codecs
import mmap
from pathlib import Path
from typing import Final

from studio.contracts.assets import AssetKind
from studio.contracts.limits import MEBIBYTE
from studio.ingest.archives import (
    ARCHIVE_TAIL_BYTES,
    BadArchive,
    check_docx,
    has_appended_archive,
)
from studio.ingest.errors import EmptyUpload, UnsupportedUpload
from studio.ingest.filenames import extension_of
from studio.ingest.formats import (
    ACCEPTED,
    DOCX,
    EXTENSIONS,
    HEAD_BYTES,
    M4A,
    MP3,
    MP4,
    PDF,
    TEXT_TYPES,
    SniffedType,
    sniff_binary,
)
from studio.ingest.image_ends import end_of
from studio.ingest.mp3 import is_mp3
from studio.ingest.parts import quoted

__all__ = ["SniffedType", "sniff"]

PDF_SEARCH_BYTES: Final = 1024
"""PDF readers look for the header this far into a file (ISO 32000-1, annex H.3)."""

_ZIP_MAGIC: Final = b"PK\x03\x04"
_TEXT_CHUNK_BYTES: Final = MEBIBYTE
_TEXT_CONTROLS: Final = bytes({*range(0x20), 0x7F} - set(b"\t\n\r\f"))
_HIDDEN_MARKS: Final = (b"PK\x03\x04", b"%PDF-", b"<html", b"<!doctype", b"<script", b"<?php")
"""Beginnings of files that something else would open, in what follows an image's end."""


def sniff(path: Path, *, filename: str | None = None) -> SniffedType:
    """Tell a file's type from its bytes.

    `filename` is the upload's name (the path's own when left out); its extension must not
    contradict the bytes, and alone tells Markdown from text. Raises UnsupportedUpload for types
    that are not accepted, for contradictions and for two files in one; EmptyUpload. Blocking.
    """
    name = filename if filename is not None else path.name
    with path.open("rb") as source:
        head = source.read(HEAD_BYTES)
    if not head:
        raise EmptyUpload(f"{quoted(name)} is empty; leave it out or send its content.")
    sniffed = _told_by_bytes(path, head, name)
    extension = extension_of(name)
    if sniffed is MP4 and extension == M4A.extension:
        sniffed = M4A  # many programs write the sound-only files of this family with MP4's brand
    if extension and extension not in EXTENSIONS[sniffed]:
        raise UnsupportedUpload(
            f"{quoted(name)} is a {sniffed.extension[1:].upper()} file by its content; name it "
            f"*{sniffed.extension} or send the file that its name promises."
        )
    if sniffed not in TEXT_TYPES.values():
        _refuse_hidden_files(path, head, sniffed, name)
    return sniffed


def _told_by_bytes(path: Path, head: bytes, name: str) -> SniffedType:
    sniffed = sniff_binary(head)
    if sniffed is not None:
        return sniffed
    if is_mp3(path, head):
        return MP3
    if head.startswith(_ZIP_MAGIC):
        try:
            check_docx(path)
        except BadArchive as error:
            raise UnsupportedUpload(f"{quoted(name)} {error}.") from error
        return DOCX
    text = TEXT_TYPES.get(extension_of(name))
    if text is not None:
        _check_text(path, name)
        return text
    raise UnsupportedUpload(
        f"{quoted(name)} is none of the types that are accepted, by its content: {ACCEPTED}."
    )


def _check_text(path: Path, name: str) -> None:
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as source:
        try:
            while chunk := source.read(_TEXT_CHUNK_BYTES):
                decoder.decode(chunk)
                if len(chunk.translate(None, _TEXT_CONTROLS)) != len(chunk):
                    raise UnsupportedUpload(
                        f"{quoted(name)} is no plain text: it has control characters in it."
                    )
            decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            raise UnsupportedUpload(
                f"{quoted(name)} is no UTF-8 text; save it as UTF-8 or send the right file."
            ) from error


def _refuse_hidden_files(path: Path, head: bytes, sniffed: SniffedType, name: str) -> None:
    """Refuse a file that is another one too, to a program that reads it in another way."""
    problem = UnsupportedUpload(
        f"{quoted(name)} has another file hidden in it; export it again and send the result."
    )
    if sniffed is not PDF and b"%PDF-" in head[:PDF_SEARCH_BYTES]:
        raise problem
    with path.open("rb") as source, mmap.mmap(source.fileno(), 0, access=mmap.ACCESS_READ) as data:
        tail = data[max(0, len(data) - ARCHIVE_TAIL_BYTES) :]
        if sniffed is not DOCX and has_appended_archive(tail):
            raise problem
        end = end_of(sniffed, data) if sniffed.kind in {AssetKind.IMAGE, AssetKind.AUDIO} else None
        if end is not None and end < len(data) and _has_mark(data, end):
            raise problem


def _has_mark(data: mmap.mmap, start: int) -> bool:
    """Search what follows an image's end, piece by piece so that memory stays bounded."""
    overlap = max(len(mark) for mark in _HIDDEN_MARKS) - 1
    while start < len(data):
        data.madvise(mmap.MADV_DONTNEED)
        piece = data[start : start + MEBIBYTE + overlap].lower()
        if any(mark.lower() in piece for mark in _HIDDEN_MARKS):
            return True
        start += MEBIBYTE
    return False
