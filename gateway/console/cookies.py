"""The console's two cookies: who is signed in, and which browser a form was given to.

Over https their names begin with `__Host-`, so that no other host of the domain can set them.
"""

import secrets
from datetime import datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

_SESSION: Final = "fvs_session"
_VISIT: Final = "fvs_visit"
_HOST_PREFIX: Final = "__Host-"
VISIT_BYTES: Final = 32
TOKEN_LENGTH_MAX: Final = 128
"""Ours have 43 characters; what is longer is not worth hashing."""


class Cookies:
    """Reads and sets them. `is_secure` says that pages are served over https."""

    def __init__(self, *, is_secure: bool) -> None:
        self._is_secure = is_secure

    def session(self, request: Request) -> str | None:
        return self._read(request, _SESSION)

    def visit(self, request: Request) -> str | None:
        return self._read(request, _VISIT)

    def open_session(self, response: Response, token: str, *, ends_at: datetime) -> None:
        self._set(response, _SESSION, token, ends_at)

    def end_session(self, response: Response) -> None:
        response.delete_cookie(
            self._name(_SESSION), path="/", secure=self._is_secure, httponly=True, samesite="lax"
        )

    def open_visit(self, response: Response, token: str) -> None:
        """It ends with the browser."""
        self._set(response, _VISIT, token, None)

    def _read(self, request: Request, name: str) -> str | None:
        token = request.cookies.get(self._name(name))
        return token if token and len(token) <= TOKEN_LENGTH_MAX and token.isascii() else None

    def _set(self, response: Response, name: str, token: str, ends_at: datetime | None) -> None:
        response.set_cookie(
            self._name(name),
            token,
            expires=ends_at,
            path="/",
            secure=self._is_secure,
            httponly=True,
            samesite="lax",
        )

    def _name(self, name: str) -> str:
        return _HOST_PREFIX + name if self._is_secure else name


def new_visit() -> str:
    return secrets.token_urlsafe(VISIT_BYTES)
