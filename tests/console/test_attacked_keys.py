"""What keys could be made to do that their owner, or an operator, has ruled out."""

import pytest

from gateway.services.keys import ACTIVE_KEYS_MAX
from studio.accounts.service import suspend_account
from tests.api.kit import BRIEF, KEY_HEADER, ApiStack
from tests.console.key_kit import KEYS, RENDERS, create, issue_all_keys, keys_of, secret_of
from tests.console.kit import Browser, account_of, member_of
from tests.console.page_forms import send_form
from tests.kit.wallets import give_credits


async def rotate_newest(stack: ApiStack, browser: Browser) -> str:
    key_id = next(key.key_id for key in keys_of(stack) if key.successor_id is None)
    return secret_of(await send_form(browser, f"{KEYS}/{key_id}/rotate"))


async def test_rotating_makes_no_more_keys_than_there_may_be(stack: ApiStack) -> None:
    async with member_of(stack) as browser:
        issue_all_keys(stack)
        answer = await send_form(browser, f"{KEYS}/{keys_of(stack)[0].key_id}/rotate")
    assert (answer.status_code, "as many as it may" in answer.text) == (409, True)
    assert len(keys_of(stack)) == ACTIVE_KEYS_MAX


async def test_a_suspended_account_rotates_no_key(stack: ApiStack) -> None:
    async with member_of(stack) as browser:
        await create(browser)
        with stack.database.transaction() as session:
            account_id = account_of(stack).account_id
            suspend_account(session, account_id=account_id, now=stack.time.now())
        answer = await send_form(browser, f"{KEYS}/{keys_of(stack)[0].key_id}/rotate")
    assert answer.status_code == 403
    assert len(keys_of(stack)) == 1


@pytest.mark.parametrize("spender", ["old", "new"])
async def test_a_monthly_cap_is_not_begun_anew_by_rotating(stack: ApiStack, spender: str) -> None:
    async with member_of(stack) as browser:
        secrets = {"old": secret_of(await create(browser, credits_per_month_max="200"))}
        give_credits(stack.database, account_of(stack).account_id, now=stack.time.now())
        if spender == "new":  # the successor spends first, and the old key has a day more
            secrets["new"] = await rotate_newest(stack, browser)
        first = await browser.http.post(RENDERS, json=BRIEF, headers={KEY_HEADER: secrets[spender]})
        other = secrets["old"] if spender == "new" else await rotate_newest(stack, browser)
        second = await browser.http.post(RENDERS, json=BRIEF, headers={KEY_HEADER: other})
        listed = (await browser.open(KEYS)).text
    reserved = first.json()["credits_reserved"]
    assert 100 < reserved <= 200
    assert (second.status_code, second.json().get("code")) == (402, "key_cap_reached")
    assert second.json()["credits_left"] == 200 - reserved
    assert listed.count(f"{reserved} of 200 credits") == 2
