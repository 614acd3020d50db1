"""What can go wrong with a media file or the programs that work on it."""

from typing import ClassVar

from studio.contracts.errors import StudioError


class MediaError(StudioError):
    """A media program failed. `detail` ends with what it printed last."""

    code: ClassVar[str] = "media_failed"


class MediaTimeout(MediaError):
    """A media program did not end in the time it was given, and was killed."""

    code: ClassVar[str] = "media_timeout"


class DiskFull(MediaError):
    """The disk, or its quota, had no room for the result. Trying again may help."""

    code: ClassVar[str] = "disk_full"


class UndecodableMedia(MediaError):
    """The file is not a sound file of its type, or breaks a limit. Trying again cannot help."""

    code: ClassVar[str] = "undecodable_media"
