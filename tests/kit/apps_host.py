"""An MCP Apps host in a browser: the page of `tests/apps_npm`, its sandbox and an MCP server."""

import json
import os
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from playwright.async_api import FrameLocator, Page
from pydantic import JsonValue
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Mount, Route

from tests.kit.npm import npm_modules
from tests.kit.serving import serving_app

SOURCES: Final = Path(__file__).parents[1] / "apps_npm"
BUNDLE_SECONDS_MAX: Final = 60
MARK: Final = """() => parent.postMessage({
    jsonrpc: "2.0", method: "notifications/message", params: { level: "info", data: "mark" },
}, "*")"""


def bundle_host(folder: Path) -> Path:
    """The host's script with the packages that it imports, as one file that browsers take."""
    modules = npm_modules("apps_npm", "NO HOST SHOWS THE WIDGET")
    bundled = folder / "host.js"
    subprocess.run(
        [
            str(modules / "esbuild/bin/esbuild"),
            str(SOURCES / "host.mjs"),
            "--bundle",
            "--format=iife",
            "--log-level=warning",
            f"--outfile={bundled}",
        ],
        check=True,
        timeout=BUNDLE_SECONDS_MAX,
        env={"PATH": os.environ["PATH"], "NODE_PATH": str(modules)},
    )
    return bundled


def policy(csp: dict[str, list[str]]) -> str:
    """The header for what a resource may load: the specification's defaults, and its wishes."""
    resources = " ".join(csp.get("resourceDomains", []))
    connects = " ".join(csp.get("connectDomains", [])) or "'none'"
    return (
        "default-src 'none'; "
        f"script-src 'self' 'unsafe-inline' {resources}; style-src 'self' 'unsafe-inline' "
        f"{resources}; img-src 'self' data: {resources}; media-src 'self' data: {resources}; "
        f"font-src 'self' {resources}; connect-src {connects}; frame-src 'self' about:; "
        "base-uri 'self'; form-action 'none'"
    )


def host_app(studio: Starlette, script: Path) -> Starlette:
    """The host's page, the sandbox's page under the policy that is asked for, and `studio`."""

    async def page(_: Request) -> Response:
        return FileResponse(SOURCES / "host.html")

    async def bundled(_: Request) -> Response:
        return FileResponse(script, media_type="text/javascript")

    async def sandbox(request: Request) -> Response:
        header = policy(json.loads(request.query_params["csp"]))
        return HTMLResponse(
            (SOURCES / "sandbox.html").read_text(), headers={"Content-Security-Policy": header}
        )

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with studio.router.lifespan_context(studio):
            yield

    return Starlette(
        routes=[
            Route("/", page),
            Route("/host.js", bundled),
            Route("/sandbox.html", sandbox),
            Mount("/", studio),
        ],
        lifespan=lifespan,
    )


@dataclass(frozen=True)
class AppsHost:
    """The address that the host's page and the MCP server have, and that of the sandbox."""

    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    @property
    def sandbox_url(self) -> str:
        """Of the same server by another name: another origin to browsers."""
        return f"http://localhost:{self.port}/sandbox.html"


@asynccontextmanager
async def apps_host(studio: Starlette, script: Path) -> AsyncIterator[AppsHost]:
    """Serves a host on a port of its own, and on the same one `studio`, which has `/mcp`."""
    async with serving_app(host_app(studio, script)) as server:
        yield AppsHost(server.port)


@dataclass(frozen=True)
class Shown:
    """The widget on the host's page."""

    page: Page
    widget: FrameLocator

    async def asked(self, what: str) -> list[JsonValue]:
        """What the widget has asked of the host: `links`, `modes` or `contexts`."""
        found: list[JsonValue] = await self.page.evaluate("what => host.asked(what)", what)
        return found

    async def asks(self, what: str, times: int = 1) -> list[JsonValue]:
        """The same, once it has asked so often."""
        found: list[JsonValue] = await self.page.evaluate(
            "([what, times]) => host.untilAsked(what, times)", [what, times]
        )
        return found

    async def calls(self) -> list[JsonValue]:
        """The tools that the widget has called, each time; surely all of them by now.

        Messages of one page arrive in their order, so what comes before a mark has come with it.
        """
        marks = len(await self.asked("marks"))
        await self.run(MARK)
        await self.asks("marks", marks + 1)
        return await self.asked("calls")

    async def app(self) -> JsonValue:
        """How the widget introduced itself."""
        found: JsonValue = await self.page.evaluate("() => host.app()")
        return found

    async def tell(self, event: str, given: JsonValue = None) -> None:
        """Has the host do one of `tearDown`, `changeContext`, `cancel`, `writing`, `result`."""
        await self.page.evaluate("([event, given]) => window.host[event](given)", [event, given])

    async def wait(self, seconds: float) -> None:
        """Lets the browser's time go on."""
        await self.page.clock.run_for(int(seconds * 1000))

    async def run(self, script: str) -> JsonValue:
        """A script's value in the widget's own frame."""
        found: JsonValue = await self.widget.locator("html").evaluate(script)
        return found


async def show(
    page: Page,
    host: AppsHost,
    tool: str,
    arguments: dict[str, JsonValue] | None = None,
    **options: JsonValue,
) -> Shown:
    """Opens the host's page and has it show what a tool has to show.

    Options are those of `openWidget` in `tests/apps_npm/host.mjs`.
    """
    await page.goto(host.url)
    given = {"name": tool, "args": arguments or {}, "sandbox": host.sandbox_url, **options}
    await page.evaluate("given => window.openWidget(given)", given)
    return shown(page)


def shown(page: Page) -> Shown:
    sandbox = page.frame_locator("iframe[name=sandbox]")
    return Shown(page, sandbox.frame_locator("iframe[name=widget]"))
