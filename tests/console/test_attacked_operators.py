"""What an operator's form may be made to say and not do."""

from studio.accounts.service import get_account
from tests.api.kit import ApiStack
from tests.console.kit import hidden_fields, sign_up
from tests.console.operator_kit import ACCOUNTS, acts_of, id_of, operator_of
from tests.console.page_forms import SAME_ORIGIN


async def test_a_form_that_suspended_one_account_suspends_another_and_is_written_down(
    stack: ApiStack,
) -> None:
    await sign_up(stack, "one@example.com")
    await sign_up(stack, "two@example.com")
    accounts = [id_of(stack, f"{name}@example.com") for name in ("one", "two")]
    async with operator_of(stack) as operator:
        hidden = hidden_fields((await operator.open(f"{ACCOUNTS}/{accounts[0]}")).text)
        for account_id in accounts:
            answer = await operator.http.post(
                f"{ACCOUNTS}/{account_id}/suspend",
                data={**hidden, "standing_reason": "Abuse"},
                headers=SAME_ORIGIN,
            )
            assert answer.headers["location"].endswith("?done=suspend")
    with stack.database.reading() as session:
        found = [get_account(session, account_id=each).suspended_at for each in accounts]
    assert None not in found
    assert {act.account_id for act in acts_of(stack)} == set(accounts)
