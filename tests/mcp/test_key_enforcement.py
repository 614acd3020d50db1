"""Scopes, limits, caps and suspension, as tools tell of them."""

import pytest

from studio.accounts.service import KeyScope, KeyTerms, suspend_account
from tests.api.kit import BRIEF, ApiStack
from tests.mcp.kit import called, mcp_client, refused

SUBMIT = "fvs_submit_render"
STATUS = "fvs_get_render_status"
CANCEL = "fvs_cancel_render"
PRICE = 118


@pytest.mark.parametrize(
    ("tool", "scope"),
    [
        (SUBMIT, KeyScope.RENDERS_WRITE),
        (CANCEL, KeyScope.RENDERS_WRITE),
        (STATUS, KeyScope.RENDERS_READ),
    ],
)
async def test_each_tool_wants_its_scope(stack: ApiStack, tool: str, scope: KeyScope) -> None:
    key = stack.open_account(terms=KeyTerms(scopes=frozenset(KeyScope) - {scope}))
    arguments = {"request": BRIEF} if tool == SUBMIT else {"project_id": f"proj_api_{1:016x}"}
    async with mcp_client(stack, key) as client:
        told = await refused(client, tool, **arguments)

    assert told["code"] == "key_lacks_scope"
    assert scope.value in told["message"]


async def test_a_suspended_account_watches_and_cancels_and_starts_nothing(
    stack: ApiStack,
) -> None:
    async with mcp_client(stack, stack.open_account()) as client:
        project_id = (await called(client, SUBMIT, request=BRIEF))["project_id"]
        with stack.database.transaction() as session:
            suspend_account(session, account_id="acct_one", now=stack.time.now())
        told = await refused(client, SUBMIT, request=BRIEF)
        watched = await called(client, STATUS, project_id=project_id)
        await called(client, CANCEL, project_id=project_id)

    assert told["code"] == "account_suspended"
    assert watched["project_id"] == project_id
    assert len(stack.workflows.started) == 1


async def test_a_limited_key_is_told_when_to_come_back(stack: ApiStack) -> None:
    key = stack.open_account(terms=KeyTerms(requests_per_minute_max=1))
    async with mcp_client(stack, key) as client:
        await called(client, SUBMIT, request=BRIEF)
        told = await refused(client, SUBMIT, request=BRIEF)

    assert (told["code"], told["retry_after_seconds"]) == ("key_rate_limited", 60)


async def test_a_capped_key_is_told_what_is_left(stack: ApiStack) -> None:
    key = stack.open_account(terms=KeyTerms(credits_per_month_max=PRICE + 7))
    async with mcp_client(stack, key) as client:
        await called(client, SUBMIT, request=BRIEF)
        told = await refused(client, SUBMIT, request=BRIEF)

    assert told["code"] == "key_cap_reached"
    assert (told["credits_required"], told["credits_left"]) == (PRICE, 7)
