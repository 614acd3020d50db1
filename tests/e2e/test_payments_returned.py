"""What was paid and not made goes back to the card: all of it or the rest, once, never more."""

import os
import subprocess
import sys

import httpx2
import pytest

from runtime.stripe_standin.books import Balance
from runtime.stripe_standin.faults import Fault
from studio.contracts.payment import PaymentState, RefundState
from tests.kit.customer import ONE_SHOT, Offer
from tests.kit.market import CHARGED_ONCE, GIVEN_BACK, PRICE_CENTS, RENDERED_ONCE, Market
from tests.kit.operator import sweep
from tests.kit.quick_worker import FILM, INSIDE
from tests.kit.stack import ROOT
from tests.kit.tls_host import answer
from tests.remote_scenes import PNG

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]

REFUNDED_WHOLE = (PaymentState.REFUNDED, GIVEN_BACK, 0)
"""`Market.at_rest` of a quote that was paid, and of which nothing was ordered."""

REFUND = "refunds.create"
REFUND_FAILS_CARD = "pm_card_refundFail"
REFUND_PENDING_CARD = "pm_card_pendingRefund"
NEVER_SECONDS = 3600.0
REFUSAL = "The model refused the brief."


def bought_and_failing(market: Market, *, card: str = "pm_card_visa") -> Offer:
    """A quote that is paid, and whose render fails before anything is ordered."""
    offer = market.customer.ask()
    market.moments.fail(market.row(offer).project_id, "plan_shots", REFUSAL)
    assert market.customer.pay(offer, card=card).status_code == 202
    return offer


@pytest.mark.requirement("QUOTE-7")
@pytest.mark.payment_case(25)
def test_a_render_that_fails_is_refunded_once_whatever_stripe_answers(market: Market) -> None:
    """The refund's answer is lost in every way it can be, of one quote each."""
    offers: dict[Fault, Offer] = {}
    for fault in (
        Fault.RESET_BEFORE,
        Fault.RESET_AFTER,
        Fault.UNAVAILABLE_BEFORE,
        Fault.UNAVAILABLE_AFTER,
        Fault.BROKEN_AFTER,
        Fault.CUT_REPLY,
        Fault.KEY_IN_USE,
    ):
        offer = market.customer.ask()
        market.till.stripe.faults.add(REFUND, fault, matching=offer.quote_id)
        market.moments.fail(market.row(offer).project_id, "plan_shots", REFUSAL)
        assert market.customer.pay(offer).status_code == 202
        offers[fault] = offer
    at_rest = {fault: market.at_rest(offer) for fault, offer in offers.items()}
    assert at_rest == dict.fromkeys(offers, REFUNDED_WHOLE)
    happened = {fault for call, fault in market.till.stripe.faults.happened if call == REFUND}
    assert happened >= set(offers)
    shown = market.customer.status(offers[Fault.RESET_AFTER])
    assert (shown["status"], shown["payment_status"]) == ("failed", "refunded")
    assert (shown["refunded_cents"], shown["last_error"]) == (PRICE_CENTS, REFUSAL)


@pytest.mark.payment_case(25)
def test_a_refund_that_fails_later_is_owed_until_an_operator_asks_again(market: Market) -> None:
    stripe = market.till.stripe
    stripe.change(later_seconds=NEVER_SECONDS)
    offer = bought_and_failing(market, card=REFUND_FAILS_CARD)
    assert market.at_rest(offer) == REFUNDED_WHOLE
    stripe.let_turns_happen()
    market.stack.wait_for(
        lambda: market.row(offer).refund_state is RefundState.FAILED, "the refund was sent back"
    )
    assert market.row(offer).state is PaymentState.REFUNDING
    assert market.till.balance(offer.quote_id) == CHARGED_ONCE
    assert market.customer.wallet(offer.quote_id).available == PRICE_CENTS
    assert market.customer.status(offer)["refunded_cents"] == 0
    fvs(market, "quotes", "refund-again", offer.quote_id)
    sweep(market.stack)
    assert market.at_rest(offer) == REFUNDED_WHOLE


