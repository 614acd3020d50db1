"""Idempotency keys and faults at the stand-in of Stripe, seen by Stripe's own SDK."""

import asyncio

import httpx2
import pytest
import stripe

from runtime.stripe_standin.faults import Fault
from runtime.stripe_standin.server import StripeStandin
from tests.kit.stripe_standin import (
    KEY,
    PREVIEW,
    Seller,
    StandinClock,
    asynchronous,
    new_quote,
    options,
    order,
    refused,
)

DAY_SECONDS = 24 * 3600
SOON_SECONDS = 0.3
"""A caller who gives up early: what hangs is over for it then."""

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=")  # the SDK's own way with httpx


def test_the_same_request_again_is_answered_as_the_first_time(
    standin: StripeStandin, seller: Seller
) -> None:
    token, quote_id = seller.mint(max_amount=5000), new_quote()
    first = seller.pay(token, quote_id=quote_id, key="k")
    again = seller.pay(token, quote_id=quote_id, key="k")
    assert again.id == first.id
    assert first.last_response
    assert again.last_response
    assert "idempotent-replayed" not in first.last_response.headers
    assert again.last_response.headers["idempotent-replayed"] == "true"
    assert standin.books.balance(quote_id).charges == 1


def test_a_decline_is_kept_under_its_key(standin: StripeStandin, seller: Seller) -> None:
    token = seller.mint("pm_card_chargeDeclined")
    ids = []
    for _ in range(2):
        with pytest.raises(stripe.CardError) as caught:
            seller.pay(token, key="k")
        assert caught.value.error
        assert caught.value.error.payment_intent
        ids.append(caught.value.error.payment_intent.id)
    assert len(set(ids)) == 1
    assert len(standin.books.intents()) == 1


def test_a_key_is_for_one_request_only(seller: Seller) -> None:
    token = seller.mint(max_amount=5000)
    paid = seller.pay(token, key="k")
    with pytest.raises(stripe.IdempotencyError) as caught:
        seller.pay(token, amount=501, key="k")
    assert caught.value.http_status == 400
    with pytest.raises(stripe.IdempotencyError) as caught:
        seller.client.v1.refunds.create({"payment_intent": paid.id}, {"idempotency_key": "k"})
    assert "same endpoint" in str(caught.value)


def test_a_request_that_failed_validation_leaves_its_key_free(seller: Seller) -> None:
    token = seller.mint()
    with pytest.raises(stripe.InvalidRequestError):
        seller.pay(token, amount=10, key="k")
    assert seller.pay(token, key="k").status == "succeeded"


def test_a_key_is_forgotten_after_a_day(
    standin: StripeStandin, seller: Seller, clock: StandinClock
) -> None:
    token, quote_id = seller.mint(max_amount=5000), new_quote()
    seller.pay(token, quote_id=quote_id, key="k")
    clock.seconds += DAY_SECONDS - 1
    seller.pay(token, quote_id=quote_id, key="k")
    assert standin.books.balance(quote_id).charges == 1
    clock.seconds += 1
    seller.pay(token, quote_id=quote_id, key="k")
    assert standin.books.balance(quote_id).charges == 2


def test_a_key_that_is_too_long_is_refused(seller: Seller) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        seller.pay(seller.mint(), key="k" * 256)


async def test_the_same_key_side_by_side_charges_once(
    standin: StripeStandin, seller: Seller
) -> None:
    sent = order(seller.mint(max_amount=50_000))
    async with asynchronous(seller.url) as client:
        payments = client.v1.payment_intents
        outcomes = await asyncio.gather(
            *(payments.create_async(sent, options("k")) for _ in range(8)), return_exceptions=True
        )
    paid = {one.id for one in outcomes if isinstance(one, stripe.PaymentIntent)}
    errors = [one for one in outcomes if not isinstance(one, stripe.PaymentIntent)]
    assert len(paid) == 1
    assert all(isinstance(one, stripe.APIError) for one in errors)
    assert len(standin.books.charges()) == 1


async def test_a_key_whose_first_request_is_still_worked_on_is_in_use(
    standin: StripeStandin, seller: Seller
) -> None:
    sent = order(seller.mint(max_amount=50_000))
    standin.faults.add("intents.create", Fault.DELAY, seconds=3600)
    async with asynchronous(seller.url) as client:
        payments = client.v1.payment_intents
        first = asyncio.create_task(payments.create_async(sent, options("k")))
        while not standin.faults.happened:
            await client.v1.refunds.list_async()
        with pytest.raises(stripe.APIError) as caught:
            await payments.create_async(sent, options("k"))
        assert refused(caught.value) == (409, "idempotency_key_in_use")
        assert standin.books.charges() == []
        standin.hurry()
        paid = await first
        assert (await payments.create_async(sent, options("k"))).id == paid.id


