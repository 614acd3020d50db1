"""E-mail addresses as they are compared."""

import unicodedata

from email_validator import EmailNotValidError, validate_email

from studio.identity.errors import InvalidEmail
from studio.identity.tables import EMAIL_LENGTH_MAX


def normalise_email(text: str) -> str:
    """The one spelling of an address: Unicode's composed form, in lower case. Raises InvalidEmail.

    A domain in Punycode is the same as in its own letters. No mailbox of today tells `Ada@` from
    `ada@`; letters that only look alike, or only fold into each other, as `ß` does, stay apart, so
    that nobody is sent another one's link. Whether mail arrives is not asked.
    """
    if len(text) > EMAIL_LENGTH_MAX:
        raise InvalidEmail
    try:
        found = validate_email(text.strip(" "), check_deliverability=False)
    except (EmailNotValidError, UnicodeError):
        raise InvalidEmail from None
    email = unicodedata.normalize("NFC", found.normalized.lower())
    if len(email) > EMAIL_LENGTH_MAX:
        raise InvalidEmail
    return email
