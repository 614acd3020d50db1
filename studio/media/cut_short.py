"""Refuse a recording that ends before its own structure says.

Decoders play what is there, so half an upload would become half a track without a word.
"""

import struct
from pathlib import Path
from typing import IO, Final

from studio.media.errors import UndecodableMedia
from studio.media.upload_limits import STREAM_FORMATS

PARTS_MAX: Final = 100_000
"""Boxes or chunks that are stepped over: a fragmented film has two a second."""

BOX: Final = struct.Struct(">I4s")
LARGE_SIZE: Final = struct.Struct(">Q")
"""ISO/IEC 14496-12, 4.2: size and type, and behind them the size if the first one is 1."""

CHUNK: Final = struct.Struct("<4sI")
RIFF_HEADER_BYTES: Final = 12
STREAMED_BYTES_MIN: Final = 0x7FFFF000
"""Programs that write a WAV into a pipe cannot know its size: they put 0 or about the largest."""


def refuse_cut_short(path: Path, media_type: str) -> None:
    """Raises UndecodableMedia if a part of an MP4, MOV, M4A or WAV reaches beyond the file's end.

    The others have no such structure, or are known by their duration.
    """
    size_bytes = path.stat().st_size
    demuxer = STREAM_FORMATS[media_type]
    with path.open("rb") as file:
        if demuxer == "mov":
            end = _end_of_boxes(file, size_bytes)
        elif demuxer == "wav":
            end = _end_of_sound(file)
        else:
            return
    if end > size_bytes:
        raise UndecodableMedia("The file is cut short.")


def _end_of_boxes(file: IO[bytes], size_bytes: int) -> int:
    """Where the last top-level box ends. A box without a sane size is left to the decoder."""
    offset = 0
    for _ in range(PARTS_MAX):
        file.seek(offset)
        header = file.read(BOX.size + LARGE_SIZE.size)
        if len(header) < BOX.size:
            break
        size, _kind = BOX.unpack_from(header)
        if size == 1 and len(header) == BOX.size + LARGE_SIZE.size:
            (size,) = LARGE_SIZE.unpack_from(header, BOX.size)
        if size < BOX.size:  # 0: up to the end of the file
            break
        offset += size
        if offset >= size_bytes:
            break
    return offset


def _end_of_sound(file: IO[bytes]) -> int:
    """Where the data chunk ends; 0 if there is none, or it has no size."""
    offset = RIFF_HEADER_BYTES
    for _ in range(PARTS_MAX):
        file.seek(offset)
        header = file.read(CHUNK.size)
        if len(header) < CHUNK.size:
            break
        kind, size = CHUNK.unpack(header)
        if kind == b"data":
            return 0 if size >= STREAMED_BYTES_MIN else offset + CHUNK.size + int(size)
        offset += CHUNK.size + size + size % 2
    return 0