@pytest.mark.parametrize(
    "fault", [Fault.RESET_AFTER, Fault.CLOSED_AFTER, Fault.CUT_REPLY, Fault.UNAVAILABLE_AFTER]
)
def test_an_answer_that_got_lost_is_had_with_the_same_key(
    standin: StripeStandin, seller: Seller, fault: Fault
) -> None:
    token, quote_id = seller.mint(), new_quote()
    standin.faults.add("intents.create", fault, matching=quote_id)
    with pytest.raises((stripe.APIConnectionError, stripe.APIError)):
        seller.pay(token, quote_id=quote_id, key="k")
    assert standin.books.balance(quote_id).charges == 1
    assert seller.pay(token, quote_id=quote_id, key="k").status == "succeeded"
    assert standin.books.balance(quote_id).charges == 1


@pytest.mark.parametrize(
    "fault", [Fault.RESET_BEFORE, Fault.CLOSED_BEFORE, Fault.UNAVAILABLE_BEFORE, Fault.KEY_IN_USE]
)
def test_a_request_that_got_lost_did_nothing_and_can_be_sent_again(
    standin: StripeStandin, seller: Seller, fault: Fault
) -> None:
    token, quote_id = seller.mint(), new_quote()
    standin.faults.add("intents.create", fault)
    with pytest.raises((stripe.APIConnectionError, stripe.APIError)):
        seller.pay(token, quote_id=quote_id, key="k")
    assert standin.books.intents() == []
    assert seller.pay(token, quote_id=quote_id, key="k").status == "succeeded"


@pytest.mark.parametrize(("fault", "charges"), [(Fault.HANG_BEFORE, 0), (Fault.HANG_AFTER, 1)])
def test_a_request_that_hangs_may_or_may_not_have_charged(
    standin: StripeStandin, seller: Seller, fault: Fault, charges: int
) -> None:
    token, quote_id = seller.mint(), new_quote()
    standin.faults.add("intents.create", fault)
    form = {
        "amount": 500,
        "currency": "usd",
        "confirm": "true",
        "shared_payment_granted_token": token,
        "metadata[quote_id]": quote_id,
    }
    url, version = f"{standin.url}/v1/payment_intents", {"Stripe-Version": PREVIEW}
    with pytest.raises(httpx2.ReadTimeout):
        httpx2.post(url, data=form, auth=(KEY, ""), headers=version, timeout=SOON_SECONDS)
    assert standin.books.balance(quote_id).charges == charges


def test_an_error_of_stripes_own_is_kept_although_the_card_was_charged(
    standin: StripeStandin, seller: Seller
) -> None:
    token, quote_id = seller.mint(), new_quote()
    standin.faults.add("intents.create", Fault.BROKEN_AFTER)
    for _ in range(2):
        with pytest.raises(stripe.APIError) as caught:
            seller.pay(token, quote_id=quote_id, key="k")
        assert caught.value.http_status == 500
    query = f"metadata['quote_id']:'{quote_id}'"
    (found,) = seller.client.v1.payment_intents.search({"query": query}).data
    assert found.status == "succeeded"


def test_faults_come_when_and_to_whom_they_were_scripted(
    standin: StripeStandin, seller: Seller
) -> None:
    standin.faults.add("refunds.create", Fault.BUSY, 2, skip=1, retry_after_seconds=7)
    standin.faults.add("intents.create", Fault.DENIED, matching="quote_other")
    paid = seller.bought()
    refunds = seller.client.v1.refunds
    refunds.create({"payment_intent": paid.id, "amount": 100})
    for _ in range(2):
        with pytest.raises(stripe.RateLimitError) as caught:
            refunds.create({"payment_intent": paid.id, "amount": 100})
        assert caught.value.headers
        assert caught.value.headers["retry-after"] == "7"
    refunds.create({"payment_intent": paid.id, "amount": 100})
    with pytest.raises(stripe.AuthenticationError):
        seller.pay(seller.mint(), quote_id="quote_other")
    assert [fault for _, fault in standin.faults.happened] == [
        Fault.BUSY,
        Fault.BUSY,
        Fault.DENIED,
    ]
    with pytest.raises(ValueError, match="no call"):
        standin.faults.add("intents.nap", Fault.BUSY)
    with pytest.raises(ValueError, match="cannot happen"):
        standin.faults.add("intents.get", Fault.BROKEN_AFTER)


def test_a_malformed_answer_is_an_error_that_says_nothing_of_the_charge(
    standin: StripeStandin, seller: Seller
) -> None:
    standin.faults.add("intents.create", Fault.MALFORMED_REPLY)
    with pytest.raises(stripe.APIError):
        seller.pay(seller.mint(), quote_id="q1")
    assert standin.books.balance("q1").charges == 1


def test_the_books_keep_requests_without_tokens(standin: StripeStandin, seller: Seller) -> None:
    token = seller.mint()
    seller.pay(token, key=f"mpp_challenge_{token}")
    seller.send("get", f"/v1/shared_payment/granted_tokens/{token}")
    assert [seen.call for seen in standin.books.requests()] == [
        "tokens.create",
        "intents.create",
        "tokens.get",
    ]
    assert token not in str(standin.books.requests())
    assert token not in str(standin.books.as_json())
