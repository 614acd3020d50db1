"""The secrets of payments, looked for wherever real processes keep or send anything."""

from collections.abc import Iterator

import httpx2
import pytest

from runtime.stripe_standin.faults import Fault
from tests.kit.collector import Collector, collecting
from tests.kit.customer import Offer, credential, offer_of
from tests.kit.market import PRICE_CENTS, RENDERED_ONCE, Market
from tests.kit.operator import history
from tests.kit.till import DECLINED_CARD, MPP_SECRET, SECRET_KEY, WEBHOOK_SECRET

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]

UNKNOWN_TOKEN = "spt_1NobodyGrantedThisOneAtAll"


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as running:
        yield running


class Purse:
    """Mints, and remembers everything that nobody may keep."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self.secrets: dict[str, str] = {}

    def remember(self, name: str, secret: str) -> None:
        self.secrets[f"{name} {len(self.secrets)}"] = secret

    def ask(self) -> Offer:
        offer = self._market.customer.ask()
        self.remember("claim token", offer.problem["claim_token"])
        return offer

    def pay(self, offer: Offer, token: str = "", *, card: str = "pm_card_visa") -> httpx2.Response:
        spt = token or self._market.till.mint(PRICE_CENTS, card=card)
        authorization = credential(offer.challenge, {"spt": spt})
        self.remember("payment token", spt)
        self.remember("credential", authorization.removeprefix("Payment "))
        answer = self._market.customer.send(offer.problem["payment_url"], authorization)
        assert spt not in answer.text + str(answer.headers)
        return answer


@pytest.mark.payment_case(34)
def test_no_token_is_in_any_log_trace_history_or_database(
    own_market: Market, collector: Collector
) -> None:
    """Paid, declined, refused, lost and found again, refunded; at the level that tells most."""
    market, stack = own_market, own_market.stack
    stack.variables |= {"FVS_OTEL_ENDPOINT": collector.url, "FVS_LOG_LEVEL": "debug"}
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

    kept = {
        "worker log": (stack.directory / "worker.log").read_bytes(),
        "gateway log": (stack.directory / "gateway.log").read_bytes(),
        "traces": b"".join(collector.bodies),
        "histories": b"".join(history(stack, run) for run in runs),
        "database": b"".join(path.read_bytes() for path in stack.directory.glob("fvs.db*")),
    }
    for name, secret in (("key", SECRET_KEY), ("hook", WEBHOOK_SECRET), ("secret", MPP_SECRET)):
        purse.remember(name, secret)
    found = [
        f"the {name} is in the {place}"
        for place, content in kept.items()
        for name, secret in purse.secrets.items()
        if secret.encode() in content
    ]
    assert found == []
    assert len(purse.secrets) == 2 + 4 * 2 + 3
    for place in ("worker log", "histories", "database"):
        assert made.quote_id.encode() in kept[place], place
    assert b"/api/agent/render-quotes/{quote_id}/pay" in kept["gateway log"]
    assert b"RunActivity:settle_payment" in kept["traces"]
