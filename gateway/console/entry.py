"""The first page, and signing in and out."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from gateway.console.names import HOME, RENDERS, SIGN_IN, SIGN_OUT
from gateway.console.site import Next, Site, see_other
from gateway.console.visitors import Member, own_path
from gateway.limits import TooManyAttempts
from studio.identity.errors import WrongCredentials


def add_entry(router: APIRouter, site: Site) -> None:
    """The pages that anybody may see."""
    _add_home(router, site)
    _add_sign_in(router, site)
    _add_sign_out(router, site)


def _add_home(router: APIRouter, site: Site) -> None:
    @router.get(HOME)
    async def home(request: Request) -> Response:
        visitor = await site.visitors.anybody(request)
        return see_other(RENDERS if isinstance(visitor, Member) else SIGN_IN)


def _add_sign_in(router: APIRouter, site: Site) -> None:
    @router.get(SIGN_IN)
    async def show_sign_in(request: Request, next: Next = HOME) -> Response:  # noqa: A002
        visitor = await site.visitors.anybody(request)
        if isinstance(visitor, Member):
            return see_other(own_path(next))
        typed = {"email": "", "next": own_path(next)}
        return site.page(visitor, "sign_in.html", typed=typed, faults={})

    @router.post(SIGN_IN)
    async def sign_in(request: Request) -> Response:
        visitor = await site.visitors.anybody(request)
        form = await site.form(request, visitor, "email", "password", "next")
        gateway = site.gateway
        address = gateway.hosts.client_address(request.scope)
        try:
            opened = await gateway.sessions.sign_in(
                form["email"], form["password"], address=address
            )
        except (WrongCredentials, TooManyAttempts) as error:
            typed = {"email": form["email"], "next": own_path(form["next"])}
            return site.again(visitor, "sign_in.html", error, {}, typed=typed)
        if isinstance(visitor, Member):
            await gateway.sessions.sign_out(visitor.secret)
        return site.entered(opened, own_path(form["next"]))


def _add_sign_out(router: APIRouter, site: Site) -> None:
    @router.post(SIGN_OUT)
    async def sign_out(request: Request) -> Response:
        visitor = await site.visitors.anybody(request)
        response = see_other(SIGN_IN)
        # Another site's form comes without the cookie, and must not have it taken away.
        if isinstance(visitor, Member):
            await site.form(request, visitor)
            await site.gateway.sessions.sign_out(visitor.secret)
            site.cookies.end_session(response)
        return response
