"""Two gateways of one deployment: no request of MCP has to go where the one before it went."""

import asyncio
from itertools import cycle
from typing import Any

import pytest

from tests.kit.customer import ONE_SHOT, read_offer
from tests.kit.market import RENDERED_ONCE, Market
from tests.mcp.kit import MODES, called, port_client

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]

SUBMIT, STATUS, CANCEL = "fvs_submit_render", "fvs_get_render_status", "fvs_cancel_render"
QUOTE, PAID_STATUS = "fvs_create_paid_render_quote", "fvs_get_paid_render_status"


@pytest.mark.requirement("MCP-1")
@pytest.mark.mcp_case("29.1", "22.1", "28.1")
@pytest.mark.parametrize("mode", MODES)
async def test_every_request_may_go_to_any_gateway(market: Market, mode: str) -> None:
    """One that is begun here is watched, replayed and canceled there, paid or not."""
    headers, places = market.stack.headers, (market.stack.base_url, market.elsewhere)
    async with (
        port_client(places[0], headers, mode=mode) as here,
        port_client(places[1], headers, mode=mode) as there,
    ):
        turn = cycle((here, there))
        assert await here.list_tools() == await there.list_tools()
        wanted = {"request": ONE_SHOT, "idempotency_key": f"replicas-{mode}"}
        answers = await asyncio.gather(*(called(next(turn), SUBMIT, **wanted) for _ in range(4)))
        [project_id] = {told["project_id"] for told in answers}
        assert sorted(told["replayed"] for told in answers) == [False, True, True, True]

        quote = await called(here, QUOTE, request=ONE_SHOT)
        offer = read_offer(quote, quote["www_authenticate"])
        paid = market.send(market.ways(offer, market.customer.answer_to(offer))[2])
        assert paid.status_code == 202, paid.text
        claim = {"claim_token": quote["claim_token"]}

        async def watched(tool: str, **target: str) -> dict[str, Any]:
            revisions = [0]
            while True:
                told = await called(next(turn), tool, wait_seconds=5, **target)
                revisions.append(told.get("revision", 0))
                assert revisions == sorted(revisions)
                if not told["poll_after_seconds"]:
                    return told

        assert (await watched(STATUS, project_id=project_id))["status"] == "completed"
        assert (await watched(PAID_STATUS, **claim))["status"] == "completed"
        assert (await called(there, CANCEL, **claim))["status"] == "completed"
    assert market.at_rest(offer) == RENDERED_ONCE
