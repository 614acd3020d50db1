"""What keys could be made to do that their owner, or an operator, has ruled out."""

from gateway.services.keys import ACTIVE_KEYS_MAX
from studio.accounts.service import issue_key, suspend_account
from tests.api.kit import PEPPER, ApiStack
from tests.console.kit import member_of
from tests.console.page_forms import send_form
from tests.console.test_keys import KEYS, create, keys_of
from tests.console.test_profile import account_of


async def test_rotating_makes_no_more_keys_than_there_may_be(stack: ApiStack) -> None:
    async with member_of(stack) as browser:
        account_id, now = account_of(stack).account_id, stack.time.now()
        with stack.database.transaction() as session:
            for number in range(ACTIVE_KEYS_MAX):
                issue_key(
                    session,
                    account_id=account_id,
                    name=f"{number}",
                    environment="live",
                    peppers=[PEPPER],
                    now=now,
                )
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
