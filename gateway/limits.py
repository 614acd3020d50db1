"""How much one account may have going on, and how large a body may be."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ClassVar, Final

from studio.contracts.errors import StudioError
from studio.contracts.limits import MEBIBYTE, REQUEST_JSON_BYTES_MAX
from studio.ingest.forms import FormLimits

UPLOADS_IN_FLIGHT_PER_ACCOUNT_MAX: Final = 8
"""Each may take 500 MiB of scratch space: this bounds what one key can fill at once."""
SUBMISSION_BYTES_MAX: Final = FormLimits().form_bytes_max
"""A whole submission on the wire: files, request and the form's syntax."""
JSON_BODY_BYTES_MAX: Final = REQUEST_JSON_BYTES_MAX
BODY_PAUSE_SECONDS_MAX: Final = 60.0
"""nginx's own `client_body_timeout`: a caller that is silent for longer is gone."""
BODY_SECONDS_MAX: Final = 3600.0
"""500 MiB at 1.2 Mbit/s."""
INSPECTIONS_AT_ONCE_MAX: Final = 4
"""Each may take a processor and 1.5 GiB: this bounds what all callers together can make of that."""
RETRY_AFTER_BUSY_SECONDS: Final = 30
"""A render takes minutes; asking sooner finds the same renders running."""
_LENGTH_DIGITS_MAX: Final = 20
"""As many as HTTP parsers take of a Content-Length."""


class TooManyRenders(StudioError):
    """The account has as many unfinished renders as it may."""

    code: ClassVar[str] = "too_many_renders"

    def __init__(self, active_max: int) -> None:
        super().__init__(
            f"This account already has as many renders that have not ended as it may "
            f"({active_max}); wait for one to end or cancel one."
        )


class TooManyUploads(StudioError):
    """The account is sending as many submissions at once as it may."""

    code: ClassVar[str] = "too_many_uploads"

    def __init__(self) -> None:
        super().__init__(
            f"This account is already sending {UPLOADS_IN_FLIGHT_PER_ACCOUNT_MAX} submissions; "
            "wait for one of them."
        )


class BodyTooLarge(StudioError):
    """The body is larger than any valid one."""

    code: ClassVar[str] = "body_too_large"

    def __init__(self, bytes_max: int) -> None:
        size = f"{bytes_max // MEBIBYTE} MiB" if bytes_max >= MEBIBYTE else f"{bytes_max} bytes"
        super().__init__(f"The request's body is larger than the {size} allowed here.")


class BodyTooSlow(StudioError):
    """The body did not come in time."""

    code: ClassVar[str] = "body_too_slow"


@dataclass(frozen=True)
class BodyPatience:
    """How long a body may take. A caller who vanished would hold an upload slot for ever."""

    pause_seconds_max: float = BODY_PAUSE_SECONDS_MAX
    seconds_max: float = BODY_SECONDS_MAX


class UploadSlots:
    """Counts the submissions that each account is sending to this process."""

    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()

    @contextmanager
    def take(self, account_id: str) -> Iterator[None]:
        """Hold a slot while the body is read. TooManyUploads if none is free."""
        if self._taken[account_id] >= UPLOADS_IN_FLIGHT_PER_ACCOUNT_MAX:
            raise TooManyUploads
        self._taken[account_id] += 1
        try:
            yield
        finally:
            self._taken[account_id] -= 1
            if not self._taken[account_id]:
                del self._taken[account_id]


def refuse_announced_excess(content_length: str | None, bytes_max: int) -> None:
    """BodyTooLarge if the caller says beforehand that the body is; a false word is caught later."""
    if content_length is None or not (content_length.isascii() and content_length.isdigit()):
        return
    if len(content_length) > _LENGTH_DIGITS_MAX or int(content_length) > bytes_max:
        raise BodyTooLarge(bytes_max)
