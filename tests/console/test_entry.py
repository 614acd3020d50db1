from tests.api.kit import ApiStack
from tests.console.kit import EMAIL, PASSWORD, browser_of, member_of


async def test_the_first_page_leads_to_where_one_signs_in(stack: ApiStack) -> None:
    async with browser_of(stack) as browser:
        answer = await browser.open("/")
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")


async def test_who_knows_the_password_comes_in_and_back_to_where_they_were(
    stack: ApiStack,
) -> None:
    async with member_of(stack), browser_of(stack) as browser:
        answer = await browser.send("/sign-in?next=/settings/keys", email=EMAIL, password=PASSWORD)
        assert (answer.status_code, answer.headers["location"]) == (303, "/settings/keys")


async def test_a_wrong_password_is_told_and_not_shown(stack: ApiStack) -> None:
    async with member_of(stack), browser_of(stack) as browser:
        answer = await browser.send("/sign-in", email=EMAIL, password="not the password")
        assert "The e-mail address or the password is wrong." in answer.text
        assert "not the password" not in answer.text
