"""The stages of a render in the console, and the answers that the console's tests are told."""

import pytest
from mcp.types import CallToolResult
from playwright.async_api import Page, expect

from gateway.mcp.names import RENDER_STATUS
from gateway.mcp.results import PaidResult, QuoteResult, RenderResult
from tests.kit.apps_host import AppsHost, show
from tests.kit.scripted_films import (
    PROJECT,
    account_render,
    canceled,
    completed,
    failed,
    filming,
    paid_render,
    queued,
    quoted,
)
from tests.kit.scripted_tools import ScriptedTools, told


async def test_music_that_was_made_stays_among_the_stages(
    tools: ScriptedTools, host: AppsHost, page: Page
) -> None:
    """Answers name the present stage alone; most films have no music."""
    making = [
        told(account_render("running", stage, percent, revision=percent))
        for stage, percent in (("input", 1), ("music", 3), ("planning", 9))
    ]
    tools.will_answer(RENDER_STATUS, *making)
    shown = await show(page, host, RENDER_STATUS, {"project_id": PROJECT})
    stages = shown.widget.locator("#stages li")
    without = ["Brief", "Plan", "Storyboard", "Film", "Cut"]
    await expect(stages).to_have_text(without)
    await shown.wait(10)
    await expect(stages).to_have_text(["Brief", "Music", *without[1:]])
    await shown.wait(10)
    await expect(shown.widget.get_by_text("Planning the shots", exact=True)).to_be_visible()
    await expect(stages).to_have_text(["Brief", "Music", *without[1:]])


@pytest.mark.parametrize(
    "answer",
    [queued(), filming(), completed(), failed(), canceled(), quoted(), quoted("settling")],
)
def test_what_the_console_is_told_in_tests_has_no_field_that_the_tools_do_not_have(
    answer: CallToolResult,
) -> None:
    fields = {*RenderResult.model_fields, *PaidResult.model_fields, *QuoteResult.model_fields}
    assert answer.structured_content is not None
    assert answer.structured_content.keys() <= fields
    assert paid_render("running", "filming", 46).keys() <= PaidResult.model_fields.keys()
