"""Addresses and headers that no page of ours makes, and no page of ours may break on."""

import pytest

from tests.api.kit import ApiStack
from tests.console.kit import EMAIL, PASSWORD, browser_of, sign_up
from tests.console.render_kit import maker_of

NO_ADDRESSES = ["//[", "//\N{ACCOUNT OF}", "//[::1"]
"""What Python's own parser does not even take apart."""


@pytest.mark.parametrize("target", NO_ADDRESSES)
@pytest.mark.parametrize("page", ["/sign-in", "/sign-up"])
async def test_a_target_that_is_no_address_leads_home(
    stack: ApiStack, page: str, target: str
) -> None:
    async with browser_of(stack) as browser:
        shown = await browser.http.get(page, params={"next": target})
        await sign_up(stack)
        entered = await browser.send("/sign-in", email=EMAIL, password=PASSWORD, next=target)
        again = await browser.http.get(page, params={"next": target})
    assert shown.status_code == 200
    assert (entered.status_code, entered.headers["location"]) == (303, "/")
    assert (again.status_code, again.headers["location"]) == (303, "/")


@pytest.mark.parametrize("seen", ["0" * 5_000, "0" * 11 + "9" * 5_000, "9" * 5_000])
async def test_an_event_id_that_is_no_revision_counts_as_none(stack: ApiStack, seen: str) -> None:
    async with maker_of(stack) as maker:
        project_id = await maker.start()
        stack.finish(project_id)
        answer = await maker.browser.http.get(
            f"/renders/{project_id}/events", headers={"Last-Event-ID": seen}
        )
    assert answer.status_code == 200
    assert "event: render" in answer.text
    assert "event: closed" in answer.text
