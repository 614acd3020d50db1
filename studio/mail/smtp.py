"""Mail through an SMTP server, over TLS."""

import secrets
import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from typing import Final, Literal

from email_validator import EmailNotValidError, validate_email

from studio.mail.errors import MailNotSent
from studio.mail.ports import Message

TIMEOUT_SECONDS: Final = 10.0
"""For the connection, and for each answer of the server."""
_MESSAGE_ID_BYTES: Final = 16

Security = Literal["starttls", "tls", "none"]
"""`starttls` begins in the clear and goes on encrypted or not at all; `tls` is so from the start;
`none` is for a relay on this machine."""


@dataclass(frozen=True)
class SmtpPlace:
    """A mail server and how it is spoken to. A password is only ever sent encrypted."""

    host: str
    port: int
    security: Security = "starttls"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    timeout_seconds: float = TIMEOUT_SECONDS

    def __post_init__(self) -> None:
        if self.password is not None and self.security == "none":
            raise ValueError("a password is not sent without TLS")


class SmtpMailer:
    """Opens a connection for each message: there are few, and none is left open for nothing."""

    def __init__(
        self,
        place: SmtpPlace,
        *,
        sender: Address,
        now: Callable[[], datetime],
        trust: ssl.SSLContext | None = None,
    ) -> None:
        """`trust` says whose certificates are believed: by default those that the machine does."""
        self._place = place
        self._sender = sender
        self._now = now
        self._trust = trust or ssl.create_default_context()

    def send(self, message: Message) -> None:
        """Raises MailNotSent, whose reason is the name of what happened and never its words."""
        place = self._place
        try:
            mail = self._composed(message)
            with self._connection() as connection:
                if place.security == "starttls":
                    connection.starttls(context=self._trust)
                if place.username is not None and place.password is not None:
                    connection.login(place.username, place.password)
                connection.send_message(mail)
        except (smtplib.SMTPException, OSError, ValueError, EmailNotValidError) as error:
            # `from None`: a server's answer may repeat the message, or what it was told.
            raise MailNotSent(type(error).__name__) from None

    def _connection(self) -> smtplib.SMTP:
        place, own_name = self._place, self._sender.domain
        if place.security == "tls":
            return smtplib.SMTP_SSL(
                place.host,
                place.port,
                own_name,
                timeout=place.timeout_seconds,
                context=self._trust,
            )
        return smtplib.SMTP(place.host, place.port, own_name, timeout=place.timeout_seconds)

    def _composed(self, message: Message) -> EmailMessage:
        mail = EmailMessage(policy=SMTP_POLICY)
        mail["From"] = self._sender
        mail["To"] = _recipient(message.to)
        mail["Subject"] = message.subject
        mail["Date"] = self._now()
        mail["Message-ID"] = f"<{secrets.token_hex(_MESSAGE_ID_BYTES)}@{self._sender.domain}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(message.text)
        return mail


def _recipient(address: str) -> str:
    """With its domain as DNS has it: a server need not know of other letters there."""
    found = validate_email(address, check_deliverability=False)
    return f"{found.local_part}@{found.ascii_domain}"
