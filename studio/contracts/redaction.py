"""Takes keys, tokens and signatures out of what logs, traces and histories are about to keep."""

import re
from collections.abc import Mapping
from typing import Final

REDACTED: Final = "[redacted]"

DEPTH_MAX: Final = 16
"""Deeper structures are replaced whole: no event of ours is a third as deep."""

SECRET_FIELDS: Final = frozenset(
    {
        "access_token",
        "api_key",
        "authorization",
        "claim_token",
        "client_secret",
        "cookie",
        "fal_key",
        "google_api_key",
        "key_pepper",
        "key_pepper_previous",
        "kling_api_key",
        "password",
        "mail_url",
        "private_key",
        "proxy_authorization",
        "refresh_token",
        "secret",
        "set_cookie",
        "signature",
        "signing_key",
        "signing_key_previous",
        "token",
        "mpp_secret",
        "mpp_secret_previous",
        "spt",
        "shared_payment_granted_token",
        "stripe_secret_key",
        "stripe_signature",
        "stripe_webhook_secret",
        "x_amz_credential",
        "x_amz_security_token",
        "x_amz_signature",
        "x_api_key",
        "x_fvs_agent_key",
        "x_fvs_signature",
        "x_goog_api_key",
        "x_goog_credential",
        "x_goog_signature",
    }
)
"""Names of fields and headers whose whole value goes, in lower case with underscores."""

_FIELD_NAMES: Final = "|".join(
    sorted((name.replace("_", "[-_]") for name in SECRET_FIELDS), key=len, reverse=True)
)

_PATTERNS: Final = (
    # An agent key keeps its kind, which tells a test key from a live one; so does a claim token.
    (re.compile(r"\b(fvs_(?:live|test|claim)_)[0-9A-Za-z]+"), rf"\1{REDACTED}"),
    # A mailed link sets a password by its path alone.
    (re.compile(r"(?<=/reset/)[0-9A-Za-z_-]{20,}"), REDACTED),
    # `Authorization: Bearer …` and other headers up to the end of the line.
    (
        re.compile(r"(?i)\b((?:proxy-)?authorization|(?:set-)?cookie)(['\"]?\s*[:=]\s*)[^\r\n]+"),
        rf"\1\2{REDACTED}",
    ),
    (re.compile(r"(?i)\b(bearer|payment)\s+[0-9A-Za-z._~+/=-]{16,}"), rf"\1 {REDACTED}"),
    # `name=value` in URLs, `"name": "value"` in JSON and reprs, `name: value` in headers.
    (
        re.compile(
            rf"(?i)(?<![0-9a-z])({_FIELD_NAMES})(\\?['\"]?\s*[:=]\s*b?\\?['\"]?)"
            r"(?!\[redacted\])[^\s&'\"\\,;)}\]]+"
        ),
        rf"\1\2{REDACTED}",
    ),
    # `scheme://user:password@host`
    (re.compile(r"(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"), REDACTED),
    # Google's API keys and Stripe's secrets have shapes of their own.
    (re.compile(r"\bAIza[0-9A-Za-z_-]{30,}"), REDACTED),
    (
        # Also after an underscore, as in an idempotency key made with a token.
        re.compile(r"(?<![0-9A-Za-z])((?:sk|rk)_(?:live|test)|whsec|spt(?:_test)?)_[0-9A-Za-z]+"),
        rf"\1_{REDACTED}",
    ),
)


_SUSPICIOUS: Final = re.compile(
    r"[:=]|/reset/|fvs_|AIza|[sr]k_|whsec|spt_|[Bb][Ee][Aa][Rr][Ee][Rr]|[Pp][Aa][Yy][Mm][Ee][Nn][Tt]"
)
"""Every pattern needs one of these. Most texts of a log line have none, which saves the others."""


def redact_text(text: str) -> str:
    """The text without its secrets. Done twice, the result is the same."""
    if not _SUSPICIOUS.search(text):
        return text
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


def redact(value: object, depth: int = 0) -> object:
    """The value without its secrets, made of what JSON knows; nothing is changed in place."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if depth >= DEPTH_MAX:
        return "[too deep]"
    if isinstance(value, Mapping):
        return {
            redact_text(str(key)): REDACTED if _is_secret(key) else redact(item, depth + 1)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [redact(item, depth + 1) for item in value]
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    return redact_text(text)


def _is_secret(name: object) -> bool:
    text = name.decode("ascii", "replace") if isinstance(name, bytes) else str(name)
    return text.lower().replace("-", "_") in SECRET_FIELDS
