"""Who looks at a page: somebody signed in, or anybody."""

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from gateway.console.cookies import Cookies, new_visit
from gateway.console.guard import check_csrf, check_origin, csrf_token
from gateway.console.names import HOME, SIGN_IN, SIGN_UP
from gateway.hosts import CallerHost
from gateway.services.sessions import CurrentSession, Sessions
from studio.accounts.errors import UnknownAccount
from studio.accounts.records import Account, Principal
from studio.identity.errors import NotSignedIn

_ENTRANCES: Final = frozenset({SIGN_IN, SIGN_UP})


@dataclass(frozen=True)
class Visitor:
    """`secret` is the cookie that the page's forms are bound to; `is_new` says that the browser
    has still to be given it.
    """

    current: CurrentSession | None
    path: str
    secret: str = field(repr=False)
    is_new: bool = False

    @property
    def csrf(self) -> str:
        return csrf_token(self.secret)

    @property
    def account(self) -> Account | None:
        return None if self.current is None else self.current.account


@dataclass(frozen=True)
class Member(Visitor):
    """A visitor who is signed in."""

    current: CurrentSession

    @property
    def account(self) -> Account:
        return self.current.account

    @property
    def principal(self) -> Principal:
        return self.current.principal


class SignInNeeded(Exception):
    """The page is for members; `path` is where to come back to."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


class Visitors:
    def __init__(self, sessions: Sessions, hosts: CallerHost, cookies: Cookies) -> None:
        self._sessions = sessions
        self._hosts = hosts
        self._cookies = cookies

    async def anybody(self, request: Request) -> Visitor:
        """Whoever it is. A session that has ended is none."""
        member = await self._member(request)
        if member is not None:
            return member
        known = self._cookies.visit(request)
        return Visitor(None, request.url.path, known or new_visit(), is_new=known is None)

    async def member(self, request: Request) -> Member:
        """Who is signed in. SignInNeeded."""
        member = await self._member(request)
        if member is None:
            raise SignInNeeded(_come_back_to(request))
        return member

    async def _member(self, request: Request) -> Member | None:
        token = self._cookies.session(request)
        if token is None:
            return None
        try:
            current = await self._sessions.current(token)
        except (NotSignedIn, UnknownAccount):
            return None
        return Member(current, request.url.path, token)

    def check(self, request: Request, visitor: Visitor, csrf: str) -> None:
        """ForeignForm unless a page that this visitor was given sent the request."""
        self.check_origin(request)
        check_csrf(csrf, None if visitor.is_new else visitor.secret)

    def check_origin(self, request: Request) -> None:
        """The half of `check` that needs no body: before a large one is taken in. ForeignForm."""
        check_origin(request.method, request.headers, base_url=self._hosts.base_url(request.scope))

    def remember(self, response: Response, visitor: Visitor) -> None:
        """Give the browser what its forms are bound to."""
        if visitor.is_new:
            self._cookies.open_visit(response, visitor.secret)


def _come_back_to(request: Request) -> str:
    """Only a page can be come back to."""
    if request.method != "GET" or "hx-request" in request.headers:
        return HOME
    query = request.url.query
    return f"{request.url.path}?{query}" if query else request.url.path


def own_path(target: str) -> str:
    r"""Where somebody may be sent after signing in: a path of ours, and nothing else.

    Browsers read `//host` and `/\host` as another host, and drop tabs and newlines first.
    """
    if not target.startswith("/") or not target.isprintable() or "\\" in target:
        return HOME
    if target.startswith("//"):  # `urlsplit` would look for a host, and fail over some
        return HOME
    return HOME if urlsplit(target).path in _ENTRANCES else target
