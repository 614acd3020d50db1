"""The mailer of the settings."""

import sys
from datetime import UTC, datetime

from runtime.settings import Settings
from runtime.settings_mail import mail_place, mail_sender
from studio.mail.console import ConsoleMailer
from studio.mail.ports import Mailer
from studio.mail.smtp import SmtpMailer


def open_mailer(settings: Settings) -> Mailer:
    """Writes to standard output, or sends; nothing is connected before there is a mail."""
    place = mail_place(settings.mail_url)
    if place is None:
        return ConsoleMailer(_write)
    return SmtpMailer(place, sender=mail_sender(settings.mail_from), now=lambda: datetime.now(UTC))


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
