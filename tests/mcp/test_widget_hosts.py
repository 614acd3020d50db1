"""The render console under hosts that differ: strict ones, old ones, and ones that end it."""

import json
from typing import Final

import pytest
from playwright.async_api import BrowserContext, Page, expect
from pydantic import JsonValue

from gateway.mcp.results import CLIPS_META, LINES_META
from gateway.widget.resource import widget_html
from tests.kit.apps_host import AppsHost, show
from tests.kit.scripted_films import (
    FILM_URL,
    NAME,
    PAYMENT_URL,
    PROJECT,
    account_render,
    completed,
    filming,
    queued,
    quoted,
)
from tests.kit.scripted_tools import (
    FILES_ORIGIN,
    OPEN,
    QUOTE,
    STATUS,
    SUBMIT,
    JsonObject,
    ScriptedTools,
    told,
)
from tests.mcp.kit import content_of

MARKUP: Final = '<img src=x onerror="window.broken=1"><script>window.broken=1</script>'
WATCH: Final[JsonObject] = {"project_id": PROJECT}
BRIEF: Final[JsonObject] = {"request": {"name": NAME, "screenplay": "Dusk."}}
FILMING: Final = "Filming. 2 of 5 shots are ready"
OLD_CHAT: Final = "https://chat.example/"
OPENAI: Final = """
    window.called = [];
    window.openai = {
        theme: "dark", locale: "en-US", displayMode: "inline",
        toolInput: %(input)s, toolOutput: %(output)s, toolResponseMetadata: {},
        callTool: async (name, args) => { called.push([name, args]); return %(answer)s; },
        openExternal: ({ href }) => { called.push(["open", href]); },
        notifyIntrinsicHeight: () => {},
    };
"""


async def test_the_console_introduces_itself_and_reports_its_size(
    tools: ScriptedTools, host: AppsHost, page: Page
) -> None:
    tools.will_answer(OPEN, told({}))
    shown = await show(page, host, OPEN)
    await expect(shown.widget.get_by_role("heading", name="What shall we film?")).to_be_visible()

    assert await shown.app() == {
        "info": {"name": "future-video-studio-render-console", "version": "1"},
        "capabilities": {"availableDisplayModes": ["inline", "fullscreen"]},
    }
    height = await shown.run("html => Math.ceil(html.getBoundingClientRect().height)")
    frame = page.locator("iframe[name=sandbox]")
    await expect(frame).to_have_js_property("clientHeight", height)


@pytest.mark.mcp_case("27.4")
async def test_the_assistants_brief_is_shown_while_it_is_written_and_can_be_stopped(
    host: AppsHost, page: Page
) -> None:
    shown = await show(page, host, SUBMIT, {"request": {"name": NAME}}, result=False)
    loading = shown.widget.get_by_text("The brief is on its way to the studio.")
    await expect(loading).to_be_visible()

    await shown.tell("cancel", "The user pressed stop.")

    await expect(shown.widget.get_by_role("alert")).to_contain_text("The user pressed stop.")
    await expect(shown.widget.get_by_label("Name")).to_have_value(NAME)
    assert await shown.calls() == []


async def test_what_a_strict_host_blocks_can_be_opened_in_the_browser(
    tools: ScriptedTools, host: AppsHost, page: Page
) -> None:
    tools.will_answer(STATUS, completed())
    shown = await show(page, host, STATUS, WATCH, grants="nothing")
    widget = shown.widget

    await expect(widget.get_by_text("does not show the studio's pictures")).to_be_visible()
    await widget.get_by_role("button", name="Watch in the browser").click()
    await widget.get_by_role("button", name="Open shot 2: Ready").click()

    assert await shown.asks("links", 2) == [
        FILM_URL,
        f"{FILES_ORIGIN}/{PROJECT}/shot_002.mp4?sig=a",
    ]
    await expect(widget.locator("img")).to_have_count(0)


@pytest.mark.mcp_case("27.5")
async def test_after_its_teardown_the_console_asks_nothing_more(
    tools: ScriptedTools, host: AppsHost, page: Page
) -> None:
    tools.will_answer(STATUS, filming())
    shown = await show(page, host, STATUS, WATCH)
    await shown.wait(10)
    await tools.called(STATUS, 2)
    await expect(shown.widget.get_by_text(FILMING, exact=True)).to_be_visible()

    await shown.tell("tearDown")
    await shown.wait(3600)
    await shown.run("() => document.dispatchEvent(new Event('visibilitychange'))")

    assert await shown.calls() == [STATUS]


@pytest.mark.mcp_case("27.5")
async def test_a_console_that_nobody_sees_waits_and_asks_at_once_when_it_is_seen(
    tools: ScriptedTools, host: AppsHost, page: Page
) -> None:
    tools.will_answer(STATUS, filming(), completed())
    shown = await show(page, host, STATUS, WATCH)
    await expect(shown.widget.get_by_text(FILMING, exact=True)).to_be_visible()

    await shown.run(turned_to("hidden"))
    await shown.wait(600)
    assert await shown.calls() == []
    await shown.run(turned_to("visible"))

    await expect(shown.widget.get_by_text("Your film is ready", exact=True)).to_be_visible()
    assert await shown.calls() == [STATUS]


