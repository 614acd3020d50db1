import pytest
from sqlalchemy import select

from studio.identity.tables import LoginRow
from tests.api.kit import ApiStack
from tests.console.kit import EMAIL, PASSWORD, browser_of, member_of
from tests.console.page_forms import send_form

SIGN_UP = "/sign-up"


def _logins(stack: ApiStack) -> int:
    with stack.database.reading() as session:
        return len(session.scalars(select(LoginRow)).all())


async def test_who_signs_up_is_signed_in_at_once_and_goes_on(stack: ApiStack) -> None:
    async with browser_of(stack) as browser:
        answer = await send_form(
            browser,
            f"{SIGN_UP}?next=/settings/keys",
            SIGN_UP,
            name="Ada",
            email="Ada@Example.com",
            password=PASSWORD,
        )
        assert (answer.status_code, answer.headers["location"]) == (303, "/settings/keys")
        profile = await browser.open("/settings/profile")

    assert 'value="Ada"' in profile.text
    assert "ada@example.com" in profile.text


async def test_the_new_account_can_be_signed_in_to(stack: ApiStack) -> None:
    async with browser_of(stack) as browser:
        await send_form(browser, SIGN_UP, SIGN_UP, name="Ada", email=EMAIL, password=PASSWORD)
    async with browser_of(stack) as browser:
        await browser.sign_in()
        assert (await browser.open("/settings/keys")).status_code == 200


@pytest.mark.parametrize(
    ("changes", "status", "field", "sentence"),
    [
        ({"name": " "}, 422, "name", "A name has 1 to"),
        ({"name": "a\u202eb"}, 422, "name", "A name has 1 to"),
        ({"email": "nobody"}, 422, "email", "This is no e-mail address"),
        ({"email": EMAIL.upper()}, 409, "email", "There is already an account"),
        ({"password": "too short"}, 422, "password", "A password has 10 to 200 characters"),
        ({"password": "long" * 51}, 422, "password", "A password has 10 to 200 characters"),
    ],
)
async def test_what_is_wrong_is_said_beside_its_field(
    stack: ApiStack, changes: dict[str, str], status: int, field: str, sentence: str
) -> None:
    typed = {"name": "Bob", "email": "bob@example.com", "password": PASSWORD}
    async with member_of(stack), browser_of(stack) as browser:
        answer = await send_form(browser, SIGN_UP, SIGN_UP, **typed | changes)

    assert answer.status_code == status
    assert f'<p class="note" id="{field}-note">{sentence}' in answer.text
    assert answer.text.count('aria-invalid="true"') == 1
    assert f'<a href="#{field}">{sentence}' in answer.text
    assert _logins(stack) == 1


async def test_what_was_typed_is_there_again_but_for_the_password(stack: ApiStack) -> None:
    async with browser_of(stack) as browser:
        answer = await send_form(
            browser, SIGN_UP, SIGN_UP, name="Bob", email="bob@nowhere", password="a typed password"
        )
    assert 'value="Bob"' in answer.text
    assert 'value="bob@nowhere"' in answer.text
    assert "a typed password" not in answer.text


async def test_the_rule_of_passwords_is_said_before_one_is_chosen(stack: ApiStack) -> None:
    async with browser_of(stack) as browser:
        page = (await browser.open(SIGN_UP)).text
    assert "10 to 200 characters" in page
    assert 'autocomplete="new-password"' in page


async def test_who_is_signed_in_is_not_asked_to_sign_up(stack: ApiStack) -> None:
    async with member_of(stack) as browser:
        for page in (SIGN_UP, "/sign-in"):
            answer = await browser.open(page)
            assert (answer.status_code, answer.headers["location"]) == (303, "/")


async def test_signing_up_in_another_window_makes_no_second_account(stack: ApiStack) -> None:
    async with member_of(stack) as browser:
        fields = {"name": "Bob", "email": "bob@example.com", "password": PASSWORD}
        answer = await browser.send("/settings/profile", to=SIGN_UP, **fields)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert _logins(stack) == 1


async def test_a_sixth_account_of_an_address_has_to_wait(stack: ApiStack) -> None:
    async with browser_of(stack) as browser:
        for _ in range(5):
            await send_form(browser, SIGN_UP, SIGN_UP, name="x", email="x", password=PASSWORD)
        answer = await send_form(browser, SIGN_UP, SIGN_UP, name="x", email="x", password=PASSWORD)
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) == 12
    assert "try again in 12 s" in answer.text
