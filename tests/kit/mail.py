"""A mailer that keeps what it was given, and one that fails."""

import re

from studio.mail.errors import MailNotSent
from studio.mail.ports import Message

_LINK = re.compile(r"https?://\S+")


class MemoryMailer:
    """`away` is a mail server that cannot be reached."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.away = False

    def send(self, message: Message) -> None:
        if self.away:
            raise MailNotSent("ConnectionRefusedError")
        self.sent.append(message)

    def subjects(self, to: str) -> list[str]:
        return [message.subject for message in self.sent if message.to == to]

    def last_link(self, to: str) -> str:
        """The link of the newest message to somebody."""
        newest = [message for message in self.sent if message.to == to][-1]
        found = _LINK.search(newest.text)
        assert found is not None
        return found.group()
