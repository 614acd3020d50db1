"""The console as part of a gateway's application."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import Response

from gateway.console.defaults import add_defaults
from gateway.console.entry import add_entry
from gateway.console.keys import add_keys
from gateway.console.names import OPERATORS, RENDERS, RESET
from gateway.console.new_render import add_new_render
from gateway.console.operator_accounts import add_operator_accounts
from gateway.console.operator_runs import add_operator_runs
from gateway.console.prices import add_prices
from gateway.console.profile import add_profile
from gateway.console.render_list import add_render_list
from gateway.console.render_page import add_render
from gateway.console.reset import add_reset
from gateway.console.sign_up import add_sign_up
from gateway.console.site import Site, console_route
from gateway.console.wallet import add_wallet
from gateway.dependencies import Gateway

AddPages = Callable[[APIRouter, Site], None]

PAGES: Final[tuple[AddPages, ...]] = (
    add_entry,
    add_sign_up,
    add_reset,
    add_profile,
    add_defaults,
    add_keys,
    add_wallet,
    add_prices,
    add_operator_runs,
    add_operator_accounts,
    add_render_list,
    add_new_render,  # before the renders: `/renders/new` must not be read as a render called "new"
    add_render,
)
"""Each adds the routes of its pages."""
_SECTIONS: Final = ("/settings", RENDERS, OPERATORS, RESET)
"""Below these every address is a page's; elsewhere one that is unknown may be a program's."""


def mount_console(app: FastAPI, gateway: Gateway) -> None:
    """Add every page and every file of the console. None is in the API's document."""
    site = Site(gateway)
    router = APIRouter(route_class=console_route(site), include_in_schema=False)
    for add_pages in PAGES:
        add_pages(router, site)
    for section in _SECTIONS:
        # Of both methods, so that nobody learns which forms there are that are not theirs.
        router.add_api_route(section + "/{rest:path}", _nothing_here, methods=["GET", "POST"])
    for route in router.routes:
        if isinstance(route, APIRoute) and route.methods and "GET" in route.methods:
            route.methods.add("HEAD")
    app.include_router(router)
    app.router.routes.append(site.assets.route)


async def _nothing_here() -> Response:
    raise HTTPException(HTTPStatus.NOT_FOUND)
