"""How the pages of renders look: at both widths and in both themes nothing is cut off. The
pictures are kept in `out/console` for somebody to look at.
"""

import json
from collections.abc import AsyncIterator
from itertools import product
from pathlib import Path
from typing import Final

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser

from studio.contracts.status import ClipState, RenderState, Stage, VoiceBrief
from tests.api.kit import ApiStack
from tests.console.browser_kit import Visit, visit_of
from tests.console.render_kit import give_credits, start_render
from tests.kit.chromium import a_browser
from tests.kit.scripted_pictures import film_bytes, still_bytes

PICTURES: Final = Path(__file__).parents[2] / "out" / "console"
WIDTHS: Final = (375, 1280)
THEMES: Final = ("light", "dark")
SCREENPLAY: Final = (
    "EXT. QUAY - DUSK\n\nFog lies on the water. A LAMPLIGHTER, seventy, walks from lamp to lamp. "
    "Behind him each one goes out.\n\nHe stops. One lamp, far away, lights itself."
)
REMARKS: Final = (
    "The fog is as described and the lamps recede into it. His coat is a shade too light.",
    "The move along the quay is steady; the third lamp flickers once.",
)


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with a_browser() as browser:
        yield browser


async def film(stack: ApiStack, account_id: str, name: str) -> str:
    return await start_render(
        stack,
        account_id,
        name=name,
        screenplay=SCREENPLAY,
        instructions="Slow, no dialogue, one long move along the quay.",
        shot_count=5,
        scene_target_duration_seconds=30,
        music_workflow="generated",
        stage_voice_briefs_enabled=True,
    )


def put_stills(stack: ApiStack, count: int) -> None:
    for shot in range(1, count + 1):
        stack.storage.put_bytes(f"still-{shot}.png", still_bytes(shot), content_type="image/png")


def film_on(stack: ApiStack, project_id: str, states: list[ClipState]) -> None:
    """Have each shot be as said, with a picture where there is one."""
    clips = []
    for clip, state in zip(stack.snapshot(project_id).clips, states, strict=True):
        begun = state is not ClipState.QUEUED
        done = state is ClipState.COMPLETED
        changes: dict[str, object] = {
            "status": state,
            "attempts": 2 if state is ClipState.FAILED else int(begun),
            "keyframe_key": f"still-{clip.index}.png" if begun else None,
            "keyframe_score": 8.5 if begun else None,
            "keyframe_remark": REMARKS[0] if begun else None,
            "thumbnail_key": f"still-{clip.index}.png" if done else None,
            "video_key": "film.mp4" if done else None,
            "video_score": 9.0 if done else None,
            "video_remark": REMARKS[1] if done else None,
        }
        if state is ClipState.FAILED:
            changes["error"] = "The video model refused the picture as unsafe, twice."
        clips.append(clip.model_copy(update=changes))
    stack.record(
        project_id,
        status=RenderState.RUNNING,
        stage=Stage.FILMING,
        progress=0.62,
        clips=tuple(clips),
        warnings=("A local stand-in films in place of Veo 3.1 Fast, which has no key here.",),
        voice_briefs=(VoiceBrief(stage=Stage.PLANNING, audio_key="plan.wav"),),
    )
    stack.settle(project_id, "project", "planning", "shot-001/keyframe", "shot-001/critic")


def finish(stack: ApiStack, project_id: str) -> None:
    film_on(stack, project_id, [ClipState.COMPLETED] * 5)
    stack.storage.put_bytes("film.mp4", film_bytes(), content_type="video/mp4")
    report = {
        "duration_seconds": 30.04,
        "width": 1280,
        "height": 720,
        "frames_per_second": 24,
        "loudness_lufs": -14.02,
        "size_bytes": 1,
        "checks": [
            {"name": "frames", "value": 721, "limit": "721", "passed": True},
            {"name": "frame_size", "value": "1280x720", "limit": "1280x720", "passed": True},
            {"name": "integrated_loudness", "value": -14.02, "limit": "-14 ± 1", "passed": True},
        ],
    }
    data = json.dumps(report).encode()
    stack.storage.put_bytes("quality.json", data, content_type="application/json")
    stack.record(project_id, quality_report_key="quality.json", poster_key="still-1.png")
    stack.finish(project_id)
    stack.storage.put_bytes(
        f"projects/{project_id}_final.mp4", film_bytes(), content_type="video/mp4"
    )


