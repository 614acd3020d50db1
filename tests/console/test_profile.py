import pytest

from tests.api.kit import ApiStack
from tests.console.kit import EMAIL, PASSWORD, account_of, browser_of, member_of
from tests.console.page_forms import send_form

PROFILE = "/settings/profile"
PASSWORD_FORM = f"{PROFILE}/password"
NOTICE = f"{PROFILE}/notice"
NEW_PASSWORD = "another long password"


async def test_the_profile_shows_who_one_is_and_what_to_say_to_support(stack: ApiStack) -> None:
    async with member_of(stack) as browser:
        page = (await browser.open(PROFILE)).text
    assert EMAIL in page
    assert f"<code>{account_of(stack).account_id}</code>" in page


async def test_the_account_is_called_something_else(stack: ApiStack) -> None:
    async with member_of(stack) as browser:
        answer = await send_form(browser, PROFILE, PROFILE, name="Studio Ada")
        page = await browser.open(answer.headers["location"])
    assert "The name is saved." in page.text
    assert account_of(stack).name == "Studio Ada"


async def test_a_name_that_cannot_be_shown_is_refused_beside_its_field(stack: ApiStack) -> None:
    async with member_of(stack) as browser:
        answer = await send_form(browser, PROFILE, PROFILE, name="")
    assert answer.status_code == 422
    assert '<p class="note" id="name-note">A name has 1 to' in answer.text
    assert account_of(stack).name == "Maker"


async def test_a_new_password_goes_on_here_and_ends_every_other_session(stack: ApiStack) -> None:
    async with member_of(stack) as browser, browser_of(stack) as other:
        await other.sign_in()
        before = browser.http.cookies["fvs_session"]
        answer = await send_form(
            browser, PROFILE, PASSWORD_FORM, old_password=PASSWORD, new_password=NEW_PASSWORD
        )
        page = await browser.open(answer.headers["location"])
        elsewhere = await other.open(PROFILE)
        assert browser.http.cookies["fvs_session"] != before
    assert "The new password is set" in page.text
    assert elsewhere.status_code == 303
    assert stack.mailer.subjects(EMAIL) == ["Your password was changed"]


@pytest.mark.parametrize(
    ("fields", "field", "sentence"),
    [
        ({"old_password": "not the password"}, "old_password", "This is not your password."),
        ({"new_password": "short"}, "new_password", "A password has 10 to 200"),
    ],
)
async def test_a_password_is_not_changed_by_who_does_not_know_it(
    stack: ApiStack, fields: dict[str, str], field: str, sentence: str
) -> None:
    typed = {"old_password": PASSWORD, "new_password": NEW_PASSWORD} | fields
    async with member_of(stack) as browser:
        answer = await send_form(browser, PROFILE, PASSWORD_FORM, **typed)
    assert answer.status_code == 422
    assert f'<p class="note" id="{field}-note">{sentence}' in answer.text
    assert NEW_PASSWORD not in answer.text
    async with browser_of(stack) as browser:
        await browser.sign_in()


async def test_passwords_are_not_guessed_in_a_session_that_was_left_open(stack: ApiStack) -> None:
    async with member_of(stack) as browser:
        answers = [
            await send_form(
                browser, PROFILE, PASSWORD_FORM, old_password="a guess", new_password=NEW_PASSWORD
            )
            for _ in range(6)
        ]
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) > 0


async def test_signing_out_everywhere_ends_every_session_and_this_one(stack: ApiStack) -> None:
    async with member_of(stack) as browser, browser_of(stack) as other:
        await other.sign_in()
        answer = await send_form(browser, PROFILE, f"{PROFILE}/sessions")
        assert answer.headers["location"] == "/sign-in"
        assert "fvs_session" not in browser.http.cookies
        assert (await other.open(PROFILE)).status_code == 303


async def test_one_is_told_of_a_low_balance_or_not(stack: ApiStack) -> None:
    async with member_of(stack) as browser:
        await send_form(browser, PROFILE, NOTICE, low_balance_credits="500")
        assert account_of(stack).low_balance_credits == 500
        assert 'value="500"' in (await browser.open(PROFILE)).text
        await send_form(browser, PROFILE, NOTICE, low_balance_credits="")
        assert account_of(stack).low_balance_credits is None


@pytest.mark.parametrize("typed", ["0", "-1", "1.5", "many", "٣", "1" * 30])
async def test_what_is_no_number_of_credits_is_refused(stack: ApiStack, typed: str) -> None:
    async with member_of(stack) as browser:
        answer = await send_form(browser, PROFILE, NOTICE, low_balance_credits=typed)
    assert answer.status_code == 422
    assert '<p class="note" id="low_balance_credits-note">Give a whole number' in answer.text
    assert f'value="{typed}"' in answer.text
    assert account_of(stack).low_balance_credits is None
