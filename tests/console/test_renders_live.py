"""A render watched in a real browser: events change the page, and what is open stays open."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, BrowserContext, FilePayload, expect

from studio.contracts.status import ClipState, RenderState, Stage
from tests.api.kit import ApiStack
from tests.console.browser_kit import visit_of
from tests.console.render_kit import SCRIPT, film_shot, give_credits, start_render
from tests.kit.chromium import a_browser
from tests.kit.scripted_pictures import film_bytes, still_bytes


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with a_browser() as browser:
        yield browser


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    context = await browser.new_context()
    yield context
    await context.close()


async def test_a_page_follows_its_render_until_the_film_can_be_played(
    stack: ApiStack, context: BrowserContext
) -> None:
    async with visit_of(stack, context) as visit:
        page, beat = visit.page, visit.beat
        account_id = give_credits(stack, 1_000)
        brief = {"name": "Quay", "screenplay": "A quay.", "shot_count": 2}
        project_id = await start_render(stack, account_id, **brief)
        await visit.open(f"/renders/{project_id}")
        await beat.reached()
        await page.get_by_text("The receipt, line by line").click()

        stack.storage.put_bytes("still.png", still_bytes(1), content_type="image/png")
        film_shot(stack, project_id, keyframe_key="still.png", keyframe_remark=SCRIPT)
        stack.settle(project_id, "project")
        beat.go_on()
        await expect(page.locator("#standing")).to_contain_text("Filming: 0 of 2 shots ready")
        await expect(page.locator("#spoken")).to_have_text("Running. Filming: 0 of 2 shots ready.")
        picture = page.locator("#frame-1 img")
        await expect(picture).to_have_js_property("complete", value=True)
        await expect(picture).to_have_js_property("naturalWidth", 480)
        await expect(page.locator("#shot-1 q")).to_have_text(SCRIPT)
        await expect(page.locator("#lines tr[data-is=settled]")).to_be_visible()

        await beat.reached()
        await page.locator("#cancel").click()
        stack.record(project_id, stage=Stage.PRODUCTION, progress=0.9)
        beat.go_on()
        await expect(page.locator("#standing")).to_contain_text("Cutting and mixing")
        await expect(page.get_by_role("button", name="Yes, cancel it")).to_be_visible()

        await beat.reached()
        key = f"projects/{project_id}_final.mp4"
        stack.finish(project_id)
        stack.storage.put_bytes(key, film_bytes(), content_type="video/mp4")
        beat.go_on()
        film = page.locator("#film video")
        await expect(film).to_be_visible()
        await expect(film).to_have_js_property("error", None)
        await expect(page.locator("#cancel")).to_have_count(0)
        assert (
            await film.evaluate(
                "async (film) => { film.muted = true; await film.play(); return film.videoWidth; }"
            )
            == 480
        )


async def test_a_list_follows_what_is_typed(stack: ApiStack, context: BrowserContext) -> None:
    async with visit_of(stack, context) as visit:
        page = visit.page
        account_id = give_credits(stack, 1_000)
        for name in ("Glass airship", "Paper boat"):
            await start_render(stack, account_id, name=name, screenplay="A thing.", shot_count=1)
        await visit.open("/renders")
        await page.get_by_label("Search by name").press_sequentially("airsh")
        await expect(page.get_by_text("Paper boat")).to_have_count(0)
        await expect(page.get_by_role("link", name="Glass airship")).to_be_visible()
        await expect(page).to_have_url(f"{visit.base_url}/renders?q=airsh&status=")
        await page.get_by_label("Status").select_option("completed")
        await expect(page.get_by_text("No render is like that.")).to_be_visible()


async def test_a_film_is_ordered_with_its_price_in_view_and_the_keyboard_alone(
    stack: ApiStack, context: BrowserContext
) -> None:
    async with visit_of(stack, context) as visit:
        page = visit.page
        give_credits(stack, 1_000)
        await visit.open("/renders/new")
        await page.get_by_label("Name").focus()
        await page.keyboard.type("Quay")
        await page.keyboard.press("Tab")
        await page.keyboard.type("Shot 1: A quay in fog.")
        await page.get_by_label("Shots", exact=True).focus()
        await page.keyboard.type("1")
        await page.keyboard.press("Tab")
        await page.keyboard.type("4")
        await expect(page.locator("#estimate .sum")).to_have_text("120")
        await expect(page.locator("#estimate")).to_contain_text("880 credits would be left")
        picture = FilePayload(name="mara.png", mimeType="image/png", buffer=still_bytes(1))
        await page.locator("#files-1").set_input_files([picture, picture])
        await page.locator("#label-1").fill("Mara")
        await page.get_by_role("button", name="Start the render").press("Enter")
        await expect(page.get_by_role("heading", name="Quay")).to_be_visible()
        await page.get_by_text("The brief", exact=True).click()
        await expect(page.get_by_text("mara (2).png")).to_be_visible()


async def test_nothing_on_the_pages_breaks_their_policy(
    stack: ApiStack, context: BrowserContext
) -> None:
    async with visit_of(stack, context) as visit:
        said: list[str] = []
        visit.page.on("console", lambda message: said.append(message.text))
        account_id = give_credits(stack, 1_000)
        project_id = await start_render(
            stack, account_id, name=SCRIPT, screenplay=SCRIPT, shot_count=1
        )
        film_shot(stack, project_id, error=SCRIPT, status=ClipState.FAILED)
        stack.record(project_id, status=RenderState.FAILED, last_error=SCRIPT)
        for path in ("/renders", f"/renders/{project_id}", "/renders/new"):
            await visit.open(path)
            await visit.page.wait_for_load_state("load")
        assert said == []