def fvs(market: Market, *arguments: str) -> None:
    """The command of the operator."""
    subprocess.run(
        [sys.executable, "-m", "runtime.cli", *arguments],
        check=True,
        cwd=ROOT,
        env={**os.environ, **market.stack.environment},
        capture_output=True,
    )


@pytest.mark.payment_case(25)
def test_a_refund_that_takes_days_is_shown_on_its_way_until_it_has_arrived(
    market: Market,
) -> None:
    stripe = market.till.stripe
    stripe.change(later_seconds=NEVER_SECONDS)
    offer = bought_and_failing(market, card=REFUND_PENDING_CARD)
    market.stack.wait_for(
        lambda: market.row(offer).refund_state is RefundState.PENDING, "the refund is under way"
    )
    shown = market.customer.status(offer)
    assert (shown["payment_status"], shown["refund_cents"]) == ("refunding", PRICE_CENTS)
    assert shown["refunded_cents"] == 0
    stripe.let_turns_happen()
    assert market.at_rest(offer) == REFUNDED_WHOLE
    assert market.customer.status(offer)["refunded_cents"] == PRICE_CENTS


@pytest.mark.payment_case(26)
def test_a_render_canceled_before_it_begins_gives_everything_back(market: Market) -> None:
    offer = market.customer.ask()
    run, moment = f"paid-render-{offer.quote_id}", "before-commit:begin"
    market.moments.stop(run, moment)
    assert market.customer.pay(offer).status_code == 202
    market.stack.wait_for(lambda: market.moments.is_held(run, moment), "it is about to begin")
    market.customer.cancel(offer)
    market.moments.let_go(run, moment)
    assert market.at_rest(offer) == REFUNDED_WHOLE
    shown = market.customer.status(offer)
    assert (shown["status"], shown["refunded_cents"]) == ("canceled", PRICE_CENTS)


@pytest.mark.payment_case(26)
def test_a_render_canceled_after_it_began_gives_back_what_was_not_made(market: Market) -> None:
    """The clip is ordered and comes too late to be charged for."""
    offer = market.customer.ask()
    project_id, moment = market.row(offer).project_id, "step:await_clip"
    market.moments.stop(project_id, moment)
    assert market.customer.pay(offer).status_code == 202
    market.stack.wait_for(lambda: market.moments.is_held(project_id, moment), "it is filmed")
    for _ in range(2):
        market.customer.cancel(offer)
    state, balance, orders = market.at_rest(offer)
    made = market.customer.settled(project_id)
    assert 0 < made < PRICE_CENTS
    back = PRICE_CENTS - made
    assert (state, balance) == (PaymentState.REFUNDED, Balance(1, PRICE_CENTS, 1, back))
    assert orders == 1
    shown = market.customer.status(offer)
    assert (shown["status"], shown["refunded_cents"]) == ("canceled", back)
    market.customer.cancel(offer)
    assert market.at_rest(offer)[1] == balance


GONE = "gone.png"
CHANGED = "changed.png"
KEPT = "kept.png"


def asking_for(market: Market, url: str) -> Offer:
    return market.customer.ask(ONE_SHOT, upload_urls=[{"url": url, "filename": "cat.png"}])


@pytest.mark.payment_case(37)
@pytest.mark.parametrize(
    "url",
    [
        f"https://media.example/{GONE}",
        f"https://media.example/{CHANGED}",
        f"https://{INSIDE}/cat.png",
    ],
)
def test_an_upload_that_is_gone_changed_or_of_the_inside_gives_everything_back(
    market: Market, url: str
) -> None:
    """It is not asked for before the payment."""
    market.internet.answers |= {
        f"media.example/{GONE}": answer(status="404 Not Found"),
        f"media.example/{CHANGED}": answer(b"<html>This file has moved.</html>"),
        f"{INSIDE}/cat.png": answer(PNG),
    }
    before = len(market.internet.requests)
    offer = asking_for(market, url)
    httpx2.get(offer.problem["payment_url"])
    assert len(market.internet.requests) == before
    assert market.customer.pay(offer).status_code == 202
    assert market.at_rest(offer) == REFUNDED_WHOLE
    shown = market.customer.status(offer)
    assert shown["last_error"].startswith("Upload 1 was not taken: ")
    assert url not in shown["last_error"]
    assert len(market.internet.requests) == before + (INSIDE not in url)


