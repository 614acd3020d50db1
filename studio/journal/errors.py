"""What can go wrong with the attempt journal."""

from typing import ClassVar

from studio.contracts.errors import StudioError


class JournalError(StudioError):
    code: ClassVar[str] = "journal_error"


class AttemptConflict(JournalError):
    """An attempt id was used for two different requests: a bug, never worth a retry."""

    code: ClassVar[str] = "attempt_conflict"


class TriesExhausted(JournalError):
    """A call may have been paid for as often as is allowed, and has no result: no more of it."""

    code: ClassVar[str] = "tries_exhausted"

    def __init__(self, provider: str, tries: int) -> None:
        super().__init__(
            f"{provider} was asked {tries} times and gave no answer that could be kept; it is not "
            "asked again."
        )
