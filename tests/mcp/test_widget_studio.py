"""The render console over the gateway's real tools."""

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from gateway.app import create_app
from studio.contracts.status import ClipSnapshot, ClipState, RenderState, Stage
from tests.api.kit import KEY_HEADER, ApiStack
from tests.kit.apps_host import apps_host, show
from tests.kit.scripted_pictures import film_bytes, still_bytes
from tests.kit.scripted_tools import JsonObject

PROJECT = "proj_api_0000000000000001"
OPEN = "fvs_open_chatgpt_app"


async def test_an_account_starts_a_render_sees_its_shots_land_and_plays_the_film(
    stack: ApiStack, host_script: Path, page: Page
) -> None:
    key = stack.open_account()
    async with apps_host(create_app(stack.dependencies), host_script) as host:
        shown = await show(page, host, OPEN, headers={KEY_HEADER: key})
        widget = shown.widget
        await expect(widget.get_by_role("radio", name="Account")).to_be_checked()
        await widget.get_by_label("Name").fill("Airship")
        await widget.get_by_label("Screenplay").fill("Shot 1: An airship over a frozen city.")
        await widget.get_by_role("textbox", name="Shots").fill("1")
        await widget.get_by_label("Seconds").fill("4")
        await widget.get_by_role("button", name="Start render").click()
        await expect(widget.get_by_role("heading", name="Airship")).to_be_focused()
        assert list(stack.workflows.started) == [PROJECT]

        stack.storage.put_bytes("projects/shot.png", still_bytes(1), content_type="image/png")
        clip = ClipSnapshot(index=1, status=ClipState.COMPLETED, thumbnail_key="projects/shot.png")
        stack.record(PROJECT, status=RenderState.RUNNING, stage=Stage.FILMING, clips=(clip,))
        await shown.wait(10)
        await expect(widget.get_by_role("list", name="Shots").locator("img")).to_have_js_property(
            "naturalWidth", 480
        )

        stack.storage.put_bytes("projects/film.mp4", film_bytes(), content_type="video/mp4")
        stack.record(
            PROJECT,
            status=RenderState.COMPLETED,
            stage=Stage.COMPLETED,
            final_video_key="projects/film.mp4",
        )
        await shown.wait(10)
        film = widget.get_by_label("The film: Airship")
        await expect(film).to_have_js_property("videoWidth", 480)


async def test_a_render_is_canceled_for_its_account(
    stack: ApiStack, host_script: Path, page: Page
) -> None:
    key = stack.open_account()
    async with apps_host(create_app(stack.dependencies), host_script) as host:
        request: JsonObject = {
            "name": "Airship",
            "screenplay": "Shot 1: An airship.",
            "shot_count": 1,
        }
        shown = await show(
            page, host, "fvs_submit_render", {"request": request}, headers={KEY_HEADER: key}
        )
        await shown.widget.get_by_role("button", name="Cancel render").click()
        await shown.widget.get_by_role("button", name="Stop the render").click()

        await expect(shown.widget.get_by_text("Stopping", exact=True)).to_be_visible()
        assert list(stack.workflows.canceled) == [PROJECT]


@pytest.mark.usefixtures("till")
async def test_who_has_no_account_is_shown_the_price_and_where_to_pay(
    stack: ApiStack, host_script: Path, page: Page
) -> None:
    stack.configure(
        public_base_url="https://studio.example",
        mcp_hosts=("127.0.0.1:*",),
        mcp_origins=("http://127.0.0.1:*",),
    )
    async with apps_host(create_app(stack.dependencies), host_script) as host:
        shown = await show(page, host, OPEN)
        widget = shown.widget
        await expect(widget.get_by_role("radio", name="Pay per render")).to_be_checked()
        await widget.get_by_label("Name").fill("Airship")
        await widget.get_by_label("Screenplay").fill("Shot 1: An airship over a frozen city.")
        await widget.get_by_role("textbox", name="Shots").fill("1")
        await widget.get_by_label("Seconds").fill("4")
        await widget.get_by_role("button", name="Get the price").click()

        await widget.get_by_text("What it pays for").click()
        await expect(widget.get_by_role("row").last).to_have_text("Production$0.10")
        await widget.get_by_role("button", name="Pay $1.20").click()

        [opened] = await shown.asks("links")
        assert str(opened).startswith("https://studio.example/api/agent/render-quotes/quote_")
        await shown.wait(15)
        await expect(widget.get_by_text("Waiting for the payment")).to_be_visible()
        await expect(widget.get_by_role("alert")).to_be_hidden()
