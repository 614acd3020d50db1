"""Callers who show two things that do not go together, or something that has stopped being good."""

import json

import httpx2
import pytest

from gateway.app import create_app
from tests.api.kit import BRIEF, KEY_HEADER, ApiStack
from tests.api.quote_kit import BODY, Till
from tests.mcp.kit import MCP_URL, MODES, call_message, called, mcp_client, refused

SUBMIT = "fvs_submit_render"
STATUS = "fvs_get_render_status"
QUOTE = "fvs_create_paid_render_quote"
CANCEL = "fvs_cancel_render"
MODE_HEADER = "X-FVS-Billing-Mode"


@pytest.mark.parametrize("shown", ["claim_token", "quote_id", "status_url"])
async def test_a_cancellation_that_names_a_render_and_a_quote_ends_neither(
    stack: ApiStack, till: Till, shown: str
) -> None:
    key = stack.open_account()
    async with mcp_client(stack, key) as client:
        project_id = (await called(client, SUBMIT, request=BRIEF))["project_id"]
        quote = await called(client, QUOTE, **BODY)
        problem = await refused(client, CANCEL, project_id=project_id, **{shown: quote[shown]})
        await called(client, CANCEL, claim_token=quote["claim_token"])

    assert (problem["code"], problem["errors"][0]["pointer"]) == ("invalid_request", "/project_id")
    assert stack.workflows.canceled == {}
    assert till.charges == {}


@pytest.mark.parametrize("mode", MODES)
async def test_a_key_that_is_revoked_meanwhile_ends_the_wait(stack: ApiStack, mode: str) -> None:
    key = stack.open_account()
    async with mcp_client(stack, key, mode=mode) as client:
        project_id = (await called(client, SUBMIT, request=BRIEF))["project_id"]
        stack.time.on_pause = stack.revoke_keys
        problem = await refused(client, STATUS, project_id=project_id, wait_seconds=45)

    assert problem["code"] == "invalid_agent_key"


@pytest.mark.parametrize(
    "modes",
    [
        ("account", "pay-per-render"),
        ("pay-per-render", "account"),
        ("account, pay-per-render",),
        ("pay-per-render", "pay-per-render"),
    ],
)
async def test_pay_per_render_is_stronger_however_often_the_header_is_sent(
    stack: ApiStack, modes: tuple[str, ...]
) -> None:
    key = stack.open_account()
    app = create_app(stack.dependencies)
    accept = ("Accept", "application/json, text/event-stream")
    sent = [accept, (KEY_HEADER, key), *((MODE_HEADER, each) for each in modes)]
    message = call_message("legacy", SUBMIT, {"request": BRIEF})
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app)) as client,
    ):
        answer = await client.post(MCP_URL, json=message, headers=sent)

    line = next(each for each in answer.text.splitlines() if each.startswith("data: "))
    result = json.loads(line.removeprefix("data: "))["result"]
    assert json.loads(result["content"][0]["text"])["code"] == "missing_agent_key"
    assert stack.workflows.started == {}
