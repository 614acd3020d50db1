"""The pages of settings in a real browser: as they look, and as assistive programs read them."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final, Literal

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, async_playwright

from gateway.console.names import DEFAULTS, KEYS, PROFILE, RESET, SIGN_IN, SIGN_UP
from studio.identity.service import open_reset
from tests.api.kit import ApiStack
from tests.api.serving import serving
from tests.console.kit import EMAIL, PASSWORD
from tests.console.test_profile import account_of
from tests.kit.chromium import chromium_path

PICTURES: Final = Path("out/console")
WIDTHS: Final = (375, 1280)
Scheme = Literal["light", "dark"]
SCHEMES: Final[tuple[Scheme, ...]] = ("light", "dark")
JUDGED: Final = {(375, "dark"), (1280, "light")}
"""Each width and each scheme once: rules are about one or the other."""


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium_path())
        yield browser
        await browser.close()


class Looker:
    """Looks at one page after the other, in every width and scheme."""

    def __init__(self, page: Page, base_url: str) -> None:
        self.page = page
        self._base_url = base_url
        self.complaints: list[str] = []
        page.on("console", lambda message: self._note(message.type, message.text))
        page.on("pageerror", lambda error: self._note("error", str(error)))

    def _note(self, kind: str, text: str) -> None:
        """A page that was refused is told of as an error too: those are wanted here."""
        if kind == "error" and "the server responded with a status of 4" not in text:
            self.complaints.append(text)

    async def open(self, path: str) -> None:
        await self.page.goto(self._base_url + path)

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


def reset_token(stack: ApiStack) -> str:
    with stack.database.transaction() as session:
        account_id = account_of(stack).account_id
        return open_reset(session, account_id=account_id, now=stack.time.now())


async def sign_up(looker: Looker) -> None:
    await looker.open(f"{SIGN_UP}?next={PROFILE}")
    await looker.page.get_by_label("Name").fill("Glass Airship Pictures")
    await looker.page.get_by_label("E-mail address").fill(EMAIL)
    await looker.page.get_by_label("Password").fill(PASSWORD)
    await looker.press("Sign up")


async def create_key(looker: Looker, name: str, **fields: str) -> None:
    await looker.open(KEYS)
    await looker.page.get_by_label("Name").fill(name)
    for label, value in fields.items():
        await looker.page.get_by_label(label.replace("_", " ")).fill(value)
    await looker.press("Create the key")


async def test_the_entrances_can_be_seen_and_read(stack: ApiStack, looker: Looker) -> None:
    await looker.open(SIGN_IN)
    await looker.look("sign-in")
    await looker.open(SIGN_UP)
    await looker.look("sign-up")
    await looker.page.get_by_label("Name").fill("Ada")
    await looker.page.get_by_label("E-mail address").fill("ada@localhost")
    await looker.page.get_by_label("Password").fill("ten letters")
    await looker.press("Sign up")
    await looker.look("sign-up-refused")
    await sign_up(looker)
    await looker.press("Sign out")
    await looker.open(RESET)
    await looker.look("reset")
    await looker.page.get_by_label("E-mail address").fill(EMAIL)
    await looker.press("Send the link")
    await looker.look("reset-sent")
    await looker.open(f"{RESET}/{reset_token(stack)}")
    await looker.look("new-password")


async def test_the_settings_can_be_seen_and_read(looker: Looker) -> None:
    await sign_up(looker)
    await looker.open(PROFILE)
    await looker.look("profile")
    await looker.page.get_by_label("Present password").fill("not the password")
    await looker.page.get_by_label("New password").fill("another long password")
    await looker.press("Change the password")
    await looker.look("profile-refused")
    await looker.open(DEFAULTS)
    await looker.look("defaults")
    await looker.open(KEYS)
    await looker.look("keys-none")


async def test_keys_can_be_seen_and_read(looker: Looker) -> None:
    await sign_up(looker)
    await create_key(
        looker,
        "Build server",
        Requests_a_minute="60",
        Credits_a_month="2500",
        Last_day="2027-01-31",
    )
    await looker.look("key-issued")
    await create_key(looker, "Laptop of Ada, for trying things out")
    await create_key(looker, "Old website")
    await looker.open(KEYS)
    await looker.page.get_by_role("link", name="Revoke Old website").click()
    await looker.look("key-revoke")
    await looker.press("Revoke the key")
    await looker.page.get_by_role("link", name="Rotate Build server").click()
    await looker.look("key-rotate")
    await looker.press("Rotate the key")
    await looker.look("key-rotated")
    await looker.open(KEYS)
    await looker.look("keys")
