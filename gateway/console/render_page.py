"""One render: its page, the events that keep it up to date, and its cancellation."""

from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from gateway.console.names import RENDERS, render_path
from gateway.console.render_events import event_stream
from gateway.console.render_shown import shown_render
from gateway.console.site import Site, see_other
from studio.renders.repository import get_render
from studio.renders.tables import RenderRow

ProjectId = Annotated[str, Path(max_length=40)]
REVISION_MAX: Final = 2**31 - 1
LAST_EVENT_ID: Final = "last-event-id"
_PAGE: Final = RENDERS + "/{project_id}"
_TEXTS: Final = (
    ("screenplay", "Screenplay"),
    ("instructions", "Instructions"),
    ("additional_lore", "Lore"),
    ("visual_style_custom_instructions", "Style, in your words"),
    ("style_prompt", "Music style"),
    ("lyrics_prompt", "Lyrics"),
)
_NOT_SETTINGS: Final = frozenset({*dict(_TEXTS), "name", "assets", "wait_for_completion_seconds"})


def add_render(router: APIRouter, site: Site) -> None:
    """The pages of one render. Behind `/renders/new`, which is no render."""
    _add_page(router, site)
    _add_events(router, site)
    _add_cancel(router, site)


def _add_page(router: APIRouter, site: Site) -> None:
    @router.get(_PAGE)
    async def show_render(request: Request, project_id: ProjectId) -> Response:
        member = await site.visitors.member(request)
        gateway, account_id = site.gateway, member.principal.account_id
        live = await gateway.watching.look(project_id, account_id)
        row = await gateway.threads.read(
            lambda session: get_render(session, project_id, account_id=account_id)
        )
        shown = await shown_render(gateway, request, member, live)
        return site.page(
            member,
            "renders_one.html",
            shown=shown,
            texts=_texts(row),
            settings=_settings(row),
            assets=row.assets,
        )


def _texts(row: RenderRow) -> list[tuple[str, str]]:
    """What was written, by what it is."""
    return [(title, row.request[name]) for name, title in _TEXTS if row.request.get(name)]


def _settings(row: RenderRow) -> list[tuple[str, str]]:
    """Everything else that was asked for, or filled in from the account's defaults."""
    return [
        (name.replace("_", " "), _said(value))
        for name, value in row.request.items()
        if name not in _NOT_SETTINGS and value not in (None, "")
    ]


def _said(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _add_events(router: APIRouter, site: Site) -> None:
    @router.get(_PAGE + "/events")
    async def watch_render(
        request: Request,
        project_id: ProjectId,
        revision: Annotated[int, Query(ge=-1, le=REVISION_MAX)] = -1,
    ) -> Response:
        member = await site.visitors.member(request)
        live = await site.gateway.watching.look(project_id, member.principal.account_id)
        seen = _last_event(request)
        return event_stream(site, request, member, live, revision if seen is None else seen)


def _last_event(request: Request) -> int | None:
    """What a browser that comes back has seen; whatever else is sent is no revision."""
    given = request.headers.get(LAST_EVENT_ID, "")
    is_number = given.isascii() and given.isdigit() and len(given) <= len(str(REVISION_MAX))
    return int(given) if is_number and int(given) <= REVISION_MAX else None


def _add_cancel(router: APIRouter, site: Site) -> None:
    @router.post(_PAGE + "/cancel")
    async def cancel_render(request: Request, project_id: ProjectId) -> Response:
        member = await site.visitors.member(request)
        await site.form(request, member)
        account_id = member.principal.account_id
        await site.gateway.renders.cancel(project_id, lambda _session: account_id)
        return see_other(render_path(project_id))
