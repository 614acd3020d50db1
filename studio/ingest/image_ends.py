"""Where an image ends inside its file: what comes after can be another file in disguise."""

from mmap import mmap
from typing import Final

from studio.ingest.formats import JPEG, PNG, WAV, WEBP, SniffedType

_PNG_FIRST_CHUNK: Final = 8
_PNG_CHUNK_OVERHEAD: Final = 12
_JPEG_END: Final = 0xD9
_JPEG_SCAN: Final = 0xDA
_JPEG_LONE: Final = frozenset({0x01, *range(0xD0, 0xD9)})
"""Markers without a length: TEM, the restarts and SOI (ITU T.81, table B.1)."""
_JPEG_IN_SCAN: Final = frozenset({0x00, 0xFF, *range(0xD0, 0xD8)})
"""What may follow an FF inside a scan: stuffing, fill and restarts (T.81, B.1.1.5)."""
_RIFF_STREAMED: Final = frozenset({0, 0xFFFFFFFF})


def end_of(kind: SniffedType, data: mmap) -> int | None:
    """The offset after the image's (or RIFF file's) last byte; None if it cannot be told.

    Truncated and damaged files have no end here: the decoder refuses those.
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
    offset = _PNG_FIRST_CHUNK
    while offset + _PNG_CHUNK_OVERHEAD <= len(data):
        name = data[offset + 4 : offset + 8]
        offset += int.from_bytes(data[offset : offset + 4], "big") + _PNG_CHUNK_OVERHEAD
        if name == b"IEND":
            return offset
    return None


def _jpeg_end(data: mmap) -> int | None:
    offset = 2
    while offset + 2 <= len(data):
        if data[offset] != 0xFF:  # noqa: PLR2004  # every marker begins with it
            return None
        marker = data[offset + 1]
        if marker == _JPEG_END:
            return offset + 2
        if marker == 0xFF:  # noqa: PLR2004  # fill before a marker
            offset += 1
        elif marker in _JPEG_LONE:
            offset += 2
        else:
            offset += 2 + max(2, int.from_bytes(data[offset + 2 : offset + 4], "big"))
            if marker == _JPEG_SCAN:
                offset = _scan_end(data, offset)
    return None


def _scan_end(data: mmap, offset: int) -> int:
    """The offset of the marker that ends the compressed data, or the file's length."""
    while True:
        offset = data.find(b"\xff", offset)
        if offset < 0 or offset + 1 >= len(data):
            return len(data)
        if data[offset + 1] not in _JPEG_IN_SCAN:
            return offset
        offset += 1 if data[offset + 1] == 0xFF else 2  # noqa: PLR2004  # fill may repeat
