"""Two people at a deployment's console, each in a browser of their own, and what they do there."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import httpx2
from playwright.async_api import Browser, FilePayload, Page, expect

from runtime.demo_references import reference_pictures
from tests.console.kit import PASSWORD
from tests.console.looking import Looker
from tests.kit.shop import Shop
from tests.kit.stack import ROOT, Stack

PATIENCE_MS = 60_000
"""A limit for a film on a machine that is busy, not a measure."""
SCREENPLAY = (
    "Shot 1: A lamplighter walks along a quay in fog.\n\nShot 2: One lamp, far away, lights itself."
)
LABELS = (("The archive", "environment"), ("The lamplighter", "main character"))
_REMEMBER = """() => {
  window.seen = [];
  const note = () => {
    const stage = document.querySelector(".stages [aria-current=step]")?.textContent.trim();
    const shots = [...document.querySelectorAll(".frame")].map((frame) => frame.dataset.is);
    const now = JSON.stringify([stage ?? "", shots]);
    if (window.seen.at(-1) !== now) window.seen.push(now);
  };
  new MutationObserver(note).observe(document.body, {
    subtree: true, childList: true, attributes: true,
  });
  note();
}"""
"""Keeps what the open page showed. A page that is loaded again has forgotten it."""


@dataclass(frozen=True)
class Person:
    """Somebody with an account. `looker` looks at the pages that they come to."""

    looker: Looker
    email: str

    @property
    def page(self) -> Page:
        return self.looker.page

    async def see(self, path: str, name: str) -> None:
        await self.looker.open(path)
        await self.look(name)

    async def look(self, name: str) -> None:
        await self.looker.look(f"journey-{name}")

    async def sign_up(self, name: str) -> None:
        await self.looker.open("/sign-up")
        await self.page.get_by_label("Name").fill(name)
        await self.page.get_by_label("E-mail address").fill(self.email)
        await self.page.get_by_label("Password").fill(PASSWORD)
        await self.looker.press("Sign up")
        await expect(self.page).to_have_url(f"{self.looker.base_url}/renders")

    async def account_id(self) -> str:
        await self.looker.open("/settings/profile")
        return await self.page.locator("dd code").inner_text()

    async def create_key(self, name: str) -> str:
        """The page of the new key stays open."""
        await self.looker.open("/settings/keys")
        await self.page.get_by_label("Name").fill(name)
        await self.looker.press("Create the key")
        return await self.page.locator("#secret").inner_text()

    async def write_brief(self, name: str) -> None:
        """Two shots and two files, each with its label; not sent yet."""
        page = self.page
        await self.looker.open("/renders/new")
        await page.get_by_label("Name").fill(name)
        await page.get_by_label("Screenplay").fill(SCREENPLAY)
        await page.get_by_label("Shots", exact=True).fill("2")
        await page.get_by_label("Seconds", exact=True).fill("8")
        pictures = zip(LABELS, reference_pictures(), strict=True)
        for row, ((label, purpose), (file_name, data)) in enumerate(pictures, start=1):
            await page.locator(f"#label-{row}").fill(label)
            await page.locator(f"#purpose-{row}").fill(purpose)
            file = FilePayload(name=file_name, mimeType="image/jpeg", buffer=data)
            await page.locator(f"#files-{row}").set_input_files(file)
        await expect(page.locator("#estimate .sum")).to_be_visible(timeout=PATIENCE_MS)

    async def start_render(self) -> str:
        """Its id. Its page is open, and remembers what it shows from now on."""
        await self.looker.press("Start the render")
        await self.page.evaluate(_REMEMBER)
        return self.page.url.rpartition("/")[2]

    async def balance(self) -> int:
        await self.looker.open("/settings/wallet")
        [digits] = re.findall(r"[\d,]+", await self.page.locator(".balance .sum").inner_text())[:1]
        return int(digits.replace(",", ""))


@asynccontextmanager
async def person(browser: Browser, stack: Stack, email: str) -> AsyncIterator[Person]:
    """In a browser that nobody has used. At the end no page may have complained."""
    context = await browser.new_context(reduced_motion="reduce")
    looker = Looker(await context.new_page(), stack.base_url)
    yield Person(looker, email)
    await context.close()
    assert looker.complaints == []


@contextmanager
def standing_still(stack: Stack, name: str = "worker") -> Iterator[None]:
    """Stop a process where it is, and let it go on."""
    process = stack.children[name].process
    process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)


def fvs(stack: Stack, *words: str) -> None:
    """A command, as whoever runs the server types it."""
    command = [sys.executable, "-m", "runtime.cli", *words]
    subprocess.run(command, env={**os.environ, **stack.environment}, cwd=ROOT, check=True)


def mailed_reset(stack: Stack) -> str:
    """The path of the link that was mailed, which is to say written to the gateway's output."""
    log = stack.directory / "gateway.log"
    stack.wait_for(lambda: "/reset/" in log.read_text(), "a link is mailed")
    [path] = re.findall(r"/reset/[\w-]+", log.read_text())[-1:]
    return str(path)


def api(shop: Shop, path: str, key: str) -> httpx2.Response:
    url = f"{shop.stack.base_url}/api/agent/{path}"
    return httpx2.get(url, headers={"X-FVS-Agent-Key": key}, timeout=30)
