"""The port of mail: one short text to one person."""

from dataclasses import dataclass, field
from typing import Final, Protocol

from studio.contracts.limits import NAME_LENGTH_MAX
from studio.mail.errors import InvalidMessage

ADDRESS_LENGTH_MAX: Final = 254
"""RFC 5321's 256 octets of a path, less its two brackets."""
TEXT_LENGTH_MAX: Final = 20_000


@dataclass(frozen=True)
class Message:
    """`to` is a bare address. Neither it nor the text is shown: the text may carry a link.

    Raises InvalidMessage where a line break, or a second recipient, could be smuggled in.
    """

    to: str = field(repr=False)
    subject: str
    text: str = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.to) > ADDRESS_LENGTH_MAX or not _is_one_address(self.to):
            raise InvalidMessage("A message goes to one plain e-mail address.")
        if not 0 < len(self.subject) <= NAME_LENGTH_MAX or not self.subject.isprintable():
            raise InvalidMessage("A subject is one line of printable characters.")
        if len(self.text) > TEXT_LENGTH_MAX or "\0" in self.text:
            raise InvalidMessage(f"A message has up to {TEXT_LENGTH_MAX} characters.")


class Mailer(Protocol):
    """Sends, or raises MailNotSent. Called in a thread, and may take as long as its own limits."""

    def send(self, message: Message) -> None: ...


def _is_one_address(text: str) -> bool:
    local, _, domain = text.rpartition("@")
    return (
        bool(local and domain)
        and text.isprintable()
        and not any(character in ' ,;<>()[]":\\@' for character in local + domain)
    )
