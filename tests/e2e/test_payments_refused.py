"""What is forged, malformed or not the caller's: refused by a real gateway, and nothing happens.

After each refusal the quote is as it was, Stripe was not asked, and the true payment still pays.
"""

import base64
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import update

from studio.contracts.payment import PaymentState
from studio.quotes.tables import QuoteRow
from tests.kit.customer import ONE_SHOT, Offer, credential, offer_of, refusal_of
from tests.kit.market import RENDERED_ONCE, UNTOUCHED, Market
from tests.kit.operator import is_known

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]

INVALID = (402, "invalid-challenge")
MALFORMED = (402, "malformed-credential")
UNSUPPORTED = (400, "method-unsupported")
TWO = (400, "bad-request")
SPT = "spt_1Forged"

Headers = list[tuple[str, str]]
Forge = Callable[[Offer, Offer], Headers]
Answer = tuple[int, str]


def encoded(document: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")


def decoded(text: str) -> dict[str, Any]:
    return dict(json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))))


def challenge_with(**parameters: str) -> Forge:
    """The caller's own challenge with other parameters."""

    def forge(mine: Offer, _: Offer) -> Headers:
        return [("Authorization", credential({**mine.challenge, **parameters}, {"spt": SPT}))]

    return forge


def request_with(**members: str) -> Forge:
    """The caller's own challenge for another price."""

    def forge(mine: Offer, theirs: Offer) -> Headers:
        changed = encoded({**mine.request, **members})
        return challenge_with(request=changed)(mine, theirs)

    return forge


def of_anothers_quote(mine: Offer, theirs: Offer) -> Headers:
    return challenge_with(opaque=theirs.challenge["opaque"])(mine, theirs)


def with_anothers_id(mine: Offer, theirs: Offer) -> Headers:
    opaque = {**decoded(mine.challenge["opaque"]), "quote_id": theirs.quote_id}
    return challenge_with(opaque=encoded(opaque))(mine, theirs)


def payload_of(payload: Mapping[str, object]) -> Forge:
    return lambda mine, _: [("Authorization", credential(mine.challenge, payload))]


def header(value: str) -> Forge:
    return lambda _mine, _theirs: [("Authorization", value)]


def joined(mine: Offer, _: Offer) -> Headers:
    one = credential(mine.challenge, {"spt": SPT})
    return [("Authorization", f"{one}, {one}")]


def twice(mine: Offer, _: Offer) -> Headers:
    one = credential(mine.challenge, {"spt": SPT})
    return [("Authorization", one), ("Authorization", one)]


FORGERIES: Mapping[str, tuple[Forge, Answer]] = {
    "case 6, less": (request_with(amount="1"), INVALID),
    "case 6, more": (request_with(amount="50001"), INVALID),
    "case 30, capitals": (request_with(currency="USD"), INVALID),
    "case 30, another": (request_with(currency="eur"), INVALID),
    "case 7": (challenge_with(expires="2036-11-02T10:00:00Z"), INVALID),
    "case 8, as a whole": (of_anothers_quote, INVALID),
    "case 8, by its id": (with_anothers_id, INVALID),
    "realm": (challenge_with(realm="thief.example"), INVALID),
    "digest": (challenge_with(digest="sha-256=" + "A" * 43 + "="), INVALID),
    "id": (challenge_with(id="A" * 43), INVALID),
    "case 13, no base64": (header("Payment !!!!"), MALFORMED),
    "case 13, no JSON": (header("Payment e30x"), MALFORMED),
    "case 13, nothing": (header("Payment"), MALFORMED),
    "case 33, too large": (header("Payment " + "A" * 20_000), MALFORMED),
    "case 14, method": (challenge_with(method="tempo"), UNSUPPORTED),
    "case 14, intent": (challenge_with(intent="session"), UNSUPPORTED),
    "case 15, two headers": (twice, TWO),
    "case 33, joined by a comma": (joined, TWO),
    "case 16, none": (payload_of({}), (402, "invalid-payload")),
    "case 16, empty": (payload_of({"spt": ""}), (402, "invalid-payload")),
    "case 16, a number": (payload_of({"spt": 1}), (402, "invalid-payload")),
}


@pytest.mark.payment_case(6, 7, 8, 13, 14, 15, 16, 30, 33)
def test_no_forgery_is_paid_or_tells_anything_and_the_true_payment_still_pays(
    market: Market,
) -> None:
    mine, theirs = market.customer.ask(), market.customer.ask()
    asked = len(market.till.stripe.books.requests())
    found = {name: answer_to(market, mine, theirs, forge) for name, (forge, _) in FORGERIES.items()}
    assert found == {name: expected for name, (_, expected) in FORGERIES.items()}
    assert len(market.till.stripe.books.requests()) == asked
    for offer in (mine, theirs):
        assert market.till.balance(offer.quote_id) == UNTOUCHED
        row = market.row(offer)
        assert (row.state, row.attempts) == (PaymentState.QUOTED, 0)
    assert market.customer.pay(mine).status_code == 202
    assert market.at_rest(mine) == RENDERED_ONCE


def answer_to(market: Market, mine: Offer, theirs: Offer, forge: Forge) -> Answer:
    """The same at both addresses; a challenge only with a 402, and nothing of the other quote."""
    headers = forge(mine, theirs)
    body = {"request": ONE_SHOT}
    answers = [
        httpx2.post(mine.problem["payment_url"], headers=headers),
        httpx2.post(market.there(mine.problem["payment_url"]), headers=headers),
        httpx2.post(market.quotes_url, headers=headers, json=body),
    ]
    for answer in answers:
        assert ("www-authenticate" in answer.headers) == (answer.status_code == 402)
        assert "payment-receipt" not in answer.headers
        assert theirs.quote_id not in answer.text
        assert theirs.problem["claim_token"] not in answer.text
        assert SPT not in answer.text
    kinds = {refusal_of(answer.json()) for answer in answers}
    assert len(kinds) == 1, kinds
    return kinds.pop()


@pytest.mark.payment_case(33)
@pytest.mark.parametrize("scheme", ["payment", "PAYMENT", "Payment  "])
def test_a_scheme_in_any_case_and_with_spaces_pays(market: Market, scheme: str) -> None:
    offer = market.customer.ask()
    _, _, document = market.customer.answer_to(offer).partition(" ")
    paid = market.customer.send(offer.problem["payment_url"], f"{scheme} {document}")
    assert paid.status_code == 202
    assert market.at_rest(offer) == RENDERED_ONCE


@pytest.mark.payment_case(10)
def test_whatever_is_wrong_with_a_claim_token_looks_like_an_unknown_quote(market: Market) -> None:
    mine, other = market.customer.ask(), market.customer.ask()
    payment = {"Authorization": market.customer.answer_to(mine)}
    token, foreign = mine.problem["claim_token"], other.problem["claim_token"]
    addresses = [
        *((mine.quote_id, wrong) for wrong in (foreign, token[:-1], token + "A", "", "%00")),
        ("quote_" + "0" * 24, token),
    ]
    api = f"{market.stack.base_url}/api/agent"
    bodies: set[str] = set()
    for quote_id, wrong in addresses:
        for method, path in (
            ("POST", f"render-quotes/{quote_id}/pay"),
            ("GET", f"render-quotes/{quote_id}/pay"),
            ("GET", f"paid-renders/{quote_id}"),
            ("POST", f"paid-renders/{quote_id}/cancel"),
        ):
            url = f"{api}/{path}?claim_token={wrong}"
            answer = httpx2.request(method, url, headers=payment)
            assert answer.status_code == 404, (method, url)
            assert "www-authenticate" not in answer.headers
            document = answer.json()
            del document["request_id"]
            bodies.add(json.dumps(document, sort_keys=True))
    assert len(bodies) == 1
    assert market.row(mine).state is PaymentState.QUOTED
    assert market.till.balance(mine.quote_id) == UNTOUCHED


