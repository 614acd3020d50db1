"""The root of every error that the studio raises on purpose."""

from typing import ClassVar


class StudioError(Exception):
    """A failure that was foreseen, with a plain sentence for the person who reads it.

    HTTP statuses are assigned in `gateway/errors.py` and Temporal's retryability in
    `activities/errors.py`; the domain knows of neither. `code` is stable and machine-readable.
    """

    code: ClassVar[str] = "studio_error"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail
