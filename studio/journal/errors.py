"""What can go wrong with the attempt journal."""

from typing import ClassVar

from studio.contracts.errors import StudioError


class JournalError(StudioError):
    code: ClassVar[str] = "journal_error"


class AttemptConflict(JournalError):
    """An attempt id was used for two different requests: a bug, never worth a retry."""

    code: ClassVar[str] = "attempt_conflict"