@pytest.mark.requirement("QUOTE-6")
@pytest.mark.payment_case(11)
def test_an_expired_quote_is_not_charged_wherever_it_is_paid(market: Market) -> None:
    offer = market.customer.ask()
    payments = market.ways(offer, market.customer.answer_to(offer))
    expire(market, offer)
    at_url, asked, at_url_there, asked_there = map(market.send, payments)
    for answer in (at_url, at_url_there, httpx2.get(offer.problem["payment_url"])):
        assert refusal_of(answer.json()) == (410, "payment-expired")
        assert "www-authenticate" not in answer.headers
    for answer in (asked, asked_there):
        assert refusal_of(answer.json()) == (402, "payment-expired")
        assert offer_of(answer).quote_id != offer.quote_id
    assert market.customer.status(offer)["status"] == "expired"
    assert market.till.balance(offer.quote_id) == UNTOUCHED


def expire(market: Market, offer: Offer) -> None:
    """As if its half hour were over."""
    with market.stack.database.transaction() as session:
        session.execute(
            update(QuoteRow)
            .where(QuoteRow.quote_id == offer.quote_id)
            .values(expires_at=datetime.now(UTC) - timedelta(seconds=1))
        )


@pytest.mark.payment_case(12)
def test_a_payment_with_another_body_pays_neither_quote(market: Market) -> None:
    offer = market.customer.ask()
    payment = {"Authorization": market.customer.answer_to(offer)}
    another = {"request": {**ONE_SHOT, "name": "Another film"}}
    answers = [
        market.customer.post(url, another, headers=payment)
        for url in (
            market.quotes_url,
            market.there(market.quotes_url),
            offer.problem["payment_url"],
        )
    ]
    for answer in answers:
        assert refusal_of(answer.json()) == INVALID
        made = offer_of(answer)
        assert market.till.balance(made.quote_id) == UNTOUCHED
    assert market.row(offer).state is PaymentState.QUOTED
    assert market.customer.pay(offer).status_code == 202
    assert market.at_rest(offer) == RENDERED_ONCE


@pytest.mark.payment_case(35)
@pytest.mark.parametrize("name", ["X-FVS-Agent-Key", "X-API-Key"])
def test_a_key_and_a_payment_together_are_refused(market: Market, name: str) -> None:
    offer = market.customer.ask()
    both = {"Authorization": market.customer.answer_to(offer), name: market.stack.api_key}
    for url in (market.quotes_url, offer.problem["payment_url"]):
        answer = market.customer.post(url, {"request": ONE_SHOT}, headers=both)
        assert (answer.status_code, answer.json()["code"]) == (400, "key_and_payment")
        assert "www-authenticate" not in answer.headers
    assert market.row(offer).state is PaymentState.QUOTED
    assert market.till.balance(offer.quote_id) == UNTOUCHED


@pytest.mark.payment_case(36)
def test_a_key_with_credits_starts_no_render_of_a_quote(market: Market) -> None:
    """Neither instead of the payment nor on another way round it."""
    offer = market.customer.ask()
    key, problem = market.stack.headers, offer.problem
    project_id = market.row(offer).project_id
    api = f"{market.stack.base_url}/api/agent"
    answers = [
        market.customer.post(problem["payment_url"], {}, headers=key),
        httpx2.get(problem["payment_url"], headers=key),
        httpx2.get(problem["status_url"], headers=key),
        httpx2.get(f"{api}/renders/{project_id}", headers=key),
        httpx2.post(f"{api}/renders/{project_id}/cancel", headers=key),
        httpx2.get(f"{api}/renders/{offer.quote_id}", headers=key),
        httpx2.get(f"{api}/paid-renders/{offer.quote_id}", headers=key),
    ]
    assert [answer.status_code for answer in answers] == [402, 402, 200, 404, 404, 404, 404]
    assert answers[2].json()["project_id"] is None
    assert project_id not in "".join(answer.text for answer in answers[:3])
    assert market.row(offer).state is PaymentState.QUOTED
    assert not is_known(market.stack, project_id)
    assert not is_known(market.stack, f"paid-render-{offer.quote_id}")
    assert market.till.balance(offer.quote_id) == UNTOUCHED
    assert market.customer.pay(offer).status_code == 202
    assert market.at_rest(offer) == RENDERED_ONCE
