"""The account's renders: newest first, searched by name, filtered by state."""

from dataclasses import dataclass
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from gateway.console.lists import CursorText, list_address, wanted_text
from gateway.console.names import RENDERS
from gateway.console.render_words import STATES, Standing, standing
from gateway.console.site import Site
from gateway.resource import files_of
from gateway.services.views import RenderView
from studio.contracts.limits import NAME_LENGTH_MAX
from studio.contracts.status import RenderState

PAGE_LENGTH: Final = 20
FILTERS: Final = tuple(
    (state.value, word)
    for state, word in STATES.items()
    if state is not RenderState.HALTED_FOR_REVIEW
)


@dataclass(frozen=True)
class ListedRender:
    """One line of the list. `picture` is signed; None while there is nothing to see."""

    view: RenderView
    standing: Standing
    picture: str | None


@dataclass(frozen=True)
class _Found:
    """What was looked for and found; `newest` and `older` are addresses, empty where not needed."""

    renders: list[ListedRender]
    q: str
    status: str
    newest: str
    older: str

    @property
    def is_narrowed(self) -> bool:
        return bool(self.q or self.status)


def add_render_list(router: APIRouter, site: Site) -> None:
    @router.get(RENDERS)
    async def list_renders(
        request: Request,
        q: Annotated[str, Query(max_length=NAME_LENGTH_MAX)] = "",
        status: RenderState | Literal[""] = "",
        cursor: CursorText = "",
    ) -> Response:
        member = await site.visitors.member(request)
        account_id = member.principal.account_id
        q = wanted_text(q)
        page = await site.gateway.renders.list(
            lambda _session: account_id,
            limit=PAGE_LENGTH,
            cursor=cursor or None,
            status=status or None,
            name_part=q,
        )
        wanted = {"q": q, "status": str(status)}
        older = {**wanted, "cursor": page.next_cursor or ""}
        found = _Found(
            renders=await _listed(site, request, page.views),
            q=q,
            status=str(status),
            newest=list_address(RENDERS, wanted) if cursor else "",
            older=list_address(RENDERS, older) if page.next_cursor else "",
        )
        is_part = "hx-request" in request.headers
        is_whole = not is_part or "hx-history-restore-request" in request.headers
        template = "renders_list.html" if is_whole else "renders_found_live.html"
        return site.page(member, template, found=found, filters=FILTERS)


async def _listed(
    site: Site, request: Request, views: tuple[RenderView, ...]
) -> list[ListedRender]:
    keys = [_picture_key(view) for view in views]
    files = [file for view in views for file in files_of(view) if file.key in keys]
    base_url = site.gateway.hosts.base_url(request.scope)
    urls = await site.gateway.links.sign(files, base_url=base_url)
    return [
        ListedRender(view, _standing(view), urls.get(key) if key else None)
        for view, key in zip(views, keys, strict=True)
    ]


def _picture_key(view: RenderView) -> str | None:
    """The poster, or the first shot that there is a picture of."""
    snapshot = view.snapshot
    pictures = (clip.thumbnail_key or clip.keyframe_key for clip in snapshot.clips)
    return snapshot.poster_key or next(filter(None, pictures), None)


def _standing(view: RenderView) -> Standing:
    snapshot = view.snapshot
    return standing(
        snapshot.status,
        snapshot.stage,
        progress=snapshot.progress,
        shots=tuple(clip.status for clip in snapshot.clips),
        cancel_requested=view.cancel_requested,
    )
