"""The secrets of payments, looked for wherever real processes keep or send anything."""

import httpx2
import pytest

from runtime.stripe_standin.faults import Fault
from tests.kit.collector import Collector
from tests.kit.customer import offer_of
from tests.kit.leaks import kept_of, tell_all
from tests.kit.market import RENDERED_ONCE, Market
from tests.kit.purse import Purse
from tests.kit.till import DECLINED_CARD

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]

UNKNOWN_TOKEN = "spt_1NobodyGrantedThisOneAtAll"


@pytest.mark.payment_case(34)
def test_no_token_is_in_any_log_trace_history_or_database(
    own_market: Market, collector: Collector
) -> None:
    """Paid, declined, refused, lost and found again, refunded; at the level that tells most."""
    market, stack = own_market, own_market.stack
    tell_all(stack, collector)
    stack.start_quick_worker()
    stack.start_gateway()
    purse = Purse(market)
    made, failed = purse.ask(), purse.ask()
    fresh = offer_of(purse.pay(made, card=DECLINED_CARD))
    fresh = offer_of(purse.pay(fresh, UNKNOWN_TOKEN))
    market.till.stripe.faults.add("intents.create", Fault.BROKEN_AFTER, matching=made.quote_id)
    market.till.stripe.faults.add("intents.create", Fault.CUT_REPLY, matching=failed.quote_id)
    purse.pay(fresh)
    market.moments.fail(market.row(failed).project_id, "plan_shots", "The model refused.")
    purse.pay(failed)
    assert market.at_rest(made) == RENDERED_ONCE
    market.at_rest(failed)
    for offer in (made, failed):
        market.customer.status(offer)
        market.customer.cancel(offer)
        httpx2.get(offer.problem["status_url"] + "x")
    runs = [f"paid-render-{made.quote_id}", market.row(made).project_id]
    runs += [f"paid-render-{failed.quote_id}", market.row(failed).project_id]
    stack.end("worker")
    stack.end("gateway")

    kept = kept_of(stack, collector, runs)
    assert purse.secrets.found_in(kept) == []
    assert len(purse.secrets.kinds) == 2 + 4 * 2 + 3
    for place in ("worker log", "histories", "database"):
        assert made.quote_id.encode() in kept[place], place
    assert b"/api/agent/render-quotes/{quote_id}/pay" in kept["gateway log"]
    assert b"RunActivity:settle_payment" in kept["traces"]
