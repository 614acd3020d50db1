"""Telling MP3 from its frame headers (ISO 11172-3) and ID3v2 tags (ID3v2.4, section 3.1)."""

from pathlib import Path
from typing import Final

_TAG_HEADER_BYTES: Final = 10
_TAG_VERSIONS: Final = frozenset({2, 3, 4})
_SEARCH_BYTES: Final = 4096
"""Some writers pad between the tag and the first frame."""

_FRAME_HEADER_BYTES: Final = 4
_RESERVED_VERSION: Final = 1
_LAYER_THREE: Final = 1
_BAD_BIT_RATE: Final = 15
_FREE_BIT_RATE: Final = 0
_RESERVED_SAMPLE_RATE: Final = 3


def is_mp3(path: Path, head: bytes) -> bool:
    """Whether a file starts with a layer III frame, after an ID3v2 tag or without one."""
    if not head.startswith(b"ID3"):
        return _is_frame(head)
    tag_bytes = _tag_bytes(head)
    if tag_bytes is None:
        return False
    with path.open("rb") as source:
        source.seek(tag_bytes)
        after = source.read(_SEARCH_BYTES)
    audio = after.lstrip(b"\x00")
    return _is_frame(audio)


def _tag_bytes(head: bytes) -> int | None:
    """The length of an ID3v2 tag with its header; None if it is not one."""
    if len(head) < _TAG_HEADER_BYTES or head[3] not in _TAG_VERSIONS:
        return None
    size = head[6:_TAG_HEADER_BYTES]
    if any(byte & 0x80 for byte in size):
        return None
    body_bytes = size[0] << 21 | size[1] << 14 | size[2] << 7 | size[3]
    return _TAG_HEADER_BYTES + body_bytes


def _is_frame(data: bytes) -> bool:
    if len(data) < _FRAME_HEADER_BYTES or data[0] != 0xFF or data[1] & 0xE0 != 0xE0:  # noqa: PLR2004  # the sync word's bits
        return False
    version, layer = data[1] >> 3 & 3, data[1] >> 1 & 3
    bit_rate, sample_rate = data[2] >> 4, data[2] >> 2 & 3
    return (
        version != _RESERVED_VERSION
        and layer == _LAYER_THREE
        and bit_rate not in {_FREE_BIT_RATE, _BAD_BIT_RATE}
        and sample_rate != _RESERVED_SAMPLE_RATE
    )
