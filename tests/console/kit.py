"""A browser without scripts: it keeps cookies, follows nothing, and sends the forms of pages."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html.parser import HTMLParser

import httpx2

from gateway.dependencies import Gateway
from gateway.services.people import NewPerson
from studio.accounts.records import Account
from studio.accounts.service import get_account
from studio.identity.service import find_login
from tests.api.kit import ApiStack

EMAIL = "maker@example.com"
PASSWORD = "a long enough password"


class _Fields(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name = given.get("name")
        if tag == "input" and name and given.get("type") == "hidden":
            self.found[name] = given.get("value") or ""


class Browser:
    """One browser at a gateway. `send` posts a page's form as the page would."""

    def __init__(self, http: httpx2.AsyncClient) -> None:
        self.http = http

    async def open(self, path: str) -> httpx2.Response:
        return await self.http.get(path)

    async def send(self, page: str, *, to: str | None = None, **fields: str) -> httpx2.Response:
        """Fill in the form of `page` and send it to its own address, or another."""
        hidden = hidden_fields((await self.open(page)).text)
        return await self.http.post(
            to or page, data={**hidden, **fields}, headers={"Sec-Fetch-Site": "same-origin"}
        )

    async def sign_in(self, email: str = EMAIL, password: str = PASSWORD) -> None:
        answer = await self.send("/sign-in", email=email, password=password)
        assert answer.status_code == 303, answer.text


def hidden_fields(html: str) -> dict[str, str]:
    fields = _Fields()
    fields.feed(html)
    return fields.found


@asynccontextmanager
async def browser_of(stack: ApiStack) -> AsyncIterator[Browser]:
    """A browser that nobody is signed in with."""
    async with stack.client() as http:
        yield Browser(http)


@asynccontextmanager
async def member_of(stack: ApiStack, email: str = EMAIL) -> AsyncIterator[Browser]:
    """A browser whose owner has just signed up and in."""
    async with browser_of(stack) as browser:
        await sign_up(stack, email)
        await browser.sign_in(email)
        yield browser


async def sign_up(stack: ApiStack, email: str = EMAIL) -> None:
    """Have somebody an account, wherever their browser is."""
    person = NewPerson(name="Maker", email=email, password=PASSWORD)
    await Gateway(stack.dependencies).people.sign_up(person, address="127.0.0.1")


def account_of(stack: ApiStack, email: str = EMAIL) -> Account:
    with stack.database.reading() as session:
        login = find_login(session, email=email)
        assert login is not None
        return get_account(session, account_id=login.account_id)
