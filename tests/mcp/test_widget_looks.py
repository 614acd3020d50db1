"""How the console looks: at both widths and in both themes nothing is cut off. The pictures are
kept in `out/widget` for somebody to look at.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Final

import pytest
from mcp.types import CallToolResult
from playwright.async_api import Locator, Page, expect

from tests.kit.apps_host import AppsHost, Shown, show
from tests.kit.scripted_films import (
    NAME,
    PAID_STATUS_URL,
    PROJECT,
    completed,
    failed,
    filming,
    queued,
    quoted,
)
from tests.kit.scripted_tools import (
    OPEN,
    PAID_STATUS,
    QUOTE,
    STATUS,
    SUBMIT,
    JsonObject,
    ScriptedTools,
    refused,
    told,
)

PICTURES: Final = Path(__file__).parents[2] / "out" / "widget"
WIDTHS: Final = (320, 800)
PAGE_HEIGHT: Final = 1600
THEMES: Final = ("light", "dark")
REQUEST: Final[JsonObject] = {
    "name": NAME,
    "screenplay": (
        "EXT. QUAY - DUSK\n\nFog lies on the water. A LAMPLIGHTER, seventy, walks from lamp to "
        "lamp. Behind him each one goes out.\n\nHe stops. One lamp, far away, lights itself."
    ),
    "instructions": "Slow, no dialogue, one long move along the quay.",
    "shot_count": 5,
    "scene_target_duration_seconds": 30,
    "video_resolution": "1080p",
    "visual_style_preset": "golden_hour",
    "video_model": "veo-3.1-fast-generate-001",
}
BRIEF: Final[JsonObject] = {"request": REQUEST}
WATCH: Final[JsonObject] = {"project_id": PROJECT}
WATCH_PAID: Final[JsonObject] = {"status_url": PAID_STATUS_URL}
NO_CREDITS: Final = refused(
    "insufficient_credits", "Too few credits.", credits_required=474, credits_available=120
)
INFEASIBLE: Final = refused(
    "invalid_request",
    "The request cannot be filmed.",
    errors=[
        {
            "pointer": "/request/shot_count",
            "detail": "5 shots of 30 seconds are too long: 1 to 8 s.",
        },
        {"pointer": "/request/music_model", "detail": "This model is not known."},
    ],
)


async def nothing(_: Shown) -> None:
    """What is shown at once is the scene."""


async def ask_to_stop(shown: Shown) -> None:
    await shown.widget.get_by_role("button", name="Cancel render").click()


async def unfold_the_price(shown: Shown) -> None:
    await shown.widget.get_by_text("What it pays for").click()
    await expect(shown.widget.get_by_role("row").first).to_be_visible()


async def leave_the_form_empty(shown: Shown) -> None:
    await shown.widget.get_by_role("button", name="Start render").click()


@dataclass(frozen=True)
class Scene:
    tool: str
    answer: CallToolResult
    sentence: str
    arguments: JsonObject
    grants: str = "wishes"
    then: Callable[[Shown], Awaitable[None]] = nothing


SCENES: Final = {
    "brief-empty": Scene(OPEN, told({}), "What shall we film?", {}),
    "brief-faults": Scene(OPEN, told({}), "Give the film a name.", {}, then=leave_the_form_empty),
    "brief-filled": Scene(OPEN, told({"request": REQUEST}), "Also sent", {}),
    "no-credits": Scene(SUBMIT, NO_CREDITS, "Not enough credits", BRIEF),
    "infeasible": Scene(SUBMIT, INFEASIBLE, "This model is not known.", BRIEF),
    "price": Scene(QUOTE, quoted(), "Waiting for the payment", BRIEF),
    "price-lines": Scene(QUOTE, quoted(), "What it pays for", BRIEF, then=unfold_the_price),
    "settling": Scene(PAID_STATUS, quoted("settling"), "Do not pay again", WATCH_PAID),
    "expired": Scene(PAID_STATUS, quoted("expired"), "The price has expired", WATCH_PAID),
    "queued": Scene(SUBMIT, queued(), "It starts in a moment", BRIEF),
    "filming": Scene(STATUS, filming(), "2 of 5 shots are ready", WATCH),
    "cancel": Scene(STATUS, filming(), "Stop this render?", WATCH, then=ask_to_stop),
    "blocked": Scene(
        STATUS, completed(), "does not show the studio's pictures", WATCH, grants="nothing"
    ),
    "completed": Scene(STATUS, completed(), "Your film is ready", WATCH),
    "failed": Scene(STATUS, failed(), "The provider refused every shot.", WATCH),
}


@pytest.mark.mcp_case("27.6")
@pytest.mark.parametrize("name", SCENES)
async def test_nothing_is_cut_off_at_any_width_or_theme(
    tools: ScriptedTools, host: AppsHost, page: Page, name: str
) -> None:
    scene = SCENES[name]
    print(PICTURES)  # noqa: T201 - where to look
    tools.will_answer(scene.tool, scene.answer)
    shown = await show(page, host, scene.tool, scene.arguments, grants=scene.grants)
    await scene.then(shown)
    await expect(shown.widget.get_by_text(scene.sentence).first).to_be_visible()
    if name == "completed":
        await expect(shown.widget.locator("video")).to_have_js_property("readyState", 4)

    for width, theme in product(WIDTHS, THEMES):
        await page.set_viewport_size({"width": width, "height": PAGE_HEIGHT})
        await shown.tell("changeContext", {"theme": theme})
        await expect(shown.widget.locator("html")).to_have_attribute("data-theme", theme)
        frame = await whole_frame(shown)
        await frame.screenshot(path=PICTURES / f"{name}-{width}-{theme}.png", animations="disabled")
        assert await shown.run(OVERFLOWING) == []


async def whole_frame(shown: Shown) -> Locator:
    """The widget's frame, once the host has made it as high as the widget asks."""
    height = await shown.run("html => Math.ceil(html.getBoundingClientRect().height)")
    frame = shown.page.locator("iframe[name=sandbox]")
    await expect(frame).to_have_js_property("clientHeight", height)
    return frame


OVERFLOWING: Final = """() => [...document.querySelectorAll("body *")]
    .filter((node) => !node.closest(".strip, .unseen, select") && node.getClientRects().length)
    .filter((node) => node.getBoundingClientRect().right > innerWidth + 0.5)
    .map((node) => node.outerHTML.slice(0, 80))"""
