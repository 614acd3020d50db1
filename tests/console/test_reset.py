from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from studio.identity.tables import PasswordResetRow
from tests.api.kit import BASE_URL, ApiStack
from tests.console.kit import EMAIL, PASSWORD, Browser, browser_of, member_of
from tests.console.page_forms import SAME_ORIGIN, form_of, secure_browser_of, send_form
from tests.kit.logs import logged

RESET = "/reset"
NEW_PASSWORD = "another long password"


async def _link(stack: ApiStack) -> str:
    """Where the mail leads that somebody asks for who is signed in nowhere."""
    async with browser_of(stack) as browser:
        answer = await send_form(browser, RESET, RESET, email=EMAIL)
        assert answer.status_code == 200
    return urlsplit(stack.mailer.last_link(EMAIL)).path


async def _sign_in(browser: Browser, password: str) -> int:
    return (await browser.send("/sign-in", email=EMAIL, password=password)).status_code


async def test_the_mailed_link_sets_a_new_password_once(stack: ApiStack) -> None:
    async with member_of(stack), browser_of(stack) as browser:
        link = await _link(stack)
        answer = await send_form(browser, link, password=NEW_PASSWORD)
        assert answer.status_code == 200
        assert "Your new password is set" in answer.text
        assert await _sign_in(browser, PASSWORD) == 401
        assert await _sign_in(browser, NEW_PASSWORD) == 303
        again = await browser.open(link)
    assert again.status_code == 422
    assert "This link does not work any more; ask for a new one." in again.text
    assert 'href="/reset"' in again.text


async def test_a_new_password_ends_every_session(stack: ApiStack) -> None:
    async with member_of(stack) as member, browser_of(stack) as browser:
        await send_form(browser, await _link(stack), password=NEW_PASSWORD)
        answer = await member.open("/settings/profile")
    assert answer.headers["location"].startswith("/sign-in")


async def test_looking_at_the_link_uses_it_up_for_nobody(stack: ApiStack) -> None:
    """Mail scanners open every link that they see."""
    async with member_of(stack), browser_of(stack) as browser:
        link = await _link(stack)
        for _ in range(3):
            assert (await browser.open(link)).status_code == 200
        await browser.http.head(link)
        assert (await send_form(browser, link, password=NEW_PASSWORD)).status_code == 200


async def test_a_password_that_cannot_be_one_leaves_the_link_good(stack: ApiStack) -> None:
    async with member_of(stack), browser_of(stack) as browser:
        link = await _link(stack)
        refused = await send_form(browser, link, password="short")
        assert (refused.status_code, "A password has 10 to 200" in refused.text) == (422, True)
        assert (await send_form(browser, link, password=NEW_PASSWORD)).status_code == 200


async def test_the_answer_does_not_tell_whether_an_address_is_known(stack: ApiStack) -> None:
    async with member_of(stack), browser_of(stack) as browser:
        answers = [
            await send_form(browser, RESET, RESET, email=email)
            for email in (EMAIL, "nobody@example.com", "no address")
        ]
    assert len({answer.status_code for answer in answers}) == 1
    assert len({answer.text for answer in answers}) == 1
    assert len({tuple(sorted(_shape(dict(answer.headers)))) for answer in answers}) == 1
    assert [message.to for message in stack.mailer.sent] == [EMAIL]


def _shape(headers: dict[str, str]) -> list[tuple[str, str]]:
    """All that an answer says beside its body, but for the number of its request."""
    return [each for each in headers.items() if each[0] != "x-request-id"]


async def test_a_mail_server_that_is_away_changes_nothing_of_the_answer(stack: ApiStack) -> None:
    stack.mailer.away = True
    async with member_of(stack), browser_of(stack) as browser:
        answer = await send_form(browser, RESET, RESET, email=EMAIL)
    assert (answer.status_code, "a link is on its way" in answer.text) == (200, True)


async def test_a_sixth_link_within_a_minute_has_to_wait(stack: ApiStack) -> None:
    async with browser_of(stack) as browser:
        answers = [
            await send_form(browser, RESET, RESET, email=f"{number}@example.com")
            for number in range(6)
        ]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert int(answers[-1].headers["retry-after"]) == 12


@pytest.mark.parametrize("header", ["Host", "X-Forwarded-Host"])
async def test_the_link_leads_to_us_whatever_host_the_request_names(
    stack: ApiStack, header: str
) -> None:
    """Else whoever asks in another's name is sent their token."""
    async with member_of(stack), browser_of(stack) as browser:
        form = form_of((await browser.open(RESET)).text, RESET)
        await browser.http.post(
            RESET, data=form.fields | {"email": EMAIL}, headers=SAME_ORIGIN | {header: "evil.test"}
        )
    assert stack.mailer.last_link(EMAIL).startswith(f"{BASE_URL}/reset/")


async def test_the_link_has_the_public_address_where_it_is_configured(stack: ApiStack) -> None:
    async with secure_browser_of(stack) as browser:
        await send_form(browser, "/sign-up", "/sign-up", name="Ada", email=EMAIL, password=PASSWORD)
        await send_form(browser, RESET, RESET, email=EMAIL)
    assert stack.mailer.last_link(EMAIL).startswith("https://studio.example/reset/")


async def test_neither_the_log_nor_the_database_has_the_token(stack: ApiStack) -> None:
    with logged("gateway") as lines:
        async with member_of(stack), browser_of(stack) as browser:
            link = await _link(stack)
            await browser.open(link)
            await send_form(browser, link, password=NEW_PASSWORD)
            await browser.open(link)
    token = link.rsplit("/", 1)[1]
    assert [line["route"] for line in lines.events("request")].count("/reset/{token}") >= 2
    assert token not in lines.text
    with stack.database.reading() as session:
        assert token not in {row.digest for row in session.scalars(select(PasswordResetRow))}
