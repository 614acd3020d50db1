"""Who may see operators' pages, and what those share."""

from http import HTTPStatus
from typing import Annotated, Final
from urllib.parse import quote, urlencode

from fastapi import Query, Request
from starlette.exceptions import HTTPException

from gateway.console.site import Site
from gateway.console.visitors import Member
from gateway.dependencies import Gateway
from gateway.services.views import RenderView

PAGE_LENGTH: Final = 25
CURSOR_LENGTH_MAX: Final = 200
TEXT_LENGTH_MAX: Final = 254
"""The longest e-mail address; names are shorter."""

CursorText = Annotated[str, Query(max_length=CURSOR_LENGTH_MAX)]
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


def wanted_text(text: str) -> str:
    """What was searched for. PostgreSQL takes no text with a NUL, not even to look for it."""
    return text.replace("\0", "").strip()


def list_address(path: str, wanted: dict[str, str]) -> str:
    """A list with these filters, but for the empty ones."""
    query = urlencode({name: text for name, text in wanted.items() if text})
    return f"{path}?{query}" if query else path


def run_address(gateway: Gateway, view: RenderView) -> str | None:
    """A render's run in Temporal's own pages; None where nobody said where they are."""
    place = gateway.dependencies.temporal_ui_url
    if place is None:
        return None
    run = "" if view.run_id is None else f"/{quote(view.run_id, safe='')}"
    return f"{place}/workflows/{quote(view.project_id, safe='')}{run}"
