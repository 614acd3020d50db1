"""Who may see operators' pages, and what those share."""

from http import HTTPStatus
from typing import Annotated, Final
from urllib.parse import quote

from fastapi import Query, Request
from starlette.exceptions import HTTPException

from gateway.console.site import Site
from gateway.console.visitors import Member
from gateway.dependencies import Gateway
from gateway.services.views import RenderView

PAGE_LENGTH: Final = 25
TEXT_LENGTH_MAX: Final = 254
"""The longest e-mail address; names are shorter."""

WantedText = Annotated[str, Query(max_length=TEXT_LENGTH_MAX)]


async def operator(site: Site, request: Request) -> Member:
    """The operator who is signed in. For everybody else there is nothing at this address.

    Asked at every request, so that a role that was taken away, or a suspension, counts at once.
    """
    visitor = await site.visitors.anybody(request)
    if not isinstance(visitor, Member) or not visitor.account.is_operator:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    if visitor.account.suspended_at is not None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return visitor


def run_address(gateway: Gateway, view: RenderView) -> str | None:
    """A render's run in Temporal's own pages; None where nobody said where they are."""
    place = gateway.dependencies.temporal_ui_url
    if place is None:
        return None
    run = "" if view.run_id is None else f"/{quote(view.run_id, safe='')}"
    return f"{place}/workflows/{quote(view.project_id, safe='')}{run}"
