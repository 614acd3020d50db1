"""Signed URLs of this service's own files, made the way Google's V4 signing is made.

The canonical request is method, path, sorted query and host; its SHA-256 goes with the time and the
key's id into a string to sign, whose HMAC-SHA256 is the signature. The shape is that of
https://cloud.google.com/storage/docs/authentication/canonical-requests with parameters of our own.
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Final
from urllib.parse import quote, urlsplit

from studio.contracts.errors import StudioError
from studio.storage.port import SignedUrl

SIGNED_LIFETIME_SECONDS_MAX: Final = 604_800
"""Seven days, as Google's and Amazon's V4 signatures."""

CLOCK_SKEW_SECONDS_MAX: Final = 900
"""How far ahead a signature's date may be: fifteen minutes, as Google and Amazon allow."""

SECRET_BYTES_MIN: Final = 32
"""An HMAC key shorter than its hash weakens it (RFC 2104, section 3)."""

_ALGORITHM: Final = "FVS4-HMAC-SHA256"
_CREDENTIAL: Final = "X-FVS-Credential"
_DATE: Final = "X-FVS-Date"
_EXPIRES: Final = "X-FVS-Expires"
_SIGNATURE: Final = "X-FVS-Signature"
_DATE_FORMAT: Final = "%Y%m%dT%H%M%SZ"
_DATE_PATTERN: Final = re.compile(r"[0-9]{8}T[0-9]{6}Z")
_EXPIRES_PATTERN: Final = re.compile(r"[1-9][0-9]{0,5}")
_KEY_ID_PATTERN: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")

Query = Sequence[tuple[str, str]]


class SignatureInvalid(StudioError):
    """The URL was not signed by us, or was changed since."""

    code: ClassVar[str] = "signature_invalid"


class SignatureExpired(StudioError):
    """The URL was ours, and its time is up."""

    code: ClassVar[str] = "signature_expired"


@dataclass(frozen=True)
class SigningKey:
    """`id` is public and names the key in the URL; `secret` has at least 32 bytes."""

    id: str
    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if _KEY_ID_PATTERN.fullmatch(self.id) is None:
            raise ValueError("a signing key's id has 1 to 64 letters, digits, '-' and '_'")
        if len(self.secret) < SECRET_BYTES_MIN:
            raise ValueError(f"a signing key's secret has at least {SECRET_BYTES_MIN} bytes")


class UrlSigner:
    """Signs with the first key and verifies with any, so that keys can be rotated."""

    def __init__(self, keys: Sequence[SigningKey]) -> None:
        """The current key first, then the previous ones. Raises ValueError without a key."""
        if not keys:
            raise ValueError("a signer needs at least one key")
        self._current = keys[0]
        self._secrets = {key.id: key.secret for key in keys}
        if len(self._secrets) != len(keys):
            raise ValueError("two signing keys have the same id")

    def sign(
        self,
        path: str,
        *,
        base_url: str,
        now: datetime,
        lifetime: timedelta,
        query: Query = (),
    ) -> SignedUrl:
        """Sign a GET of `path` (and so a HEAD) on the host of `base_url`.

        `path` is this service's own, unescaped, without the path that `base_url` may have: a
        proxy that strips such a prefix changes nothing. `query` is signed with it. `lifetime` is
        1 second to 7 days; otherwise ValueError.
        """
        seconds = int(lifetime.total_seconds())
        if not 1 <= seconds <= SIGNED_LIFETIME_SECONDS_MAX:
            raise ValueError(f"a signed URL lives 1 to {SIGNED_LIFETIME_SECONDS_MAX} seconds")
        signed_at = now.astimezone(UTC).replace(microsecond=0)
        pairs = [
            *query,
            (_CREDENTIAL, self._current.id),
            (_DATE, signed_at.strftime(_DATE_FORMAT)),
            (_EXPIRES, str(seconds)),
        ]
        signature = _signature(self._current.secret, path, pairs, host=urlsplit(base_url).netloc)
        signed_query = f"{_encode_query(pairs)}&{_SIGNATURE}={signature}"
        return SignedUrl(
            url=f"{base_url.rstrip('/')}{_encode_path(path)}?{signed_query}",
            expires_at=signed_at + timedelta(seconds=seconds),
        )

    def verify(self, method: str, host: str, path: str, query: Query, now: datetime) -> None:
        """Check a request against its signature.

        `host` is the Host header as received, `path` unescaped and without a proxy's prefix,
        `query` all decoded pairs. Raises SignatureInvalid, or SignatureExpired for a signature
        that is ours: whoever forges one learns nothing about time.
        """
        if method not in {"GET", "HEAD"}:
            raise SignatureInvalid("A signed URL can be read only with GET or HEAD.")
        credential, date, expires, signature = (
            _only(query, name) for name in (_CREDENTIAL, _DATE, _EXPIRES, _SIGNATURE)
        )
        secret = self._secrets.get(credential)
        if secret is None:
            raise SignatureInvalid("The URL's signature was made with a key that is not in use.")
        pairs = [pair for pair in query if pair[0] != _SIGNATURE]
        expected = _signature(secret, path, pairs, host=host)
        if not hmac.compare_digest(expected.encode(), signature.encode(errors="replace")):
            raise SignatureInvalid("The URL's signature does not match; use the URL unchanged.")
        _check_times(date, expires, now)


def _check_times(date: str, expires: str, now: datetime) -> None:
    if _DATE_PATTERN.fullmatch(date) is None or _EXPIRES_PATTERN.fullmatch(expires) is None:
        raise SignatureInvalid("The URL's signature has no valid date.")
    if int(expires) > SIGNED_LIFETIME_SECONDS_MAX:
        raise SignatureInvalid("The URL's signature claims to live longer than seven days.")
    signed_at = datetime.strptime(date, _DATE_FORMAT).replace(tzinfo=UTC)
    if signed_at > now + timedelta(seconds=CLOCK_SKEW_SECONDS_MAX):
        raise SignatureInvalid("The URL's signature is dated in the future.")
    if now >= signed_at + timedelta(seconds=int(expires)):
        raise SignatureExpired("The URL has expired; ask for the status again to get a new one.")


def _only(query: Query, name: str) -> str:
    values = [value for key, value in query if key == name]
    if len(values) != 1:
        raise SignatureInvalid(f"A signed URL has exactly one {name} parameter.")
    return values[0]


def _signature(secret: bytes, path: str, pairs: Query, *, host: str) -> str:
    values = dict(pairs)
    canonical_request = "\n".join(
        ["GET", _encode_path(path), _encode_query(pairs), f"host:{_canonical_host(host)}"]
    )
    digest = hashlib.sha256(canonical_request.encode()).hexdigest()
    to_sign = "\n".join([_ALGORITHM, values[_DATE], values[_CREDENTIAL], digest])
    return hmac.new(secret, to_sign.encode(errors="replace"), hashlib.sha256).hexdigest()


def _encode_path(path: str) -> str:
    return quote(path, safe="/~", errors="replace")


def _encode_query(pairs: Query) -> str:
    encoded = (
        f"{quote(key, safe='~', errors='replace')}={quote(value, safe='~', errors='replace')}"
        for key, value in pairs
    )
    return "&".join(sorted(encoded))


def _canonical_host(host: str) -> str:
    """Lower case, without a default port: clients leave it out of the Host header or not."""
    return re.sub(r":(80|443)$", "", host.lower())
