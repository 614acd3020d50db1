"""How the sending of mail is configured: an address of a server, and a sender."""

from email.errors import HeaderParseError
from email.headerregistry import Address
from email.utils import parseaddr
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from email_validator import EmailNotValidError, validate_email
from pydantic import SecretStr

from studio.mail.smtp import TIMEOUT_SECONDS, Security, SmtpPlace

CONSOLE: Final = "console:"
_WANTED: Final = "must be console:, smtp://user:password@host:587 or smtps://user:password@host:465"
_PORTS: Final[dict[Security, int]] = {"starttls": 587, "tls": 465, "none": 25}
"""RFC 8314's port of submission with STARTTLS, its port of TLS from the start, and a relay's."""
_TIMEOUT_SECONDS_MAX: Final = 60.0
_OPTIONS: Final = {"security", "timeout_seconds"}


def mail_place(url: SecretStr | None) -> SmtpPlace | None:
    """The server of FVS_MAIL_URL; None for none, and for `console:`.

    Options are `security=none` for a relay without TLS, and `timeout_seconds`. ValueError for
    anything else, without a part of the URL.
    """
    if url is None or url.get_secret_value() == CONSOLE:
        return None
    try:
        return _place(url.get_secret_value())
    except ValueError:
        raise ValueError(_WANTED) from None


def mail_sender(text: str) -> Address:
    """FVS_MAIL_FROM as `name@domain` or `Name <name@domain>`. ValueError for anything else."""
    name, address = parseaddr(text if text.isprintable() else "")
    try:
        found = validate_email(address, check_deliverability=False, test_environment=True)
        return Address(name, username=found.local_part, domain=found.ascii_domain or "")
    except (EmailNotValidError, HeaderParseError, ValueError):
        raise ValueError("must be an address such as Studio <studio@studio.example>") from None


def _place(url: str) -> SmtpPlace:
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or parts.path not in ("", "/"):
        raise ValueError(_WANTED)
    if set(options) - _OPTIONS or options.get("security", "none") != "none":
        raise ValueError(_WANTED)
    security: Security = "starttls" if parts.scheme == "smtp" else "tls"
    if "security" in options:
        security = "none"
    timeout_seconds = float(options.get("timeout_seconds", TIMEOUT_SECONDS))
    if not 0 < timeout_seconds <= _TIMEOUT_SECONDS_MAX:
        raise ValueError(_WANTED)
    return SmtpPlace(
        host=parts.hostname,
        port=parts.port or _PORTS[security],
        security=security,
        username=None if parts.username is None else unquote(parts.username),
        password=None if parts.password is None else unquote(parts.password),
        timeout_seconds=timeout_seconds,
    )
