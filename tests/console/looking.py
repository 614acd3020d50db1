"""A real browser that looks at pages: as they are, and as assistive programs read them."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final, Literal

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page

from tests.api.kit import ApiStack
from tests.api.serving import serving
from tests.kit.chromium import a_browser

PICTURES: Final = Path("out/console")
WIDTHS: Final = (375, 1280)
Scheme = Literal["light", "dark"]
SCHEMES: Final[tuple[Scheme, ...]] = ("light", "dark")
JUDGED: Final = {(375, "dark"), (1280, "light")}
"""Each width and each scheme once: rules are about one or the other."""


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with a_browser() as browser:
        yield browser


class Looker:
    """Looks at one page after the other, in every width and scheme."""

    def __init__(self, page: Page, base_url: str) -> None:
        self.page = page
        self.base_url = base_url
        self.complaints: list[str] = []
        page.on("console", lambda message: self._note(message.type, message.text))
        page.on("pageerror", lambda error: self._note("error", str(error)))

    def _note(self, kind: str, text: str) -> None:
        """A page that was refused is told of as an error too: those are wanted here."""
        if kind == "error" and "the server responded with a status of 4" not in text:
            self.complaints.append(text)

    async def open(self, path: str) -> None:
        await self.page.goto(self.base_url + path)

    async def press(self, name: str) -> None:
        async with self.page.expect_navigation():
            await self.page.get_by_role("button", name=name, exact=True).click()

    async def look(self, name: str) -> None:
        for width in WIDTHS:
            await self.page.set_viewport_size({"width": width, "height": 900})
            for scheme in SCHEMES:
                await self.page.emulate_media(color_scheme=scheme)
                picture = PICTURES / f"{name}-{width}-{scheme}.png"
                await self.page.screenshot(path=picture, full_page=True)
                await self._check_width(f"{name} at {width} px")
                if (width, scheme) in JUDGED:
                    found = await Axe().run(self.page)
                    assert found.violations_count == 0, f"{name}: {found.generate_report()}"

    async def _check_width(self, what: str) -> None:
        wide: int = await self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert wide <= 0, what


@pytest.fixture
async def looker(stack: ApiStack, browser: Browser) -> AsyncIterator[Looker]:
    async with serving(stack) as server:
        page = await browser.new_page(reduced_motion="reduce")
        looker = Looker(page, f"http://127.0.0.1:{server.port}")
        yield looker
        await page.close()
        assert looker.complaints == []
