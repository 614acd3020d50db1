"""Signing up, which signs in at once."""

from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from gateway.console.names import HOME, SIGN_UP
from gateway.console.site import Next, Site, see_other
from gateway.console.visitors import Member, own_path
from gateway.limits import TooManyAttempts
from gateway.services.people import NewPerson
from studio.accounts.errors import InvalidAccount
from studio.contracts.errors import StudioError
from studio.identity.errors import EmailTaken, InvalidEmail, InvalidPassword

_FIELDS: Final[dict[type[StudioError], str]] = {
    InvalidAccount: "name",
    InvalidEmail: "email",
    EmailTaken: "email",
    InvalidPassword: "password",
}


def add_sign_up(router: APIRouter, site: Site) -> None:
    @router.get(SIGN_UP)
    async def show_sign_up(request: Request, next: Next = HOME) -> Response:  # noqa: A002
        visitor = await site.visitors.anybody(request)
        if isinstance(visitor, Member):
            return see_other(own_path(next))
        typed = {"name": "", "email": "", "next": own_path(next)}
        return site.page(visitor, "sign_up.html", typed=typed, faults={})

    @router.post(SIGN_UP)
    async def sign_up(request: Request) -> Response:
        visitor = await site.visitors.anybody(request)
        form = await site.form(request, visitor, "name", "email", "password", "next")
        path = own_path(form["next"])
        if isinstance(visitor, Member):
            return see_other(path)
        person = NewPerson(name=form["name"], email=form["email"], password=form["password"])
        address = site.gateway.hosts.client_address(request.scope)
        try:
            opened = await site.gateway.people.sign_up(person, address=address)
        except (
            InvalidAccount,
            InvalidEmail,
            EmailTaken,
            InvalidPassword,
            TooManyAttempts,
        ) as error:
            typed = {"name": person.name, "email": person.email, "next": path}
            return site.again(visitor, "sign_up.html", error, _FIELDS, typed=typed)
        return site.entered(opened, path)