async def test_an_answer_that_comes_while_nobody_looks_is_the_last_until_somebody_does(
    tools: ScriptedTools, host: AppsHost, page: Page
) -> None:
    tools.will_answer(STATUS, queued(), filming())
    shown = await show(page, host, STATUS, WATCH)
    tools.gate.clear()
    await shown.wait(10)
    await tools.called(STATUS, 2)

    await shown.run(turned_to("hidden"))
    tools.gate.set()
    await expect(shown.widget.get_by_text(FILMING, exact=True)).to_be_visible()
    await shown.wait(600)

    assert await shown.calls() == [STATUS]


def turned_to(visibility: str) -> str:
    """No browser hides a page for a test, so the page is told that it is."""
    return f"""() => {{
        const told = {{ value: "{visibility}", configurable: true }};
        Object.defineProperty(document, "visibilityState", told);
        document.dispatchEvent(new Event("visibilitychange"));
    }}"""


@pytest.mark.mcp_case("27.3")
async def test_a_host_that_calls_no_tools_shows_what_came_and_promises_nothing(
    tools: ScriptedTools, host: AppsHost, page: Page
) -> None:
    tools.will_answer(STATUS, filming())
    shown = await show(page, host, STATUS, WATCH, capabilities={"openLinks": {}})
    await expect(shown.widget.get_by_text(FILMING, exact=True)).to_be_visible()

    await shown.wait(600)

    await expect(shown.widget.get_by_role("button", name="Cancel render")).to_be_hidden()
    assert await shown.calls() == []


@pytest.mark.mcp_case("27.2")
async def test_a_host_that_opens_no_links_shows_the_address_to_copy(
    tools: ScriptedTools, host: AppsHost, page: Page
) -> None:
    tools.will_answer(QUOTE, quoted())
    shown = await show(page, host, QUOTE, BRIEF, capabilities={"serverTools": {}})

    await shown.widget.get_by_role("button", name="Pay $4.74").click()

    await expect(shown.widget.get_by_text(PAYMENT_URL)).to_be_visible()
    assert await shown.asked("links") == []


@pytest.mark.mcp_case("27.2")
async def test_only_https_links_leave_the_console(
    tools: ScriptedTools, host: AppsHost, page: Page
) -> None:
    wicked = "javascript:parent.postMessage('out','*')"
    tools.will_answer(QUOTE, quoted(payment_url=wicked))
    shown = await show(page, host, QUOTE, BRIEF)

    await shown.widget.get_by_role("button", name="Pay $4.74").click()

    await expect(shown.widget.get_by_text(wicked)).to_be_visible()
    assert await shown.asked("links") == []


async def test_the_lines_of_a_price_stay_text(
    tools: ScriptedTools, host: AppsHost, page: Page
) -> None:
    lines: list[JsonValue] = [{"label": MARKUP, "credits": 12}, {"label": 7}, MARKUP]
    tools.will_answer(QUOTE, told(content_of(quoted()), meta={LINES_META: lines}))
    shown = await show(page, host, QUOTE, BRIEF)

    await shown.widget.get_by_text("What it pays for").click()

    await expect(shown.widget.get_by_role("row")).to_have_text([f"{MARKUP}$0.12", ""])
    await expect(shown.widget.locator("main img, main script")).to_have_count(0)


@pytest.mark.mcp_case("27.1")
async def test_what_anybody_wrote_stays_text(
    tools: ScriptedTools, host: AppsHost, page: Page
) -> None:
    clip: JsonObject = {"index": 1, "status": MARKUP, "error": MARKUP, "thumbnail_url": MARKUP}
    fields: JsonObject = {"name": MARKUP, "last_error": MARKUP, "warnings": [MARKUP]}
    tools.will_answer(
        STATUS, told(account_render("failed", MARKUP, 40, **fields), meta={CLIPS_META: [clip]})
    )
    shown = await show(page, host, STATUS, WATCH)

    await expect(shown.widget.get_by_role("heading", level=1)).to_have_text(MARKUP)
    await expect(shown.widget.get_by_role("alert")).to_contain_text(MARKUP)
    await expect(shown.widget.locator("main img, main script")).to_have_count(0)
    assert await shown.run("() => window.broken === undefined") is True


