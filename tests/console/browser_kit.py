"""A real browser at a gateway on a port, and a clock whose waits a test lets go."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from gateway.dependencies import Gateway
from gateway.services.people import NewPerson
from tests.api.kit import START, ApiStack
from tests.api.serving import serving
from tests.console.kit import EMAIL, PASSWORD
from tests.kit.chromium import chromium_path


class Beat:
    """The pause of a clock: it lasts until the test says so."""

    def __init__(self) -> None:
        self._waiting = asyncio.Event()
        self._gone_on = asyncio.Event()

    async def pause(self, _seconds: float) -> None:
        self._waiting.set()
        await self._gone_on.wait()

    async def reached(self) -> None:
        """Until somebody waits."""
        await self._waiting.wait()

    def go_on(self) -> None:
        """Let go who waits now; the next one waits again."""
        gone_on, self._gone_on = self._gone_on, asyncio.Event()
        self._waiting.clear()
        gone_on.set()


@dataclass
class Visit:
    """A page of a browser whose owner is signed in. `base_url` is the gateway's."""

    page: Page
    stack: ApiStack
    base_url: str
    beat: Beat

    async def open(self, path: str) -> None:
        await self.page.goto(self.base_url + path)


@asynccontextmanager
async def a_browser() -> AsyncIterator[Browser]:
    path = chromium_path()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path)
        yield browser
        await browser.close()


@asynccontextmanager
async def visit_of(
    stack: ApiStack, context: BrowserContext, *, name: str = "Maker"
) -> AsyncIterator[Visit]:
    """Sign up and in. The stack's time is the browser's, or its cookies would have expired."""
    stack.time.elapsed_seconds = (datetime.now(UTC) - START).total_seconds()
    beat = Beat()
    stack.configure(clock=replace(stack.dependencies.clock, pause=beat.pause))
    async with serving(stack) as server:
        base_url = f"http://127.0.0.1:{server.port}"
        person = NewPerson(name=name, email=EMAIL, password=PASSWORD)
        await Gateway(stack.dependencies).people.sign_up(person, address="127.0.0.1")
        page = await context.new_page()
        await page.goto(f"{base_url}/sign-in")
        await page.get_by_label("E-mail address").fill(EMAIL)
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await page.wait_for_url(f"{base_url}/renders")
        yield Visit(page, stack, base_url, beat)
        await page.close()
        beat.go_on()
