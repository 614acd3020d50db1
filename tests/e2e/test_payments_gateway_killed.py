"""`kill -9` of the gateway at every await of a payment, a cancellation and a webhook.

Nothing is charged twice, nothing that was charged is lost: whoever pays sends the same payment to
the gateway that took over, or never comes back, and then the sweep finds the quote.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import httpx2
import pytest

from runtime.stripe_standin.books import Balance
from runtime.stripe_standin.faults import Fault
from runtime.temporal_server import RunningTemporal
from studio.contracts.payment import PaymentState
from tests.kit.customer import Offer
from tests.kit.market import (
    CHARGED_ONCE,
    PRICE_CENTS,
    RENDERED_ONCE,
    Market,
    open_market,
)
from tests.kit.moments import GATEWAY
from tests.kit.operator import sweep
from tests.kit.tls_host import Authority

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]

AUTHENTIC = "authentic, not claimed"
CLAIMED = "claimed, run not told"
LEFT = "claimed, run not told, and the payer does not come back"
TOLD = "run told, not answered"
WAITING = "waiting for the card"
WISH = "canceled, run not told"
HEARD = "webhook heard, run not told"
LONG_SECONDS = 300.0
RENDERED = (PaymentState.RENDERING, PaymentState.COMPLETED)


@dataclass
class Died:
    """A gateway that was killed with all of these under way, and the one that took over."""

    market: Market
    offers: dict[str, Offer] = field(default_factory=dict)
    payments: dict[str, str] = field(default_factory=dict)
    seen: dict[str, PaymentState] = field(default_factory=dict)
    sent: list["Future[object]"] = field(default_factory=list)

    def ask(self, name: str) -> Offer:
        offer = self.offers[name] = self.market.customer.ask()
        self.payments[name] = self.market.customer.answer_to(offer)
        return offer

    def send(self, name: str) -> httpx2.Response:
        url = self.offers[name].problem["payment_url"]
        return self.market.customer.send(url, self.payments[name])


@pytest.fixture(scope="module")
def died(
    tmp_path_factory: pytest.TempPathFactory, temporal_server: RunningTemporal, authority: Authority
) -> Iterator[Died]:
    folder = tmp_path_factory.mktemp("killed") / "stack"
    with (
        open_market(folder, temporal_server.address, authority) as market,
        ThreadPoolExecutor(8) as pool,
    ):
        market.stack.start_quick_worker()
        market.stack.start_stoppable_gateway()
        died = Died(market)
        stand_still(died, pool)
        died.seen = {name: market.row(offer).state for name, offer in died.offers.items()}
        market.stack.kill("gateway")
        assert all(isinstance(sent.exception(), httpx2.HTTPError) for sent in died.sent)
        market.till.stripe.hurry()
        market.stack.start_gateway()
        sweep(market.stack)
        yield died


def stand_still(died: Died, pool: ThreadPoolExecutor) -> None:
    """Bring one request after the other to where it is to stand."""
    market, stripe = died.market, died.market.till.stripe

    def hold(run: str, moment: str, call: Callable[[], object]) -> None:
        market.moments.stop(run, moment)
        died.sent.append(pool.submit(call))
        market.stack.wait_for(lambda: market.moments.is_held(run, moment), moment)

    died.ask(AUTHENTIC)
    hold(GATEWAY, "before-check", lambda: died.send(AUTHENTIC))
    for name, moment in ((CLAIMED, "before-settle"), (LEFT, "before-settle")):
        hold(died.ask(name).quote_id, moment, lambda name=name: died.send(name))  # type: ignore[misc]
    hold(died.ask(TOLD).quote_id, "after-settle", lambda: died.send(TOLD))
    market.wait_until(died.offers[TOLD], *RENDERED)

    asked = len(stripe.faults.happened)
    waiting = died.ask(WAITING)
    stripe.faults.add(
        "intents.create", Fault.DELAY, seconds=LONG_SECONDS, matching=waiting.quote_id
    )
    died.sent.append(pool.submit(died.send, WAITING))
    market.stack.wait_for(lambda: len(stripe.faults.happened) > asked, "the card is asked")

    project_id, filmed = market.row(died.ask(WISH)).project_id, "step:await_clip"
    market.moments.stop(project_id, filmed)
    assert died.send(WISH).status_code == 202
    market.stack.wait_for(lambda: market.moments.is_held(project_id, filmed), filmed)
    hold(project_id, "before-cancel", lambda: market.customer.cancel(died.offers[WISH]))

    heard = died.ask(HEARD)
    stripe.faults.add("intents.create", Fault.HANG_AFTER, matching=heard.quote_id)
    hold(heard.quote_id, "before-tell", lambda: died.send(HEARD))


@pytest.mark.payment_case(21)
@pytest.mark.parametrize(
    ("name", "state"),
    [
        (AUTHENTIC, PaymentState.QUOTED),
        (CLAIMED, PaymentState.SETTLING),
        (TOLD, PaymentState.COMPLETED),
        (WAITING, PaymentState.SETTLING),
        (HEARD, PaymentState.SETTLING),
    ],
)
def test_a_payment_survives_the_death_of_its_gateway(
    died: Died, name: str, state: PaymentState
) -> None:
    """Sent again, it is the same payment."""
    assert died.seen[name] in {state, *(RENDERED if state in RENDERED else ())}
    assert died.send(name).status_code in {200, 202}
    assert died.market.at_rest(died.offers[name]) == RENDERED_ONCE
    again = died.send(name)
    assert again.status_code == 200
    assert "payment-receipt" in again.headers


@pytest.mark.payment_case(27)
def test_a_claim_that_no_run_was_told_of_is_carried_on_by_the_sweep(died: Died) -> None:
    assert died.seen[LEFT] is PaymentState.SETTLING
    assert died.market.at_rest(died.offers[LEFT]) == RENDERED_ONCE


@pytest.mark.payment_case(26)
def test_a_wish_to_cancel_that_no_run_was_told_of_is_carried_on_by_the_sweep(died: Died) -> None:
    market, offer = died.market, died.offers[WISH]
    assert died.seen[WISH] is PaymentState.RENDERING
    state, balance, orders = market.at_rest(offer)
    back = PRICE_CENTS - market.customer.settled(market.row(offer).project_id)
    assert (state, balance) == (PaymentState.REFUNDED, Balance(1, PRICE_CENTS, 1, back))
    assert (0 < back < PRICE_CENTS, orders) == (True, 1)


@pytest.mark.payment_case(23, 24)
def test_a_webhook_that_was_not_taken_is_sent_again_and_tells_what_stripe_did_not(
    died: Died,
) -> None:
    market, offer = died.market, died.offers[HEARD]
    market.stack.wait_for(
        lambda: market.row(offer).state in RENDERED, "the webhook told of the payment"
    )
    assert market.till.balance(offer.quote_id) == CHARGED_ONCE
    told = [each for each in market.till.stripe.deliveries if not each.is_taken]
    assert "payment_intent.succeeded" in {delivery.type for delivery in told}
