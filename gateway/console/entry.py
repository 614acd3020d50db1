"""Getting in and out: signing in, up and out, and new passwords for forgotten ones."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from gateway.console.names import HOME, RENDERS, SIGN_IN, SIGN_OUT
from gateway.console.site import Site, see_other
from gateway.console.visitors import Member, own_path
from gateway.errors import answer_of
from gateway.limits import TooManyAttempts
from studio.identity.errors import WrongCredentials
from studio.identity.service import OpenedSession

Next = Annotated[str, Query(max_length=2_000)]


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
        return site.page(visitor, "sign_in.html", email="", next=own_path(next), faults=())

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
            return site.page(
                visitor,
                "sign_in.html",
                status=answer_of(error).status,
                email=form["email"],
                next=own_path(form["next"]),
                faults=(error.detail,),
            )
        return _entered(site, opened, own_path(form["next"]))


def _add_sign_out(router: APIRouter, site: Site) -> None:
    @router.post(SIGN_OUT)
    async def sign_out(request: Request) -> Response:
        visitor = await site.visitors.anybody(request)
        await site.form(request, visitor)
        if isinstance(visitor, Member):
            await site.gateway.sessions.sign_out(visitor.secret)
        response = see_other(SIGN_IN)
        site.cookies.end_session(response)
        return response


def _entered(site: Site, opened: OpenedSession, path: str) -> Response:
    response = see_other(path)
    site.cookies.open_session(response, opened.token, ends_at=opened.expires_at)
    return response
