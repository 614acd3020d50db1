"""The forms of a page with what is in them, sent as a browser would send them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser

import httpx2

from tests.api.kit import ApiStack
from tests.console.kit import Browser, browser_of

SECURE_URL = "https://studio.example"
SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}


@dataclass
class PageForm:
    """`action` is None for a form that goes to its page's own address."""

    action: str | None
    fields: dict[str, str] = field(default_factory=dict)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[PageForm] = []
        self._select: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self.found.append(PageForm(given.get("action")))
        elif tag == "select":
            self._select = given.get("name")
        elif tag == "option":
            self._option(given)
        elif tag == "input" and (given.get("type") != "checkbox" or "checked" in given):
            self._keep(given.get("name"), given.get("value"))

    def _option(self, given: dict[str, str | None]) -> None:
        """The first option counts until one is said to be selected."""
        is_first = self._select not in self.found[-1].fields
        if is_first or "selected" in given:
            self._keep(self._select, given.get("value"))

    def _keep(self, name: str | None, value: str | None) -> None:
        if name is not None:
            self.found[-1].fields[name] = value or ""


def forms_of(html: str) -> list[PageForm]:
    forms = _Forms()
    forms.feed(html)
    return forms.found


def form_of(html: str, action: str | None) -> PageForm:
    return next(form for form in forms_of(html) if form.action == action)


async def send_form(
    browser: Browser, page: str, action: str | None = None, **changes: str | None
) -> httpx2.Response:
    """Open a page and send one of its forms with some fields changed; None unticks a box."""
    form = form_of((await browser.open(page)).text, action)
    fields = {**form.fields, **changes}
    sent = {name: value for name, value in fields.items() if value is not None}
    return await browser.http.post(action or page, data=sent, headers=SAME_ORIGIN)


@asynccontextmanager
async def secure_browser_of(stack: ApiStack) -> AsyncIterator[Browser]:
    """A browser at a gateway whose pages are served over https."""
    stack.configure(public_base_url=SECURE_URL)
    async with browser_of(stack) as browser:
        browser.http.base_url = httpx2.URL(SECURE_URL)
        yield browser
