"""A real browser at a gateway on a port, and a clock whose waits a test lets go."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from playwright.async_api import BrowserContext, Page

from tests.api.kit import ApiStack
from tests.api.serving import serving
from tests.console.beat import Beat
from tests.console.kit import EMAIL, PASSWORD, sign_up


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
async def visit_of(stack: ApiStack, context: BrowserContext) -> AsyncIterator[Visit]:
    """Sign up and in."""
    beat = Beat()
    stack.configure(clock=replace(stack.dependencies.clock, pause=beat.pause))
    async with serving(stack) as server:
        base_url = f"http://127.0.0.1:{server.port}"
        await sign_up(stack)
        page = await context.new_page()
        await page.goto(f"{base_url}/sign-in")
        await page.get_by_label("E-mail address").fill(EMAIL)
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await page.wait_for_url(f"{base_url}/renders")
        yield Visit(page, stack, base_url, beat)
        await page.close()
        beat.go_on()
