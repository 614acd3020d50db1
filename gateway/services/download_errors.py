"""Why a film was not saved. No sentence repeats the address, which is signed."""

from typing import ClassVar

from studio.contracts.errors import StudioError


class DownloadError(StudioError):
    """A film was not saved, and nothing is left of the attempt."""

    code: ClassVar[str] = "download_failed"


class UrlNotAllowed(DownloadError):
    """The address is not one of a film of ours."""

    code: ClassVar[str] = "url_not_allowed"


class PathNotAllowed(DownloadError):
    """The path cannot be written to, or leads out of the folder of downloads."""

    code: ClassVar[str] = "path_not_allowed"


class FileExists(DownloadError):
    """There is a file already, which was not touched."""

    code: ClassVar[str] = "file_exists"


class UrlExpired(DownloadError):
    """The signature has run out: a status tool gives a fresh address."""

    code: ClassVar[str] = "expired"


class FilmGone(DownloadError):
    """The store has no such film."""

    code: ClassVar[str] = "not_found"


class NotAFilm(DownloadError):
    """What came is no video, or nothing."""

    code: ClassVar[str] = "not_a_video"


class FilmTooLarge(DownloadError):
    """More came, or was announced, than a film can have."""

    code: ClassVar[str] = "too_large"


class DownloadTooSlow(DownloadError):
    """The time of one download is over."""

    code: ClassVar[str] = "timed_out"


class DiskRefused(DownloadError):
    """The disk takes no more, or not from us."""

    code: ClassVar[str] = "not_saved"


class FilmUnavailable(DownloadError):
    """The store does not answer just now. Trying again may help."""

    code: ClassVar[str] = "unavailable"


class DownloadsBusy(DownloadError):
    """As many downloads are under way as may be at once. Trying again helps."""

    code: ClassVar[str] = "rate_limited"
