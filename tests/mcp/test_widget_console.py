"""The render console on a host's page: from the brief to the film."""

from typing import Final

import pytest
from mcp import MCPError
from mcp.types import INTERNAL_ERROR
from playwright.async_api import FrameLocator, Page, expect

from tests.kit.apps_host import AppsHost, show
from tests.kit.scripted_films import (
    FILM_URL,
    NAME,
    PAID_STATUS_URL,
    PAYMENT_URL,
    PRICE_LINES,
    PROJECT,
    canceled,
    completed,
    failed,
    filming,
    paid_render,
    queued,
    quoted,
)
from tests.kit.scripted_tools import (
    CANCEL,
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
from tests.mcp.kit import content_of

FILMING: Final = "Filming. 2 of 5 shots are ready"
WATCH: Final[JsonObject] = {"project_id": PROJECT}


async def write_brief(widget: FrameLocator) -> None:
    await widget.get_by_label("Name").fill(NAME)
    await widget.get_by_label("Screenplay").fill("A lamplighter walks the quay at dusk.")


async def start(widget: FrameLocator) -> None:
    await widget.get_by_role("button", name="Start render").click()


async def test_a_render_is_started_from_the_form_and_watched_until_it_can_be_seen(
    tools: ScriptedTools, host: AppsHost, page: Page
) -> None:
    tools.will_answer(OPEN, told({"billing_mode": "account"}))
    tools.will_answer(SUBMIT, queued())
    tools.will_answer(STATUS, filming(), completed())
    shown = await show(page, host, OPEN)
    widget = shown.widget

    await write_brief(widget)
    await widget.get_by_role("textbox", name="Shots").fill("5")
    await widget.get_by_label("Seconds").fill("30")
    await widget.get_by_role("radio", name="720p").check()
    await widget.get_by_label("Style").select_option("golden_hour")
    await start(widget)

    await expect(widget.get_by_role("heading", name=NAME)).to_be_focused()
    [submitted] = tools.arguments(SUBMIT)
    assert submitted["request"] == {
        "name": NAME,
        "screenplay": "A lamplighter walks the quay at dusk.",
        "shot_count": 5,
        "scene_target_duration_seconds": 30,
        "video_resolution": "720p",
        "visual_style_preset": "golden_hour",
    }
    assert await shown.calls() == [SUBMIT]
    await shown.wait(10)
    assert await tools.called(STATUS) == WATCH
    await expect(widget.get_by_text(FILMING, exact=True)).to_be_visible()
    await expect(widget.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "46")
    await expect(widget.get_by_role("list", name="Shots").locator("img")).to_have_count(3)
    await shown.wait(10)
    await expect(widget.get_by_label(f"The film: {NAME}")).to_be_visible()
    await widget.get_by_role("button", name="Open the film").click()
    assert await shown.asks("links") == [FILM_URL]
    await shown.wait(300)
    assert await shown.calls() == [SUBMIT, STATUS, STATUS]


async def test_a_film_without_an_account_shows_its_price_and_starts_once_it_is_paid(
    tools: ScriptedTools, host: AppsHost, page: Page
) -> None:
    tools.will_answer(OPEN, told({"billing_mode": "pay-per-render"}))
    tools.will_answer(QUOTE, quoted())
    rendering = told(paid_render("running", "planning", 8, revision=2))
    tools.will_answer(PAID_STATUS, quoted("settling", poll_after_seconds=3), rendering)
    shown = await show(page, host, OPEN)
    widget = shown.widget
    await write_brief(widget)

    await widget.get_by_role("button", name="Get the price").click()
    await widget.get_by_role("button", name="Pay $4.74").click()

    assert await shown.asks("links") == [PAYMENT_URL]
    await shown.wait(15)
    assert await tools.called(PAID_STATUS) == {"status_url": PAID_STATUS_URL}
    await expect(widget.get_by_text("Do not pay again")).to_be_visible()
    await expect(widget.get_by_role("button", name="Pay $4.74")).to_be_hidden()
    await shown.wait(3)
    await expect(widget.get_by_text("Planning the shots", exact=True)).to_be_visible()
    await expect(widget.get_by_text("Paid", exact=True)).to_be_visible()
    assert await shown.calls() == [QUOTE, PAID_STATUS, PAID_STATUS]


async def test_a_price_says_what_it_pays_for_as_long_as_it_is_not_paid(
    tools: ScriptedTools, host: AppsHost, page: Page
) -> None:
    request: JsonObject = {"name": NAME, "screenplay": "Dusk."}
    tools.will_answer(QUOTE, quoted())
    tools.will_answer(PAID_STATUS, told(content_of(quoted("settling"))))
    shown = await show(page, host, QUOTE, {"request": request})
    rows = shown.widget.get_by_role("row")

    await shown.widget.get_by_text("What it pays for").click()

    await expect(rows).to_have_text(
        [f"{line['label']}${int(str(line['credits'])) / 100:.2f}" for line in PRICE_LINES]
    )
    await shown.wait(15)
    await expect(shown.widget.get_by_text("Do not pay again")).to_be_visible()
    await expect(rows).to_have_count(len(PRICE_LINES))


async def test_a_price_that_expired_is_asked_for_again_with_the_same_brief(
    tools: ScriptedTools, host: AppsHost, page: Page
) -> None:
    request: JsonObject = {"name": NAME, "screenplay": "Dusk.", "video_model": "some-model"}
    tools.will_answer(QUOTE, quoted("expired", payment_url=None, poll_after_seconds=0), quoted())
    shown = await show(page, host, QUOTE, {"request": request})

    await shown.widget.get_by_role("button", name="Get a new price").click()

    await expect(shown.widget.get_by_role("button", name="Pay $4.74")).to_be_visible()
    assert [call["request"] for call in tools.arguments(QUOTE)] == [request, request]


async def test_a_render_is_canceled_only_after_a_second_word(
    tools: ScriptedTools, host: AppsHost, page: Page
) -> None:
    tools.will_answer(STATUS, filming(), canceled())
    stopping = filming(revision=6, cancel_requested=True, poll_after_seconds=3)
    tools.will_answer(CANCEL, stopping)
    shown = await show(page, host, STATUS, WATCH)
    widget = shown.widget

    await widget.get_by_role("button", name="Cancel render").click()
    await expect(widget.get_by_role("button", name="Keep going")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(widget.get_by_role("button", name="Cancel render")).to_be_focused()
    assert await shown.calls() == []
    await page.keyboard.press("Enter")
    await widget.get_by_role("button", name="Stop the render").click()

    assert await tools.called(CANCEL) == WATCH
    await expect(widget.get_by_text("Stopping", exact=True)).to_be_visible()
    await expect(widget.get_by_role("button", name="Cancel render")).to_be_hidden()
    await shown.wait(3)
    await expect(widget.get_by_text("The render was canceled", exact=True)).to_be_visible()


async def test_a_paid_render_is_canceled_by_its_status_url(
    tools: ScriptedTools, host: AppsHost, page: Page
) -> None:
    tools.will_answer(PAID_STATUS, told(paid_render("running", "filming", 40)))
    tools.will_answer(CANCEL, told(paid_render("running", "filming", 40, cancel_requested=True)))
    shown = await show(page, host, PAID_STATUS, {"status_url": PAID_STATUS_URL})

    await shown.widget.get_by_role("button", name="Cancel render").click()
    await shown.widget.get_by_role("button", name="Stop the render").click()

    assert await tools.called(CANCEL) == {"status_url": PAID_STATUS_URL}


async def test_a_missing_key_leads_to_paying_for_this_render_with_nothing_typed_lost(
    tools: ScriptedTools, host: AppsHost, page: Page
) -> None:
    tools.will_answer(OPEN, told({}))
    tools.will_answer(SUBMIT, refused("missing_agent_key", "This tool needs an account's key."))
    tools.will_answer(QUOTE, quoted())
    shown = await show(page, host, OPEN)
    widget = shown.widget
    await write_brief(widget)

    await start(widget)
    await expect(widget.get_by_role("alert")).to_contain_text("No account is connected")
    await widget.get_by_role("button", name="Pay for this render alone").click()
    await page.keyboard.press("Enter")

    await expect(widget.get_by_text("$4.74", exact=True)).to_be_visible()
    [asked] = tools.arguments(QUOTE)
    assert asked["request"] == tools.arguments(SUBMIT)[0]["request"]


@pytest.mark.mcp_case("27.4")
async def test_a_refused_brief_says_beside_each_field_what_is_wrong_with_it(
    tools: ScriptedTools, host: AppsHost, page: Page
) -> None:
    tools.will_answer(OPEN, told({}))
    errors: list[JsonObject] = [
        {"pointer": "/request/shot_count", "detail": "Too many shots."},
        {"pointer": "/request/music_model", "detail": "Not a model."},
    ]
    tools.will_answer(SUBMIT, refused("invalid_request", "Invalid.", errors=[*errors]))
    shown = await show(page, host, OPEN)
    await write_brief(shown.widget)

    await start(shown.widget)

    shots = shown.widget.get_by_role("textbox", name="Shots")
    await expect(shots).to_have_accessible_description("Too many shots.")
    await expect(shots).to_have_attribute("aria-invalid", "true")
    await expect(shots).to_be_focused()
    await expect(shown.widget.get_by_role("alert")).to_contain_text("Music model: Not a model.")


async def test_a_brief_that_says_nothing_is_not_sent(
    tools: ScriptedTools, host: AppsHost, page: Page
) -> None:
    tools.will_answer(OPEN, told({}))
    shown = await show(page, host, OPEN)
    widget = shown.widget

    await widget.get_by_role("textbox", name="Shots").fill("65")
    await widget.get_by_label("Name").press("Enter")

    await expect(widget.get_by_label("Name")).to_have_accessible_description(
        "Give the film a name."
    )
    await expect(widget.get_by_text("A whole number from 1 to 64.")).to_be_visible()
    await expect(widget.get_by_text("Write a screenplay, or say")).to_be_visible()
    assert await shown.calls() == []


async def test_pressing_again_after_a_lost_answer_is_the_same_render(
    tools: ScriptedTools, host: AppsHost, page: Page
) -> None:
    tools.will_answer(OPEN, told({}))
    tools.will_answer(SUBMIT, MCPError(INTERNAL_ERROR, "lost"), queued())
    tools.will_answer(STATUS, queued())
    shown = await show(page, host, OPEN)
    widget = shown.widget
    await write_brief(widget)

    await start(widget)
    await expect(widget.get_by_role("alert")).to_contain_text("could not reach the studio")
    await start(widget)
    await expect(widget.get_by_text("Queued. It starts in a moment", exact=True)).to_be_visible()
    await widget.get_by_role("list", name="Shots").wait_for()
    keys = [call["idempotency_key"] for call in tools.arguments(SUBMIT)]

    assert len(keys) == 2
    assert keys[0] == keys[1]


async def test_a_studio_that_is_away_is_asked_again_and_what_was_seen_stays(
    tools: ScriptedTools, host: AppsHost, page: Page
) -> None:
    away = refused("unavailable", "The database is away.", retry_after_seconds=30)
    tools.will_answer(STATUS, filming(), away, completed())
    shown = await show(page, host, STATUS, WATCH)

    await shown.wait(10)
    await expect(shown.widget.get_by_role("alert")).to_contain_text("The database is away.")
    await expect(shown.widget.get_by_text(FILMING, exact=True)).to_be_visible()
    await shown.wait(29)
    assert await shown.calls() == [STATUS]
    await shown.wait(1)

    await expect(shown.widget.get_by_text("Your film is ready", exact=True)).to_be_visible()
    await expect(shown.widget.get_by_role("alert")).to_be_hidden()


async def test_a_render_that_is_gone_is_not_asked_for_any_more(
    tools: ScriptedTools, host: AppsHost, page: Page
) -> None:
    tools.will_answer(STATUS, filming(), refused("not_found", "No such render."))
    shown = await show(page, host, STATUS, WATCH)

    await shown.wait(10)
    await expect(shown.widget.get_by_role("alert")).to_contain_text("There is no such render")
    await shown.wait(600)

    assert await shown.calls() == [STATUS]


async def test_a_failed_render_says_why_keeps_its_shots_and_goes_back_to_the_brief(
    tools: ScriptedTools, host: AppsHost, page: Page
) -> None:
    tools.will_answer(STATUS, failed("The provider refused every shot."))
    shown = await show(page, host, STATUS, WATCH)
    widget = shown.widget

    await expect(widget.get_by_role("alert")).to_contain_text("The provider refused every shot.")
    await widget.get_by_role("button", name="Open shot 1: Ready").click()
    [opened] = await shown.asks("links")
    assert opened == f"https://files.studio.example/{PROJECT}/shot_001.mp4?sig=a"
    await widget.get_by_role("button", name="Edit the brief and try again").click()
    await expect(widget.get_by_role("heading", name="What shall we film?")).to_be_focused()


@pytest.mark.mcp_case("27.4")
async def test_an_answer_that_is_older_than_what_is_shown_changes_nothing(
    tools: ScriptedTools, host: AppsHost, page: Page
) -> None:
    tools.will_answer(STATUS, filming(revision=7))
    shown = await show(page, host, STATUS, WATCH)
    await expect(shown.widget.get_by_text(FILMING, exact=True)).to_be_visible()

    await shown.tell("result", queued().model_dump(by_alias=True, mode="json", exclude_none=True))
    await shown.wait(1)

    await expect(shown.widget.get_by_text(FILMING, exact=True)).to_be_visible()
