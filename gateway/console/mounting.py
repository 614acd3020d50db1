"""The console as part of a gateway's application."""

from collections.abc import Callable
from typing import Final

from fastapi import APIRouter, FastAPI

from gateway.console.entry import add_entry
from gateway.console.new_render import add_new_render
from gateway.console.render_list import add_render_list
from gateway.console.render_page import add_render
from gateway.console.site import Site, console_route
from gateway.dependencies import Gateway

AddPages = Callable[[APIRouter, Site], None]

PAGES: Final[tuple[AddPages, ...]] = (
    add_entry,
    add_render_list,
    add_new_render,  # before the renders: `/renders/new` must not be read as a render called "new"
    add_render,
)
"""Each adds the routes of its pages."""


def mount_console(app: FastAPI, gateway: Gateway) -> None:
    """Add every page and every file of the console. None is in the API's document."""
    site = Site(gateway)
    router = APIRouter(route_class=console_route(site), include_in_schema=False)
    for add_pages in PAGES:
        add_pages(router, site)
    app.include_router(router)
    app.router.routes.append(site.assets.route)
