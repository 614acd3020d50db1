"""Which upload types are accepted, and the first bytes that each begins with."""

from dataclasses import dataclass
from typing import Final

from studio.contracts.assets import AssetKind

HEAD_BYTES: Final = 8192
"""What is read of a file's beginning. The longest look is for MP3 frames after a tag's end."""


@dataclass(frozen=True)
class SniffedType:
    """What a file is. `extension` has its dot and is the one that we store it with."""

    kind: AssetKind
    media_type: str
    extension: str


PNG: Final = SniffedType(AssetKind.IMAGE, "image/png", ".png")
JPEG: Final = SniffedType(AssetKind.IMAGE, "image/jpeg", ".jpg")
WEBP: Final = SniffedType(AssetKind.IMAGE, "image/webp", ".webp")
MP3: Final = SniffedType(AssetKind.AUDIO, "audio/mpeg", ".mp3")
WAV: Final = SniffedType(AssetKind.AUDIO, "audio/wav", ".wav")
M4A: Final = SniffedType(AssetKind.AUDIO, "audio/mp4", ".m4a")
FLAC: Final = SniffedType(AssetKind.AUDIO, "audio/flac", ".flac")
OGG: Final = SniffedType(AssetKind.AUDIO, "audio/ogg", ".ogg")
MP4: Final = SniffedType(AssetKind.VIDEO, "video/mp4", ".mp4")
MOV: Final = SniffedType(AssetKind.VIDEO, "video/quicktime", ".mov")
WEBM: Final = SniffedType(AssetKind.VIDEO, "video/webm", ".webm")
PDF: Final = SniffedType(AssetKind.DOCUMENT, "application/pdf", ".pdf")
DOCX: Final = SniffedType(
    AssetKind.DOCUMENT,
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".docx",
)
TXT: Final = SniffedType(AssetKind.DOCUMENT, "text/plain; charset=utf-8", ".txt")
MARKDOWN: Final = SniffedType(AssetKind.DOCUMENT, "text/markdown; charset=utf-8", ".md")

TEXT_TYPES: Final = {".txt": TXT, ".md": MARKDOWN, ".markdown": MARKDOWN}

EXTENSIONS: Final = {
    PNG: frozenset({".png"}),
    JPEG: frozenset({".jpg", ".jpeg", ".jpe", ".jfif"}),
    WEBP: frozenset({".webp"}),
    MP3: frozenset({".mp3"}),
    WAV: frozenset({".wav", ".wave"}),
    M4A: frozenset({".m4a", ".m4b", ".mp4"}),
    FLAC: frozenset({".flac"}),
    OGG: frozenset({".ogg", ".oga", ".opus"}),
    MP4: frozenset({".mp4", ".m4v", ".mov"}),
    MOV: frozenset({".mov", ".qt", ".mp4"}),
    WEBM: frozenset({".webm", ".weba"}),
    PDF: frozenset({".pdf"}),
    DOCX: frozenset({".docx"}),
    TXT: frozenset({".txt"}),
    MARKDOWN: frozenset({".md", ".markdown"}),
}
"""The extensions that a file of each type may have. Phones name MP4 and MOV for each other."""

ACCEPTED: Final = (
    "images (PNG, JPEG, WebP), audio (MP3, WAV, M4A, FLAC, OGG), video (MP4, MOV, WebM) and "
    "documents (PDF, DOCX, TXT, MD)"
)

_MAGIC: Final = {
    b"\x89PNG\r\n\x1a\n": PNG,
    b"\xff\xd8\xff": JPEG,
    b"%PDF-": PDF,
    b"fLaC\x00\x00\x00\x22": FLAC,
    b"fLaC\x80\x00\x00\x22": FLAC,
}
"""FLAC begins with a STREAMINFO block of 34 bytes, the last block or not (RFC 9639, 8.2)."""

_EBML_MAGIC: Final = b"\x1a\x45\xdf\xa3"
_WEBM_DOC_TYPE: Final = b"\x42\x82\x84webm"
"""The EBML element DocType (RFC 8794, 11.2.6) of four bytes."""
_EBML_HEADER_BYTES: Final = 96

_AUDIO_BRANDS: Final = frozenset({b"M4A ", b"M4B "})
_QUICKTIME_BRAND: Final = b"qt  "
_VIDEO_BRANDS: Final = frozenset(
    {b"isom", b"mp41", b"mp42", b"avc1", b"M4V ", b"M4VH", b"MSNV", b"dash", b"3gp4", b"3gp5"}
    | {b"iso%d" % number for number in range(2, 10)}
)
_QUICKTIME_ATOMS: Final = frozenset({b"moov", b"mdat", b"wide"})
"""What a QuickTime file may start with that is older than `ftyp`."""

_OGG_PAGE_MAGIC: Final = b"OggS\x00"
_OGG_SEGMENT_COUNT: Final = 26
"""The offset of the byte that says how long the segment table after it is (RFC 3533, 6)."""

_OGG_AUDIO: Final = (b"\x01vorbis", b"OpusHead", b"\x7fFLAC", b"Speex   ")


def sniff_binary(head: bytes) -> SniffedType | None:
    """The type that the first bytes of a file tell, or None. DOCX and text are told elsewhere."""
    for magic, sniffed in _MAGIC.items():
        if head.startswith(magic):
            return sniffed
    if head.startswith(b"RIFF"):
        return {b"WEBP": WEBP, b"WAVE": WAV}.get(head[8:12])
    if head.startswith(_OGG_PAGE_MAGIC):
        return _sniff_ogg(head)
    if head.startswith(_EBML_MAGIC):
        return WEBM if _WEBM_DOC_TYPE in head[:_EBML_HEADER_BYTES] else None
    return _sniff_iso_media(head)


def _sniff_ogg(head: bytes) -> SniffedType | None:
    """Ogg holds many things; the first packet, behind the segment table, names the codec."""
    if len(head) <= _OGG_SEGMENT_COUNT:
        return None
    packet = _OGG_SEGMENT_COUNT + 1 + head[_OGG_SEGMENT_COUNT]
    return OGG if head.startswith(_OGG_AUDIO, packet) else None


def _sniff_iso_media(head: bytes) -> SniffedType | None:
    if head[4:8] != b"ftyp":
        return MOV if head[4:8] in _QUICKTIME_ATOMS else None
    brand = head[8:12]
    if brand in _AUDIO_BRANDS:
        return M4A
    if brand == _QUICKTIME_BRAND:
        return MOV
    return MP4 if brand in _VIDEO_BRANDS else None
