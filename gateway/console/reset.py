"""New passwords for forgotten ones, by a link that is mailed."""

from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from gateway.console.names import RESET, SIGN_IN
from gateway.console.site import Site
from gateway.console.visitors import Visitor
from gateway.errors import answer_of
from gateway.limits import TooManyAttempts
from studio.identity.errors import InvalidPassword, InvalidReset

SENT: Final = (
    "If there is an account with this e-mail address, a link is on its way to it. It works once, "
    "within an hour."
)
"""Whether there is one, the page never says."""
DONE: Final = "Your new password is set, and every browser that was signed in is signed out."


def add_reset(router: APIRouter, site: Site) -> None:
    _add_request(router, site)
    _add_link(router, site)


def _add_request(router: APIRouter, site: Site) -> None:
    @router.get(RESET)
    async def show_reset(request: Request) -> Response:
        visitor = await site.visitors.anybody(request)
        return site.page(visitor, "reset.html", typed={"email": ""}, faults={})

    @router.post(RESET)
    async def request_reset(request: Request) -> Response:
        visitor = await site.visitors.anybody(request)
        form = await site.form(request, visitor, "email")
        gateway = site.gateway
        # Not the host that the caller named: whoever does not know the password writes this form.
        base_url = gateway.hosts.own_url(request.scope)
        try:
            gateway.people.request_reset(
                form["email"],
                address=gateway.hosts.client_address(request.scope),
                link=lambda token: f"{base_url}{RESET}/{token}",
            )
        except TooManyAttempts as error:
            return site.again(visitor, "reset.html", error, {}, typed={"email": form["email"]})
        return _told(site, visitor, "Look into your mail", SENT)


def _add_link(router: APIRouter, site: Site) -> None:
    @router.get(RESET + "/{token}")
    async def show_new_password(request: Request, token: str) -> Response:
        visitor = await site.visitors.anybody(request)
        try:
            await site.gateway.people.check_reset(token)
        except InvalidReset as error:
            return _dead_link(site, visitor, error)
        return site.page(visitor, "new_password.html", faults={})

    @router.post(RESET + "/{token}")
    async def set_new_password(request: Request, token: str) -> Response:
        visitor = await site.visitors.anybody(request)
        form = await site.form(request, visitor, "password")
        try:
            await site.gateway.people.finish_reset(token, form["password"])
        except InvalidReset as error:
            return _dead_link(site, visitor, error)
        except InvalidPassword as error:
            return site.again(visitor, "new_password.html", error, {InvalidPassword: "password"})
        nobody = await site.visitors.anybody(request)  # the session may have been one of those
        return _told(site, nobody, "The new password is set", DONE)


def _told(site: Site, visitor: Visitor, title: str, sentence: str) -> Response:
    return site.page(
        visitor, "told.html", title=title, sentence=sentence, path=SIGN_IN, link="Sign in"
    )


def _dead_link(site: Site, visitor: Visitor, error: InvalidReset) -> Response:
    return site.page(
        visitor,
        "told.html",
        status=answer_of(error).status,
        title="This link has ended",
        sentence=error.detail,
        path=RESET,
        link="Ask for a new link",
    )