@pytest.mark.mcp_case("27.7")
async def test_the_console_loads_nothing_but_the_studios_files(
    tools: ScriptedTools, host: AppsHost, page: Page
) -> None:
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))
    tools.will_answer(STATUS, completed())
    shown = await show(page, host, STATUS, WATCH)
    await expect(shown.widget.locator("video")).to_be_visible()
    await expect(shown.widget.get_by_role("list", name="Shots").locator("img")).to_have_count(5)

    of_widget = [url for url in fetched if not url.startswith((host.url, host.sandbox_url))]
    assert {url.split(f"/{PROJECT}/")[0] for url in of_widget} == {FILES_ORIGIN}


async def test_the_host_decides_on_the_theme_its_colours_and_the_display_mode(
    tools: ScriptedTools, host: AppsHost, page: Page
) -> None:
    tools.will_answer(STATUS, filming())
    variables: JsonObject = {"--color-background-primary": "rgb(1, 2, 3)"}
    shown = await show(page, host, STATUS, WATCH, context={"styles": {"variables": variables}})
    await expect(shown.widget.locator("body")).to_have_css("background-color", "rgb(1, 2, 3)")

    await shown.tell("changeContext", {"theme": "dark"})
    await expect(shown.widget.locator("html")).to_have_css("color-scheme", "dark")
    await shown.widget.get_by_role("button", name="Full screen").click()

    back = shown.widget.get_by_role("button", name="Back to the conversation")
    await expect(back).to_be_visible()
    assert await shown.asks("modes") == ["fullscreen"]


async def test_the_assistant_is_told_what_was_done_here_but_no_links(
    tools: ScriptedTools, host: AppsHost, page: Page
) -> None:
    tools.will_answer(QUOTE, quoted())
    shown = await show(page, host, QUOTE, BRIEF)
    await expect(shown.widget.get_by_text("$4.74", exact=True)).to_be_visible()

    [context] = await shown.asks("contexts")

    assert isinstance(context, dict)
    assert context["structuredContent"] == {
        "quote_id": "quote_4b825dc642cb6eb9a060e54b",
        "status": "quoted",
    }
    assert "claim" not in str(context)


@pytest.mark.mcp_case("27.6")
async def test_nothing_moves_for_who_wants_no_motion(
    tools: ScriptedTools, host: AppsHost, page: Page
) -> None:
    await page.emulate_media(reduced_motion="reduce")
    tools.will_answer(STATUS, filming())
    shown = await show(page, host, STATUS, WATCH)
    await expect(shown.widget.get_by_text(FILMING, exact=True)).to_be_visible()

    assert await shown.run("() => document.getAnimations().length") == 0
    await page.emulate_media(reduced_motion="no-preference")
    assert await shown.run("() => document.getAnimations().length > 0") is True


@pytest.mark.mcp_case("27.6")
async def test_progress_is_announced_and_the_strip_of_shots_is_reached_by_keyboard(
    tools: ScriptedTools, host: AppsHost, page: Page
) -> None:
    tools.will_answer(STATUS, queued(), filming())
    shown = await show(page, host, STATUS, WATCH)
    live = shown.widget.get_by_role("status")
    await expect(live).to_have_text(f"{NAME}: Queued. It starts in a moment.")

    await shown.wait(10)

    await expect(live).to_have_text(f"{NAME}: {FILMING}.")
    strip = shown.widget.get_by_role("list", name="Shots")
    await strip.focus()
    await page.keyboard.press("Tab")
    await expect(strip.get_by_role("button", name="Open shot 1: Ready")).to_be_focused()


@pytest.mark.mcp_case("27.3")
async def test_where_nothing_answers_the_bridge_window_openai_is_used(
    context: BrowserContext, page: Page
) -> None:
    def script_of(data: JsonObject) -> str:
        return told(data).model_dump_json(by_alias=True, exclude_none=True)

    output = quoted().structured_content
    answer = script_of({**(quoted("expired").structured_content or {}), "payment_url": None})
    given = {"input": json.dumps(BRIEF), "output": json.dumps(output), "answer": answer}
    await context.add_init_script(OPENAI % given)
    await context.route(
        OLD_CHAT, lambda route: route.fulfill(body=widget_html(), content_type="text/html")
    )
    await page.goto(OLD_CHAT)

    await page.clock.run_for(2000)
    await page.get_by_role("button", name="Pay $4.74").click()
    await page.clock.run_for(15000)

    await expect(page.get_by_text("The price has expired", exact=True)).to_be_visible()
    called = await page.evaluate("() => window.called.map(([name]) => name)")
    assert called == ["open", "fvs_get_paid_render_status"]
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")


@pytest.mark.mcp_case("27.3")
async def test_where_there_is_no_host_at_all_the_console_says_so(
    context: BrowserContext, page: Page
) -> None:
    await context.route(
        OLD_CHAT, lambda route: route.fulfill(body=widget_html(), content_type="text/html")
    )
    await page.goto(OLD_CHAT)
    await expect(page.get_by_role("heading", name="Connecting")).to_be_visible()

    await page.clock.run_for(8000)

    await expect(page.get_by_role("heading", name="No assistant answers")).to_be_visible()