@pytest.mark.payment_case(37)
def test_an_upload_is_fetched_once_and_only_after_the_payment(market: Market) -> None:
    market.internet.answers[f"media.example/{KEPT}"] = answer(PNG)
    before = len(market.internet.requests)
    offer = asking_for(market, f"https://media.example/{KEPT}")
    assert len(market.internet.requests) == before
    assert market.customer.pay(offer).status_code == 202
    assert market.at_rest(offer) == RENDERED_ONCE
    assert len(market.internet.requests) == before + 1


@pytest.mark.payment_case(40)
def test_a_dispute_closes_urls_that_were_signed_before(market: Market) -> None:
    offer = market.customer.bought()
    assert market.at_rest(offer) == RENDERED_ONCE
    url = market.customer.status(offer)["final_video_url"]
    there = httpx2.get(market.there(offer.problem["status_url"])).json()["final_video_url"]
    assert httpx2.get(url).content == httpx2.get(there).content == FILM
    market.till.stripe.dispute(str(market.row(offer).payment_id))
    market.stack.wait_for(lambda: httpx2.get(url).status_code == 404, "the file is taken away")
    assert httpx2.get(there).status_code == 404
    shown = market.customer.status(offer)
    assert shown["final_video_url"] is None
    assert any("disputed" in warning for warning in shown["warnings"])
    assert market.at_rest(offer) == RENDERED_ONCE


@pytest.mark.payment_case(40)
def test_a_dispute_ends_a_render_that_runs_and_the_money_does_not_go_back_twice(
    market: Market,
) -> None:
    """The card's bank has taken all of it: Stripe refuses a refund, and an operator is told."""
    offer = market.customer.ask()
    project_id, moment = market.row(offer).project_id, "step:await_clip"
    market.moments.stop(project_id, moment)
    assert market.customer.pay(offer).status_code == 202
    market.stack.wait_for(lambda: market.moments.is_held(project_id, moment), "it is filmed")
    market.till.stripe.dispute(str(market.row(offer).payment_id))
    market.stack.wait_for(
        lambda: "refused" in requests_of(market, offer), "Stripe refuses to give it back"
    )
    assert market.row(offer).state is PaymentState.REFUNDING
    assert market.till.balance(offer.quote_id) == CHARGED_ONCE
    wallet = market.customer.wallet(offer.quote_id)
    assert (wallet.available, wallet.held) == (0, 0)
    assert market.customer.audit() == []
    shown = market.customer.status(offer)
    assert (shown["status"], shown["refunded_cents"]) == ("canceled", 0)


def requests_of(market: Market, offer: Offer) -> list[str]:
    """What Stripe answered to requests for refunds of this quote's payment."""
    return [
        "made" if seen.status == 200 else "refused"
        for seen in market.till.stripe.books.requests(REFUND)
        if market.row(offer).payment_id in seen.form.values()
    ]


@pytest.mark.requirement("QUOTE-5")
@pytest.mark.payment_case(39, 41)
def test_every_poll_has_a_url_that_works_where_the_caller_came_from(market: Market) -> None:
    offer = market.customer.bought()
    assert market.at_rest(offer) == RENDERED_ONCE
    status_url = offer.problem["status_url"]
    for base_url, url in (
        (market.stack.base_url, status_url),
        (market.elsewhere, market.there(status_url)),
    ) * 2:
        shown = httpx2.get(url)
        assert (shown.status_code, shown.headers["cache-control"]) == (
            200,
            "private, no-store",
        )
        assert shown.json()["final_video_url"].startswith(base_url)
        assert shown.json()["status_url"].startswith(base_url)
        assert httpx2.get(shown.json()["final_video_url"]).content == FILM
