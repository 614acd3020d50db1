"""One quote, many payments, two gateways, a real worker: one charge and one render.

What was charged is read from the books of Stripe's stand-in.
"""

from collections import Counter

import pytest

from studio.contracts.payment import PaymentState
from tests.kit.customer import ONE_SHOT, credential, offer_of, receipt_of, refusal_of
from tests.kit.market import (
    CHARGED_ONCE,
    PRICE_CENTS,
    RENDERED_ONCE,
    UNTOUCHED,
    Market,
    Payment,
)
from tests.kit.till import DECLINED_CARD

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]

CALLS = 8
PAYERS = 5
NEEDS_HOLDER = "pm_card_authenticationRequired"


@pytest.mark.payment_case(1)
def test_a_payment_sent_again_is_the_same_payment_wherever_it_is_sent(market: Market) -> None:
    offer = market.customer.ask()
    ways = market.ways(offer, market.customer.answer_to(offer))
    answers = [market.send(way) for way in (*ways, *ways)]
    assert [answer.status_code for answer in answers] == [202, *[200] * 7]
    assert len({answer.headers["payment-receipt"] for answer in answers}) == 1
    assert len({answer.json()["project_id"] for answer in answers}) == 1
    assert market.at_rest(offer) == RENDERED_ONCE


@pytest.mark.payment_case(2)
def test_one_payment_eight_times_at_once_is_one_charge(market: Market) -> None:
    offer = market.customer.ask()
    ways = market.ways(offer, market.customer.answer_to(offer))
    answers = market.send_at_once(ways * (CALLS // len(ways)))
    assert {answer.status_code for answer in answers} <= {200, 202}
    assert len({receipt_of(answer)["reference"] for answer in answers}) == 1
    assert len({answer.json()["project_id"] for answer in answers}) == 1
    assert market.at_rest(offer) == RENDERED_ONCE


@pytest.mark.requirement("QUOTE-4")
@pytest.mark.payment_case(2, 3)
def test_eight_payers_of_one_quote_charge_it_once(market: Market) -> None:
    """Each with a challenge and a token of its own, at both gateways."""
    offer = market.customer.ask()
    url = offer.problem["payment_url"]
    payments = [
        Payment(way, market.customer.answer_to(market.customer.offer_at(way)))
        for way in (url, market.there(url)) * (CALLS // 2)
    ]
    answers = market.send_at_once(payments)
    assert Counter(answer.status_code for answer in answers) == {202: 1, 403: CALLS - 1}
    assert [answer for answer in answers if "www-authenticate" in answer.headers] == []
    assert market.at_rest(offer) == RENDERED_ONCE


@pytest.mark.payment_case(3)
def test_five_challenges_times_five_tokens_are_one_charge(market: Market) -> None:
    offer = market.customer.ask()
    url = offer.problem["payment_url"]
    challenges = [market.customer.offer_at(url).challenge for _ in range(PAYERS)]
    tokens = [market.till.mint(PRICE_CENTS) for _ in range(PAYERS)]
    answers = market.send_at_once(
        [
            Payment(way, credential(challenge, {"spt": token}))
            for challenge in challenges
            for token, way in zip(tokens, (url, market.there(url)) * PAYERS, strict=False)
        ]
    )
    assert Counter(answer.status_code for answer in answers) == {202: 1, 403: PAYERS**2 - 1}
    assert market.at_rest(offer) == RENDERED_ONCE


@pytest.mark.payment_case(4)
def test_another_token_for_a_paid_quote_is_refused_and_not_charged(market: Market) -> None:
    offer = market.customer.ask()
    fresh = market.customer.offer_at(offer.problem["payment_url"])
    assert market.customer.pay(offer).status_code == 202
    others = [
        *market.ways(offer, market.customer.answer_to(offer)),
        *market.ways(offer, market.customer.answer_to(fresh))[::2],
    ]
    for answer in map(market.send, others):
        assert answer.status_code == 403
        assert "www-authenticate" not in answer.headers
        assert "payment-receipt" not in answer.headers
    assert market.at_rest(offer) == RENDERED_ONCE


@pytest.mark.payment_case(5, 18)
def test_a_declined_card_burns_its_challenge_and_a_good_one_pays_the_next(market: Market) -> None:
    offer = market.customer.ask()
    refused = market.customer.pay(offer, card=DECLINED_CARD)
    fresh = offer_of(refused)
    assert refusal_of(fresh.problem) == (402, "verification-failed")
    assert fresh.quote_id == offer.quote_id
    burned = [market.send(way) for way in market.ways(offer, market.customer.answer_to(offer))]
    for answer in burned:
        assert refusal_of(answer.json()) == (402, "invalid-challenge")
        assert offer_of(answer).quote_id == offer.quote_id
    assert market.till.balance(offer.quote_id) == UNTOUCHED
    assert market.customer.pay(offer_of(burned[0])).status_code == 202
    assert market.at_rest(offer) == RENDERED_ONCE


def small(market: Market, _: str) -> str:
    return market.till.mint(PRICE_CENTS - 1)


def of_another_currency(market: Market, _: str) -> str:
    return market.till.mint(PRICE_CENTS, currency="eur")


def used_up(_: Market, used: str) -> str:
    return used


def unknown(_market: Market, _: str) -> str:
    return "spt_1NobodyGrantedThisOneAtAll"


@pytest.mark.payment_case(17)
def test_a_token_that_cannot_pay_is_refused_and_charges_nothing(market: Market) -> None:
    used = market.till.mint(PRICE_CENTS)
    first = market.customer.ask()
    paid = market.customer.send(
        first.problem["payment_url"], credential(first.challenge, {"spt": used})
    )
    assert paid.status_code == 202
    offer = market.customer.ask()
    quote_id, url = offer.quote_id, offer.problem["payment_url"]
    for token in (small, of_another_currency, used_up, unknown):
        spt = token(market, used)
        answer = market.customer.send(url, credential(offer.challenge, {"spt": spt}))
        offer = offer_of(answer)
        assert refusal_of(offer.problem) == (402, "verification-failed"), token
        assert spt not in answer.text
        assert market.till.balance(quote_id) == UNTOUCHED
    assert market.customer.pay(offer).status_code == 202
    assert market.at_rest(offer) == market.at_rest(first) == RENDERED_ONCE


@pytest.mark.payment_case(19)
def test_a_card_whose_bank_asks_its_holder_is_told_apart_and_charges_nothing(
    market: Market,
) -> None:
    offer = market.customer.ask()
    fresh = offer_of(market.customer.pay(offer, card=NEEDS_HOLDER))
    assert refusal_of(fresh.problem) == (402, "payment-action-required")
    mine = [
        intent
        for intent in market.till.stripe.books.intents()
        if intent.metadata.get("quote_id") == offer.quote_id
    ]
    assert [intent.status for intent in mine] == ["canceled"]
    assert market.till.balance(offer.quote_id) == UNTOUCHED
    assert market.customer.pay(fresh).status_code == 202
    assert market.at_rest(offer) == RENDERED_ONCE


@pytest.mark.payment_case(9)
def test_a_challenge_of_one_quote_does_not_pay_another(market: Market) -> None:
    mine, other = market.customer.ask(), market.customer.ask()
    answer = market.customer.send(other.problem["payment_url"], market.customer.answer_to(mine))
    assert refusal_of(answer.json()) == (402, "invalid-challenge")
    assert offer_of(answer).quote_id == other.quote_id
    for offer in (mine, other):
        assert market.till.balance(offer.quote_id) == UNTOUCHED
        assert market.row(offer).state is PaymentState.QUOTED


@pytest.mark.payment_case(44)
def test_looking_at_a_payment_url_changes_nothing(market: Market) -> None:
    """As the previews of chat programs do, again and again."""
    offer = market.customer.ask()
    before, asked = market.columns(offer), len(market.till.stripe.books.requests())
    url = offer.problem["payment_url"]
    for method in ("GET", "HEAD", "OPTIONS") * 3:
        for way in (url, market.there(url)):
            market.customer.send(way, "", method=method)
    assert market.columns(offer) == before
    assert len(market.till.stripe.books.requests()) == asked
    assert market.customer.pay(offer).status_code == 202
    assert market.till.balance(offer.quote_id) == CHARGED_ONCE


@pytest.mark.payment_case(45)
def test_one_idempotency_key_is_one_quote_at_every_gateway(market: Market) -> None:
    key = {"Idempotency-Key": f"key-{market.customer.ask().quote_id}"}
    body = {"request": ONE_SHOT}
    offers = [
        offer_of(market.customer.post(url, body, headers=key))
        for url in (market.quotes_url, market.there(market.quotes_url)) * 3
    ]
    assert len({offer.quote_id for offer in offers}) == 1
    assert len({offer.challenge["id"] for offer in offers}) == len(offers)
    assert market.customer.pay(offers[-1]).status_code == 202
    again = market.customer.post(market.quotes_url, body, headers=key)
    assert again.status_code == 200
    assert again.json()["quote_id"] == offers[0].quote_id
    assert market.at_rest(offers[0]) == RENDERED_ONCE
