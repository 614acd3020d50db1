"""Mail for development: written where the process writes, for whoever sits in front of it."""

from collections.abc import Callable

from studio.mail.ports import Message

_FRAME = "-" * 24


class ConsoleMailer:
    """Writes messages whole, links too. `write` takes a text of several lines."""

    def __init__(self, write: Callable[[str], object]) -> None:
        self._write = write

    def send(self, message: Message) -> None:
        text = "".join(c if c.isprintable() or c == "\n" else "?" for c in message.text)
        lines = (
            f"{_FRAME} mail {_FRAME}",
            f"To: {message.to}",
            f"Subject: {message.subject}",
            "",
            text.rstrip("\n"),
            f"{_FRAME} ends {_FRAME}",
        )
        self._write("\n".join(lines) + "\n")
