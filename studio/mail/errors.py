"""What the sending of mail runs into. No sentence repeats what was to be sent, or to whom."""

from typing import ClassVar

from studio.contracts.errors import StudioError


class MailError(StudioError):
    code: ClassVar[str] = "mail_error"


class InvalidMessage(MailError):
    """A recipient or a subject that would become something else in a mail's head."""

    code: ClassVar[str] = "invalid_message"


class MailNotSent(MailError):
    """The mail server is away, slow or refuses; `reason` is a word for the log."""

    code: ClassVar[str] = "mail_not_sent"

    def __init__(self, reason: str) -> None:
        super().__init__("The mail could not be sent.")
        self.reason = reason
