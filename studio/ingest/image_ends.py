"""Where an image ends inside its file: what comes after can be another file in disguise."""

import re
from mmap import MADV_DONTNEED, mmap
from typing import Final

from studio.contracts.limits import MEBIBYTE
from studio.ingest.formats import JPEG, PNG, WAV, WEBP, SniffedType

STEPS_MAX: Final = 100_000
"""Pieces of an image that are stepped over one by one. 100 MiB in chunks of 8 KiB, as libpng
writes them, are 12,800; a file of nothing but empty pieces has millions, made to keep us busy."""

WINDOW_BYTES: Final = 8 * MEBIBYTE
"""How much of a file is looked at before its pages are given back: memory stays constant."""

_PNG_FIRST_CHUNK: Final = 8
_PNG_CHUNK_OVERHEAD: Final = 12
_JPEG_END: Final = 0xD9
_JPEG_SCAN: Final = 0xDA
_JPEG_LONE: Final = frozenset({0x01, *range(0xD0, 0xD9)})
"""Markers without a length: TEM, the restarts and SOI (ITU T.81, table B.1)."""
_JPEG_MARKER: Final = re.compile(rb"\xff++(.)", re.DOTALL)
"""A marker may have fill bytes before it (T.81, B.1.1.2)."""
_JPEG_SCAN_END: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]", re.DOTALL)
"""A marker that is none of those inside a scan: stuffing, restarts and fill (T.81, B.1.1.5)."""
_RIFF_STREAMED: Final = frozenset({0, 0xFFFFFFFF})


def end_of(kind: SniffedType, data: mmap) -> int | None:
    """The offset after the image's (or RIFF file's) last byte; None if it cannot be told.

    Truncated and damaged files have no end here: the decoder refuses those. Where an image has
    more than STEPS_MAX pieces, it ends for us after so many.
    """
    if kind is PNG:
        return _png_end(data)
    if kind is JPEG:
        return _jpeg_end(data)
    if kind in {WEBP, WAV}:
        size = int.from_bytes(data[4:8], "little")
        return None if size in _RIFF_STREAMED else 8 + size + size % 2
    return None


def _png_end(data: mmap) -> int | None:
    offset = given_back = _PNG_FIRST_CHUNK
    for _ in range(STEPS_MAX):
        if offset - given_back > WINDOW_BYTES:
            data.madvise(MADV_DONTNEED)
            given_back = offset
        if offset + _PNG_CHUNK_OVERHEAD > len(data):
            return None
        name = data[offset + 4 : offset + 8]
        offset += int.from_bytes(data[offset : offset + 4], "big") + _PNG_CHUNK_OVERHEAD
        if name == b"IEND":
            break
    return offset


def _jpeg_end(data: mmap) -> int | None:
    offset = 2
    for _ in range(STEPS_MAX):
        found = _JPEG_MARKER.match(data, offset)
        if found is None:
            return None
        marker, offset = found[1][0], found.end()
        if marker == _JPEG_END:
            break
        if marker in _JPEG_LONE:
            continue
        offset += max(2, int.from_bytes(data[offset : offset + 2], "big"))
        if marker == _JPEG_SCAN:
            end = _scan_end(data, offset)
            if end is None:
                return None
            offset = end
    return offset


def _scan_end(data: mmap, offset: int) -> int | None:
    """The offset of the marker behind the compressed data."""
    while offset < len(data):
        window_end = offset + WINDOW_BYTES
        found = _JPEG_SCAN_END.search(data, offset, window_end + 1)  # a marker across the edge
        if found is not None:
            return found.start()
        data.madvise(MADV_DONTNEED)
        offset = window_end
    return None
