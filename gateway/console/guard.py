"""Whether a page of ours sent a form: cross-site request forgery ends here.

Two proofs, and both are needed. The browser's own word, `Sec-Fetch-Site`, or `Origin` where it
sends none, which no page can forge; and a token that only our page of this very session has.
"""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from typing import ClassVar, Final

from starlette.datastructures import Headers

from studio.contracts.errors import StudioError

_PURPOSE: Final = b"future-video-studio console form"
_OWN_SITES: Final = frozenset({"same-origin", "none"})
_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class ForeignForm(StudioError):
    """A form that no page of ours sent, or one of a session that has ended."""

    code: ClassVar[str] = "foreign_form"

    def __init__(self) -> None:
        super().__init__("This form is not from a page of this session; load the page again.")


def csrf_token(secret: str) -> str:
    """The token of a session or a visit: from it nobody gets at the cookie."""
    digest = hmac.new(secret.encode(), _PURPOSE, hashlib.sha256).digest()
    return urlsafe_b64encode(digest).decode().rstrip("=")


def check_origin(method: str, headers: Headers, *, base_url: str) -> None:
    """ForeignForm unless an unsafe request comes from a page of this origin."""
    if method in _SAFE_METHODS:
        return
    site = headers.get("sec-fetch-site")
    if site is not None:
        if site not in _OWN_SITES:
            raise ForeignForm
        return
    if headers.get("origin") != base_url:
        raise ForeignForm


def check_csrf(given: str, secret: str | None) -> None:
    """ForeignForm unless the token is that of the session or the visit."""
    if secret is None or not hmac.compare_digest(given.encode(), csrf_token(secret).encode()):
        raise ForeignForm
