"""Payments of which nobody knows for a while what they came to, and secrets that change."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import httpx2
import pytest
from sqlalchemy import update

from gateway.routes.webhooks import WEBHOOKS_PATH
from runtime.stripe_standin.faults import Fault
from studio.contracts.payment import PaymentState
from studio.quotes.tables import QuoteRow
from tests.api.stripe_messages import message, payment_intent, refund, signature
from tests.kit.customer import Offer, credential, offer_of
from tests.kit.market import (
    CHARGED_ONCE,
    GIVEN_BACK,
    PRICE_CENTS,
    RENDERED_ONCE,
    UNTOUCHED,
    Market,
)
from tests.kit.operator import is_running
from tests.kit.till import WEBHOOK_SECRET

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]

CHARGE = "intents.create"
LONG_SECONDS = 300.0
OLD_SECRET = "the secret that is rotated away"
ANOTHER_SECRET = "another secret of challenges of the test suite"


def assert_pending(answer: httpx2.Response, offer: Offer) -> None:
    """Where to ask and when; nothing that could be paid."""
    document = answer.json()
    assert (answer.status_code, document["code"]) == (503, "payment_pending")
    assert document["quote_id"] == offer.quote_id
    assert int(answer.headers["retry-after"]) > 0
    assert "www-authenticate" not in answer.headers
    assert "payment-receipt" not in answer.headers


def happened(market: Market, fault: Fault, times: int) -> bool:
    return market.till.stripe.faults.happened.count((CHARGE, fault)) >= times


@pytest.mark.payment_case(20, 24)
def test_while_stripe_does_not_answer_nobody_is_offered_a_challenge_and_a_webhook_ends_it(
    market: Market,
) -> None:
    """The card is charged, the answer never comes, and the gateway that waits is stopped."""
    stripe = market.till.stripe
    stripe.hold_webhooks()
    offer = market.customer.ask()
    url, payment = offer.problem["payment_url"], market.customer.answer_to(offer)
    another = market.customer.answer_to(market.customer.offer_at(url))
    waiting = url.replace(market.stack.base_url, market.stack.start_replica("waiting"))
    before = stripe.faults.happened.count((CHARGE, Fault.HANG_AFTER))
    stripe.faults.add(CHARGE, Fault.HANG_AFTER, matching=offer.quote_id)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(market.customer.send, waiting, payment)
        market.stack.wait_for(
            lambda: happened(market, Fault.HANG_AFTER, before + 1), "Stripe is asked"
        )
        second = pool.submit(market.customer.send, waiting, another)
        for looked in (url, market.there(url)):
            assert_pending(httpx2.get(looked), offer)
        assert market.customer.status(offer)["payment_status"] == "settling"
        market.stack.end("waiting")
        assert_pending(first.result(), offer)
        assert_pending(second.result(), offer)
    assert market.till.balance(offer.quote_id) == CHARGED_ONCE
    stripe.release_webhooks()
    market.wait_until(offer, PaymentState.RENDERING, PaymentState.COMPLETED)
    known = market.customer.send(url, payment)
    assert known.status_code == 200
    assert "payment-receipt" in known.headers
    late = market.customer.send(url, another)
    assert late.status_code == 403
    assert "www-authenticate" not in late.headers
    assert market.at_rest(offer) == RENDERED_ONCE


@pytest.mark.payment_case(22, 32)
def test_a_quote_that_expires_while_it_is_charged_is_paid(market: Market) -> None:
    stripe = market.till.stripe
    offer = market.customer.ask()
    before = stripe.faults.happened.count((CHARGE, Fault.DELAY))
    stripe.faults.add(CHARGE, Fault.DELAY, seconds=LONG_SECONDS, matching=offer.quote_id)
    with ThreadPoolExecutor(1) as pool:
        paying = pool.submit(market.customer.pay, offer)
        market.stack.wait_for(lambda: happened(market, Fault.DELAY, before + 1), "Stripe is asked")
        with market.stack.database.transaction() as session:
            session.execute(
                update(QuoteRow)
                .where(QuoteRow.quote_id == offer.quote_id)
                .values(expires_at=datetime.now(UTC) - timedelta(minutes=1))
            )
        stripe.hurry()
        assert paying.result().status_code == 202
    assert market.at_rest(offer) == RENDERED_ONCE


@pytest.mark.payment_case(23)
def test_webhooks_late_twice_and_in_the_wrong_order_change_nothing(market: Market) -> None:
    """All of a quote's messages, from the payment to the refund, after everything is over."""
    stripe = market.till.stripe
    stripe.hold_webhooks()
    offer = market.customer.ask()
    market.moments.fail(market.row(offer).project_id, "plan_shots", "The model refused.")
    assert market.customer.pay(offer).status_code == 202
    assert market.at_rest(offer) == (PaymentState.REFUNDED, GIVEN_BACK, 0)
    run = f"paid-render-{offer.quote_id}"
    market.stack.wait_for(lambda: not is_running(market.stack, run), "the run has ended")
    before, told = market.columns(offer), len(stripe.deliveries)
    stripe.release_webhooks(reverse=True, times=2)
    stripe.drain_webhooks()
    mine = stripe.deliveries[told:]
    assert {delivery.status for delivery in mine} == {200}
    assert {"payment_intent.succeeded", "refund.created"} <= {one.type for one in mine}
    market.stack.wait_for(lambda: not is_running(market.stack, run), "the run has ended again")
    assert market.columns(offer) == before
    assert market.at_rest(offer) == (PaymentState.REFUNDED, GIVEN_BACK, 0)


