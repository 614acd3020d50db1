"""Fixtures of a browser for the widget, and of a host whose studio does as it is told."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Page, Route

from tests.kit.apps_host import AppsHost, apps_host, bundle_host
from tests.kit.chromium import a_browser
from tests.kit.scripted_pictures import film_bytes, still_bytes
from tests.kit.scripted_tools import FILES_ORIGIN, ScriptedTools


@pytest.fixture(scope="session")
def host_script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bundle_host(tmp_path_factory.mktemp("apps"))


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with a_browser() as browser:
        yield browser


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A browser whose time stands still, and in which the studio's files can be had."""
    context = await browser.new_context(viewport={"width": 800, "height": 900})
    await context.route(f"{FILES_ORIGIN}/**", serve_file)
    await context.clock.install()
    yield context
    await context.close()


@pytest.fixture
async def page(context: BrowserContext) -> Page:
    return await context.new_page()


@pytest.fixture
def tools() -> ScriptedTools:
    return ScriptedTools()


@pytest.fixture
async def host(tools: ScriptedTools, host_script: Path) -> AsyncIterator[AppsHost]:
    async with apps_host(tools.app(), host_script) as host:
        yield host


async def serve_file(route: Route) -> None:
    path = route.request.url.split("?")[0]
    if path.endswith(".mp4"):
        await route.fulfill(body=film_bytes(), content_type="video/mp4")
    else:
        shot = int("".join(filter(str.isdigit, path.rsplit("/", 1)[1])) or 1)
        await route.fulfill(body=still_bytes(shot), content_type="image/png")
