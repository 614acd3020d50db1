"""What an uploaded file may ask of its decoder, and which decoder each type gets.

Imported by the child process that decodes, so only constants live here.
"""

from typing import Final

from studio.contracts.limits import IMAGE_PIXELS_MAX, MEBIBYTE

__all__ = ["IMAGE_PIXELS_MAX"]

PNG_TYPE: Final = "image/png"
JPEG_TYPE: Final = "image/jpeg"
WEBP_TYPE: Final = "image/webp"
PDF_TYPE: Final = "application/pdf"
DOCX_TYPE: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
TEXT_TYPES: Final = ("text/plain", "text/markdown")

IMAGE_FORMATS: Final = {PNG_TYPE: "PNG", JPEG_TYPE: "JPEG", WEBP_TYPE: "WEBP"}
"""Pillow's names. No other plugin is ever asked."""

STREAM_FORMATS: Final = {
    "audio/mpeg": "mp3",
    "audio/mp3": "mp3",
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "audio/wave": "wav",
    "audio/mp4": "mov",
    "audio/x-m4a": "mov",
    "audio/flac": "flac",
    "audio/x-flac": "flac",
    "audio/ogg": "ogg",
    "video/mp4": "mov",
    "video/quicktime": "mov",
    "video/webm": "matroska",
}
"""Libavformat's demuxers. None reads playlists or follows references to other files."""

CODECS: Final = (
    *("h264", "hevc", "vp8", "vp9", "av1", "libdav1d", "mpeg4", "mjpeg", "prores", "png"),
    *("aac", "mp3", "mp3float", "mp2", "opus", "vorbis", "flac", "alac"),
    *("pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_u8", "pcm_f32le", "pcm_f64le"),
    *("pcm_s16be", "pcm_s24be", "pcm_s32be", "pcm_f32be", "pcm_alaw", "pcm_mulaw"),
)
"""The decoders that files of these types need; every other stays shut."""

ADDRESS_SPACE_BYTES_MAX: Final = 1536 * MEBIBYTE
"""A 50-megapixel picture with two working copies, or sixteen 4K reference frames, and libraries."""

WRITTEN_FILE_BYTES_MAX: Final = 768 * MEBIBYTE
"""Just above AUDIO_SECONDS_MAX of decoded sound."""

OPEN_FILES_MAX: Final = 64

INSPECT_CPU_SECONDS_MAX: Final = 20
INSPECT_TIMEOUT_SECONDS: Final = 60.0
"""Wall clock; three times the CPU time, for a machine that is busy."""

DECODE_CPU_SECONDS_MAX: Final = 120
DECODE_TIMEOUT_SECONDS: Final = 360.0

IMAGE_FRAMES_MAX: Final = 256
"""Of an animated picture only the first frame is used; more than this is no reference picture."""

REENCODED_SIDE_MAX: Final = 2048
"""What image models take as a reference; larger only costs time."""

VIDEO_SIDE_MAX: Final = 8192
VIDEO_PIXELS_MAX: Final = 36_000_000
"""8K (7680 x 4320) and a little."""

PACKETS_MAX: Final = 2_000_000
"""About ten hours of 48 kHz sound; a file of 100 MiB with more packets was made to be slow."""

FRAMES_TO_STILL_MAX: Final = 600
"""How far a frame is searched after its key frame: 10 seconds at 60 frames a second."""

VIDEO_FRAMES_MAX: Final = 6
"""How many frames of a video are looked at: enough to see what it shows and how it moves."""

FRAME_INTERVAL_SECONDS_MIN: Final = 0.5
"""Frames of a very short video that are closer show the same."""

SAMPLED_SIDE_MAX: Final = 1280
"""Frames and a document's pictures: what a model sees of eight at once, and a good reference."""

AUDIO_SECONDS_MAX: Final = 3600.0
"""What is decoded of a track: a film of ten minutes may start 50 minutes into it."""

PDF_PAGES_MAX: Final = 500
PDF_OBJECTS_MAX: Final = 100_000
PDF_PAGES_READ_MAX: Final = 200

DOCUMENT_PICTURES_MAX: Final = 8
"""A mood board has a handful; what comes after is rarely looked at."""

DOCUMENT_PICTURES_TRIED_MAX: Final = 64
"""Logos, lines and broken ones among a document's pictures that are passed over."""

DOCUMENT_PICTURE_SIDE_MIN: Final = 96
"""Less is a bullet, a rule or a logo."""

DOCUMENT_PICTURE_BYTES_MAX: Final = 32 * MEBIBYTE
DOCUMENT_PICTURES_BYTES_MAX: Final = 96 * MEBIBYTE
"""One packed picture, and all that are read: a document itself has at most 100 MiB."""

PDF_FORM_DEPTH_MAX: Final = 4
"""Drawings within drawings, as layout programs nest them."""

PDF_PICTURE_FILTERS: Final = (
    *("/FlateDecode", "/DCTDecode", "/LZWDecode", "/RunLengthDecode"),
    *("/ASCII85Decode", "/ASCIIHexDecode"),
)
"""Pixels, and JPEG. JBIG2 would start another program, and JPEG 2000 and fax are scans of text."""

ARCHIVE_ENTRIES_MAX: Final = 2_000
ARCHIVE_BYTES_MAX: Final = 256 * MEBIBYTE
ARCHIVE_RATIO_MAX: Final = 50
ARCHIVE_RATIO_FROM_BYTES: Final = 64 * MEBIBYTE
"""As PyPI's upload check: an archive that grows more than 50 times to above 64 MiB is a bomb."""

DOCUMENT_XML_BYTES_MAX: Final = 32 * MEBIBYTE
XML_DEPTH_MAX: Final = 256
XML_ELEMENTS_MAX: Final = 1_000_000
"""A novel of 500 pages has some 100,000; 35 KB of archive can hold eight million."""

DOCUMENT_CHARACTERS_MAX: Final = 20_000
"""What planning can use of one document (a page is about 3,000), and so what is read of it."""
