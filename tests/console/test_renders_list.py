"""The account's renders, listed, searched and filtered."""

from studio.contracts.status import RenderState
from tests.api.kit import ApiStack
from tests.console.kit import browser_of
from tests.console.render_kit import SCRIPT, SHOWN_SCRIPT, maker_of


async def test_who_is_not_signed_in_is_led_to_where_they_can(stack: ApiStack) -> None:
    async with browser_of(stack) as browser:
        answer = await browser.open("/renders?q=ship")
    assert answer.headers["location"] == "/sign-in?next=%2Frenders%3Fq%3Dship"


async def test_without_renders_the_page_leads_to_the_form(stack: ApiStack) -> None:
    async with maker_of(stack) as maker:
        page = (await maker.browser.open("/renders")).text
    assert "No film yet" in page
    assert 'href="/renders/new"' in page


async def test_renders_are_listed_newest_first_with_how_far_they_are(stack: ApiStack) -> None:
    async with maker_of(stack) as maker:
        await maker.start(name="Older one")
        stack.time.elapsed_seconds += 60
        newer = await maker.start(name="Newer one")
        stack.record(newer, status=RenderState.RUNNING, progress=0.4)
        page = (await maker.browser.open("/renders")).text
    assert page.index("Newer one") < page.index("Older one")
    assert 'value="40"' in page
    assert "0 of 118 credits" in page


async def test_a_search_finds_a_part_of_the_name_in_either_case(stack: ApiStack) -> None:
    async with maker_of(stack) as maker:
        await maker.start(name="Glass Airship")
        await maker.start(name="Paper boat")
        page = (await maker.browser.open("/renders?q=AIRSHIP&status=")).text
    assert "Glass Airship" in page
    assert "Paper boat" not in page


async def test_a_search_takes_wildcards_as_letters(stack: ApiStack) -> None:
    async with maker_of(stack) as maker:
        await maker.start(name="100% wool")
        await maker.start(name="100 sheep")
        page = (await maker.browser.open("/renders?q=0%25")).text
        none = (await maker.browser.open("/renders?q=1_0")).text
    assert "100% wool" in page
    assert "100 sheep" not in page
    assert "No render is like that." in none


async def test_a_search_for_what_no_text_has_finds_what_is_left_of_it(stack: ApiStack) -> None:
    async with maker_of(stack) as maker:
        await maker.start(name="Airship")
        page = (await maker.browser.open("/renders?q=air%00ship")).text
    assert "Airship</a>" in page


async def test_renders_of_one_state_are_shown_alone(stack: ApiStack) -> None:
    async with maker_of(stack) as maker:
        stack.finish(await maker.start(name="Finished one"))
        await maker.start(name="Waiting one")
        page = (await maker.browser.open("/renders?q=&status=completed")).text
    assert "Finished one" in page
    assert "Waiting one" not in page
    assert '<option value="completed" selected>' in page


async def test_older_renders_are_a_link_away_and_keep_the_search(stack: ApiStack) -> None:
    stack.configure(active_renders_max=100)
    async with maker_of(stack, credits_=10_000) as maker:
        for number in range(21):
            stack.time.elapsed_seconds += 1
            await maker.start(name=f"Film {number:02d}")
        first = (await maker.browser.open("/renders?q=film")).text
        older = next(part for part in first.split('"') if part.startswith("/renders?q=film&amp;"))
        second = (await maker.browser.open(older.replace("&amp;", "&"))).text
    assert "Film 00" not in first
    assert "Film 00" in second
    assert 'href="/renders?q=film">Newest' in second


async def test_htmx_is_given_the_list_alone(stack: ApiStack) -> None:
    async with maker_of(stack) as maker:
        await maker.start()
        part = await maker.browser.http.get("/renders?q=air", headers={"HX-Request": "true"})
        back = await maker.browser.http.get(
            "/renders", headers={"HX-Request": "true", "HX-History-Restore-Request": "true"}
        )
    assert "Airship" in part.text
    assert 'hx-swap-oob="innerHTML:#count">1 render shown.' in part.text
    assert "<html" not in part.text
    assert "<html" in back.text


async def test_a_name_is_shown_as_text_wherever_it_is(stack: ApiStack) -> None:
    async with maker_of(stack) as maker:
        await maker.start(name=SCRIPT)
        page = (await maker.browser.open(f"/renders?q={SCRIPT}")).text
    assert page.count(SHOWN_SCRIPT) == 3
    assert SCRIPT not in page


async def test_another_accounts_renders_are_not_listed(stack: ApiStack) -> None:
    async with maker_of(stack) as maker:
        await maker.start(name="Mine alone")
        async with maker_of(stack, "other@example.com") as other:
            page = (await other.browser.open("/renders")).text
    assert "Mine alone" not in page


async def test_a_cursor_or_a_state_that_is_not_ours_is_told(stack: ApiStack) -> None:
    async with maker_of(stack) as maker:
        cursor = await maker.browser.open("/renders?cursor=nonsense")
        state = await maker.browser.open("/renders?status=nonsense")
    assert (cursor.status_code, state.status_code) == (422, 404)
    assert "cursor is not one of ours" in cursor.text