async def fill_studio(stack: ApiStack) -> dict[str, str]:
    """Renders in every state; their ids by what their pages show."""
    stack.configure(active_renders_max=20)
    account_id = give_credits(stack, 5_000)
    put_stills(stack, 5)
    done = await film(stack, account_id, "Lamplighter")
    failed = await film(stack, account_id, "The last ferry out of a harbour with a very long name")
    running = await film(stack, account_id, "Quay")
    await film(stack, account_id, "A queued one")
    finish(stack, done)
    film_on(stack, failed, [ClipState.COMPLETED, ClipState.FAILED, *[ClipState.CANCELED] * 3])
    sentence = "More than half of the shots failed."
    stack.record(failed, status=RenderState.FAILED, last_error=sentence)
    states = [ClipState.COMPLETED, ClipState.COMPLETED, ClipState.FILMING]
    film_on(stack, running, [*states, ClipState.STORYBOARDING, ClipState.QUEUED])
    return {"done": done, "failed": failed, "running": running}


async def fill_form(visit: Visit) -> None:
    page = visit.page
    await page.get_by_label("Name").fill("Lamplighter")
    await page.get_by_label("Screenplay").fill(SCREENPLAY)
    await page.get_by_label("Shots", exact=True).fill("5")
    await page.get_by_label("Seconds", exact=True).fill("30")
    await page.locator(".sum").wait_for()
    await page.get_by_text("Line by line").click()


async def spoil_form(visit: Visit) -> None:
    page = visit.page
    await page.get_by_label("Name").fill("Lamplighter")
    await page.get_by_label("Screenplay").fill(SCREENPLAY)
    await page.get_by_label("Shots", exact=True).fill("5")
    await page.get_by_label("Seconds", exact=True).fill("500")
    await page.get_by_role("button", name="Start the render").click()
    await page.locator(".notice.error").wait_for()


async def nothing(_visit: Visit) -> None:
    """What is shown at once is the scene."""


@pytest.mark.parametrize(("width", "theme"), [*product(WIDTHS, THEMES)])
async def test_nothing_is_cut_off_and_everybody_can_use_it(
    stack: ApiStack, browser: Browser, width: int, theme: str
) -> None:
    context = await browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="light" if theme == "light" else "dark",
        reduced_motion="reduce",
    )
    async with visit_of(stack, context) as visit:
        await look(visit, "empty", width, theme)
        shown = await fill_studio(stack)
        for scene, path, act in (
            ("list", "/renders", nothing),
            *((name, f"/renders/{project_id}", nothing) for name, project_id in shown.items()),
            ("new", "/renders/new", nothing),
            ("priced", "/renders/new", fill_form),
            ("refused", "/renders/new", spoil_form),
        ):
            await visit.open(path)
            await act(visit)
            await look(visit, scene, width, theme)
    await context.close()


async def look(visit: Visit, scene: str, width: int, theme: str) -> None:
    """Keep a picture; the page is no wider than the window, and axe-core finds nothing wrong."""
    page = visit.page
    PICTURES.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=PICTURES / f"renders-{scene}-{width}-{theme}.png", full_page=True)
    wide = await page.evaluate("document.documentElement.scrollWidth")
    assert wide <= width, f"{scene} is {wide} px wide"
    found = await Axe().run(page)
    assert found.violations_count == 0, f"{scene}: {found.generate_report()}"
