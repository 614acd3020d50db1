"""The render console on a host's page: from the brief to the film."""

import pytest
from playwright.async_api import Page, expect

from tests.kit.apps_host import AppsHost, show
from tests.kit.scripted_films import completed, filming, queued
from tests.kit.scripted_tools import OPEN, STATUS, SUBMIT, ScriptedTools, told


async def test_a_render_is_started_from_the_form_and_watched_until_it_can_be_seen(
    tools: ScriptedTools, host: AppsHost, page: Page
) -> None:
    tools.will_answer(OPEN, told({"billing_mode": "account"}))
    tools.will_answer(SUBMIT, queued())
    tools.will_answer(STATUS, filming(), completed())
    shown = await show(page, host, OPEN)
    widget = shown.widget

    await widget.get_by_label("Name").fill("The last lamplighter")
    await widget.get_by_label("Screenplay").fill("A lamplighter walks the quay at dusk.")
    await widget.get_by_role("textbox", name="Shots").fill("5")
    await widget.get_by_label("Seconds").fill("30")
    await widget.get_by_text("720p").click()
    await widget.get_by_label("Style").select_option("golden_hour")
    await widget.get_by_role("button", name="Start render").click()

    await expect(widget.get_by_role("heading", name="The last lamplighter")).to_be_focused()
    [submitted] = tools.arguments(SUBMIT)
    assert submitted["request"] == {
        "name": "The last lamplighter",
        "screenplay": "A lamplighter walks the quay at dusk.",
        "shot_count": 5,
        "scene_target_duration_seconds": 30,
        "video_resolution": "720p",
        "visual_style_preset": "golden_hour",
    }
    assert tools.arguments(STATUS) == []
    await shown.wait(10)
    await tools.called(STATUS)
    await expect(widget.get_by_text("Filming. 2 of 5 shots are ready")).to_be_visible()
    await expect(widget.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "46")
    await expect(widget.get_by_role("list", name="Shots").locator("img")).to_have_count(3)
    await shown.wait(10)
    await expect(widget.get_by_label("The film: The last lamplighter")).to_be_visible()
    await widget.get_by_role("button", name="Open the film").click()
    assert await shown.asked("links") == ["https://files.studio.example/proj_api_60c90c0841464675/final.mp4?sig=a"]
    await shown.wait(300)
    assert len(tools.arguments(STATUS)) == 2