@pytest.mark.payment_case(23, 32)
def test_webhooks_of_nobody_and_of_others_change_nothing(market: Market) -> None:
    """Forged, old, of the live mode, of another amount, of a payment that nobody made."""
    unpaid, paid = market.customer.ask(), market.customer.bought()
    assert market.at_rest(paid) == RENDERED_ONCE
    before = [market.columns(offer) for offer in (unpaid, paid)]
    succeeded = payment_intent("pi_forged", quote_id=unpaid.quote_id, amount_cents=PRICE_CENTS)
    body = message("payment_intent.succeeded", succeeded)
    live = message("payment_intent.succeeded", succeeded, livemode=True)
    nobodys = message("payment_intent.succeeded", payment_intent("pi_x", quote_id="quote_x"))
    refund_of_another = message("refund.updated", refund("re_x", "pi_x", status="failed"))
    now = time.time()
    statuses = [
        tell(market, body, ""),
        tell(market, body, signature(body, at=now, secret="whsec_of_a_thief")),
        tell(market, body, signature(live, at=now, secret=WEBHOOK_SECRET)),
        tell(market, body, signature(body, at=now - 301, secret=WEBHOOK_SECRET)),
        tell(market, body, signature(body, at=now + 330, secret=WEBHOOK_SECRET)),
        tell(market, live, signature(live, at=now, secret=WEBHOOK_SECRET)),
        tell(market, nobodys, signature(nobodys, at=now, secret=WEBHOOK_SECRET)),
        tell(
            market, refund_of_another, signature(refund_of_another, at=now, secret=WEBHOOK_SECRET)
        ),
    ]
    assert statuses == [400] * 5 + [200] * 3
    assert [market.columns(offer) for offer in (unpaid, paid)] == before
    assert not is_running(market.stack, f"paid-render-{unpaid.quote_id}")
    assert market.till.balance(unpaid.quote_id) == UNTOUCHED


def tell(market: Market, body: bytes, sign: str) -> int:
    headers = {"Content-Type": "application/json"} | ({"Stripe-Signature": sign} if sign else {})
    url = market.stack.base_url + WEBHOOKS_PATH
    answer = httpx2.post(url, content=body, headers=headers)
    assert "quote_" not in json.dumps(answer.json())
    return answer.status_code


@pytest.mark.payment_case(31)
def test_what_was_offered_before_a_rotation_of_the_secret_is_paid_and_shown_after_it(
    own_market: Market,
) -> None:
    """The worker is told first, then the gateway is started again with both."""
    market, stack = own_market, own_market.stack
    both = {"FVS_MPP_SECRET": ANOTHER_SECRET, "FVS_MPP_SECRET_PREVIOUS": OLD_SECRET}
    stack.variables["FVS_MPP_SECRET"] = OLD_SECRET
    stack.start_quick_worker(**both)
    stack.start_gateway()
    offers = [market.customer.ask() for _ in range(3)]
    payments = [market.customer.answer_to(offer) for offer in offers]
    ways = [market.ways(*each)[:2] for each in zip(offers, payments, strict=True)]
    assert market.send(ways[0][0]).status_code == 202
    stack.end("gateway")
    stack.variables |= both
    stack.start_gateway()
    assert market.send(ways[0][0]).status_code == 200
    assert market.send(ways[1][0]).status_code == 202
    assert market.send(ways[2][1]).status_code == 202
    newer = market.customer.ask()
    assert market.customer.pay(newer).status_code == 202
    for offer in (*offers, newer):
        assert market.at_rest(offer) == RENDERED_ONCE
        assert market.customer.status(offer)["final_video_url"]


@pytest.mark.payment_case(42)
def test_a_replica_with_another_secret_costs_a_round_and_no_charge(market: Market) -> None:
    """And a payment that it took itself is refused: the worker cannot open what it sealed."""
    stranger = market.stack.start_replica("stranger", FVS_MPP_SECRET=ANOTHER_SECRET)
    offer = market.customer.ask()
    url, payment = offer.problem["payment_url"], market.customer.answer_to(offer)
    there = url.replace(market.stack.base_url, stranger)
    refused = market.customer.send(there, payment)
    assert refused.json()["type"].endswith("/invalid-challenge")
    theirs = offer_of(refused)
    assert theirs.quote_id == offer.quote_id
    assert market.till.balance(offer.quote_id) == UNTOUCHED
    sealed_there = credential(theirs.challenge, {"spt": market.till.mint(PRICE_CENTS)})
    assert market.customer.send(url, sealed_there).json()["type"].endswith("/invalid-challenge")
    declined = market.customer.send(there, sealed_there)
    assert offer_of(declined).quote_id == offer.quote_id
    assert market.till.balance(offer.quote_id) == UNTOUCHED
    market.stack.kill("stranger")
    assert market.customer.send(url, payment).status_code == 202
    assert market.at_rest(offer) == RENDERED_ONCE
