"""A render's page kept up to date: an event for each new revision, until the render has ended."""

from collections.abc import AsyncGenerator
from typing import Final

from starlette.requests import Request

from gateway.console.event_stream import HEARTBEAT, RECONNECT, EventStream, message
from gateway.console.render_shown import rendered_parts, shown_render
from gateway.console.site import Site
from gateway.console.visitors import Member
from gateway.services.watching import LiveRender
from studio.identity.errors import NotSignedIn

CHANGED: Final = "render"
"""Carries the parts of the page that are new, each of which names the one that it replaces."""
CLOSED: Final = "closed"
"""Nothing more comes: the render has ended, or whoever watched has signed out."""
HEARTBEAT_SECONDS: Final = 15.0
"""Common proxies give a silent connection up after 30 to 60 s."""
RECHECK_SECONDS: Final = 10.0
"""So long at most may somebody go on watching who has signed out."""


def event_stream(
    site: Site, request: Request, member: Member, live: LiveRender, revision: int
) -> EventStream:
    """The stream of a page that shows `revision`; TooManyWatches once it is begun."""
    watch = _Watch(site, request, member, revision)
    place = site.gateway.watching.place(member.principal.account_id)
    return EventStream(watch.messages(live.view.project_id), place)


class _Watch:
    """One page. It is told what it does not show yet, and nothing twice."""

    def __init__(self, site: Site, request: Request, member: Member, revision: int) -> None:
        self._site = site
        self._request = request
        self._member = member
        self._revision = revision
        self._known: LiveRender | None = None
        self._shown: dict[str, int] = {}
        self._monotonic = site.gateway.clock.monotonic
        self._spoke_at = self._checked_at = self._monotonic()

    async def messages(self, project_id: str) -> AsyncGenerator[str]:
        yield RECONNECT
        account_id = self._member.principal.account_id
        async for live in self._site.gateway.watching.follow(project_id, account_id):
            if not await self._is_signed_in():
                yield message(CLOSED, "")
                return
            text = await self._news(live)
            if text:
                self._spoke_at = self._monotonic()
                yield text
            if live.view.is_terminal:
                yield message(CLOSED, "")
                return

    async def _is_signed_in(self) -> bool:
        """Looks again once in a while: a stream outlives the question that began it."""
        if self._monotonic() - self._checked_at < RECHECK_SECONDS:
            return True
        self._checked_at = self._monotonic()
        try:
            current = await self._site.gateway.sessions.current(self._member.secret)
        except NotSignedIn:
            return False
        return current.account.account_id == self._member.account.account_id

    async def _news(self, live: LiveRender) -> str:
        """What the page does not show yet; a heartbeat where it has been silent for long."""
        if live is self._known:
            is_silent = self._monotonic() - self._spoke_at >= HEARTBEAT_SECONDS
            return HEARTBEAT if is_silent else ""
        self._known = live
        revision = live.view.snapshot.revision
        if revision < self._revision:
            return ""
        changed = await self._changed(live)
        if not changed:
            return ""
        self._revision = revision
        return message(CHANGED, changed, id_=revision)

    async def _changed(self, live: LiveRender) -> str:
        """The parts that are not on the page as they are now."""
        shown = await shown_render(self._site.gateway, self._request, self._member, live)
        is_first = not self._shown and live.view.snapshot.revision == self._revision
        news = []
        for name, html in rendered_parts(self._site.pages, self._member, shown):
            digest = hash(html)
            if self._shown.get(name) != digest:
                self._shown[name] = digest
                news.append(html)
        return "" if is_first else "\n".join(news)
