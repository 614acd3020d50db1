"""A `cancel_url` stands beside each `status_url`, and does where a tool asks for that one."""

import pytest

from gateway.mcp.addresses import PaidAddress, RenderAddress, read_status_url
from studio.ingest.errors import InvalidRequest
from tests.api.kit import BRIEF, ApiStack
from tests.api.quote_kit import BODY, Till
from tests.mcp.kit import called, mcp_client

BASE = "https://studio.example"
RENDER = f"{BASE}/api/agent/renders/proj_api_60c90c0841464675"
QUOTE = f"{BASE}/api/agent/paid-renders/quote_4b825dc642cb6eb9a060e54b"
TOKEN = "fvs_claim_0123456789abcdefghijABCDEFGHIJ"


def test_it_names_what_the_status_url_beside_it_names() -> None:
    assert read_status_url(f"{RENDER}/cancel", [BASE]) == RenderAddress("proj_api_60c90c0841464675")
    assert read_status_url(f"{QUOTE}/cancel?claim_token={TOKEN}", [BASE]) == PaidAddress(
        "quote_4b825dc642cb6eb9a060e54b", TOKEN
    )


@pytest.mark.parametrize(
    "url",
    [
        f"{RENDER}/cancel/",
        f"{RENDER}/cancel/cancel",
        f"{RENDER}/Cancel",
        f"{RENDER}//cancel",
        f"{RENDER}/cancel?claim_token={TOKEN}",
        f"{QUOTE}/cancel",
        f"{QUOTE}?claim_token={TOKEN}/cancel",
        f"https://evil.example/{RENDER}/cancel",
    ],
)
def test_nothing_more_may_be_behind_it(url: str) -> None:
    with pytest.raises(InvalidRequest):
        read_status_url(url, [BASE])


@pytest.mark.requirement("MCP-7")
async def test_a_render_and_a_quote_are_canceled_by_it(stack: ApiStack, till: Till) -> None:
    till.begins = True
    key = stack.open_account()
    async with mcp_client(stack, key) as client:
        render = await called(client, "fvs_submit_render", request=BRIEF)
        ending = await called(client, "fvs_cancel_render", status_url=render["cancel_url"])
        watched = await called(client, "fvs_get_render_status", status_url=render["cancel_url"])
        quote = await called(client, "fvs_create_paid_render_quote", **BODY)
        ended = await called(client, "fvs_cancel_render", status_url=quote["cancel_url"])
    assert (ending["project_id"], ending["cancel_requested"]) == (render["project_id"], True)
    assert watched["project_id"] == render["project_id"]
    assert (ended["quote_id"], ended["status"]) == (quote["quote_id"], "expired")
    assert till.charges == {}
