"""The MIME types of what the studio stores, by file extension.

A table of our own: the standard library's `mimetypes` reads the machine's files and so answers
differently from one machine to the next.
"""

from typing import Final

UNKNOWN_MEDIA_TYPE: Final = "application/octet-stream"

MEDIA_TYPES: Final = {
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".flac": "audio/flac",
    ".jpg": "image/jpeg",
    ".json": "application/json",
    ".m4a": "audio/mp4",
    ".md": "text/markdown; charset=utf-8",
    ".mkv": "video/x-matroska",
    ".mov": "video/quicktime",
    ".mp3": "audio/mpeg",
    ".mp4": "video/mp4",
    ".ogg": "audio/ogg",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".txt": "text/plain; charset=utf-8",
    ".vtt": "text/vtt; charset=utf-8",
    ".wav": "audio/wav",
    ".webm": "video/webm",
    ".webp": "image/webp",
}


def media_type_of(key: str) -> str:
    """The MIME type that a key's extension stands for."""
    stem, dot, extension = key.rpartition(".")
    if not stem:
        return UNKNOWN_MEDIA_TYPE
    return MEDIA_TYPES.get(dot + extension, UNKNOWN_MEDIA_TYPE)
