"""A real Chromium, as it is installed on the computer that runs the tests."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import pytest
from playwright.async_api import Browser, async_playwright

VARIABLE: Final = "FVS_CHROMIUM"
NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MISSED: Final = (
    "NO BROWSER SHOWS THE WIDGET: there is no Chromium on the PATH (on Debian: "
    f"`apt-get install chromium`), and {VARIABLE} does not name one."
)


def chromium_path() -> str:
    """The browser's command. Without one the test is skipped, but never on a build server."""
    named = os.environ.get(VARIABLE)
    found = shutil.which(named) if named else None
    found = found or next((path for name in NAMES if (path := shutil.which(name))), None)
    if found:
        return found
    if os.environ.get("CI"):
        pytest.fail(MISSED)
    pytest.skip(MISSED)


@asynccontextmanager
async def a_browser() -> AsyncIterator[Browser]:
    """It is closed with the block."""
    path = chromium_path()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path)
        yield browser
        await browser.close()
