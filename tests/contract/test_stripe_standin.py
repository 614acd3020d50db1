"""The stand-in of Stripe, driven by Stripe's own SDK over the wire."""

import base64
from collections.abc import Iterator
from dataclasses import replace

import httpx2
import pytest
import stripe
from mpp import Challenge, Credential
from mpp.errors import CredentialReplayedError
from mpp.methods.stripe import ChargeIntent

from runtime.stripe_standin.server import StripeStandin
from runtime.stripe_standin.settings import StandinSettings, TokenPlace
from tests.kit.stripe_standin import (
    KEY,
    NETWORK,
    PREVIEW,
    SETTINGS,
    TOKENS,
    Json,
    Seller,
    asynchronous,
    new_quote,
    options,
    order,
    refused,
)

ENDIVE = "2026-10-28.endive"


@pytest.fixture(scope="module")
def standin() -> Iterator[StripeStandin]:
    with StripeStandin(SETTINGS) as running:
        yield running


def test_a_token_pays_once_and_the_payment_is_found_by_id_search_and_list(seller: Seller) -> None:
    quote_id = new_quote()
    paid = seller.pay(seller.mint(), quote_id=quote_id, changes={"description": "One film"})
    assert (paid.status, paid.amount_received, paid.currency) == ("succeeded", 500, "usd")
    payments = seller.client.v1.payment_intents
    assert payments.retrieve(paid.id).description == "One film"
    found = payments.search({"query": f"metadata['quote_id']:'{quote_id}' AND amount>499"})
    assert [one.id for one in found.data] == [paid.id]
    listed = payments.list({"created": {"gte": paid.created}, "limit": 100})
    assert paid.id in [one.id for one in listed.data]


@pytest.mark.filterwarnings("ignore:Use 'content=")  # the SDK's own way with httpx
async def test_the_asynchronous_client_pays_refunds_and_reads_alike(seller: Seller) -> None:
    async with asynchronous(seller.url) as client:
        paid = await client.v1.payment_intents.create_async(order(seller.mint()), options())
        refund = await client.v1.refunds.create_async({"payment_intent": paid.id})
        again = await client.v1.refunds.retrieve_async(refund.id)
    assert (paid.status, again.status, again.amount) == ("succeeded", "succeeded", 500)


@pytest.mark.parametrize(
    ("method", "code", "decline_code"),
    [
        ("pm_card_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_visa_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card"),
    ],
)
def test_a_declined_card_is_a_card_error_that_carries_the_payment(
    seller: Seller, method: str, code: str, decline_code: str
) -> None:
    token = seller.mint(method)
    with pytest.raises(stripe.CardError) as caught:
        seller.pay(token)
    error = caught.value
    assert (error.http_status, error.code) == (402, code)
    assert error.error
    assert error.error.decline_code == decline_code
    payment = error.error.payment_intent
    assert payment
    assert payment.status == "requires_payment_method"
    kept = seller.client.v1.payment_intents.retrieve(payment.id)
    assert kept.last_payment_error
    assert kept.last_payment_error.code == code
    shown = seller.send("get", f"/v1/shared_payment/granted_tokens/{token}")
    assert shown["deactivated_reason"] is None


def test_a_card_that_asks_for_authentication_is_not_charged_and_can_be_canceled(
    standin: StripeStandin, seller: Seller
) -> None:
    quote_id = new_quote()
    payment = seller.pay(seller.mint("pm_card_authenticationRequired"), quote_id=quote_id)
    assert payment.status == "requires_action"
    canceled = seller.client.v1.payment_intents.cancel(
        payment.id, {"cancellation_reason": "abandoned"}
    )
    assert (canceled.status, canceled.cancellation_reason) == ("canceled", "abandoned")
    assert standin.books.balance(quote_id).charges == 0
    with pytest.raises(stripe.InvalidRequestError) as caught:
        seller.client.v1.payment_intents.cancel(payment.id)
    assert refused(caught.value) == (400, "payment_intent_unexpected_state")


def test_a_seller_may_have_a_card_declined_that_asks_for_authentication(
    standin: StripeStandin, seller: Seller
) -> None:
    quote_id, token = new_quote(), seller.mint("pm_card_authenticationRequired")
    with pytest.raises(stripe.CardError) as caught:
        seller.pay(token, quote_id=quote_id, changes={"error_on_requires_action": True})
    assert refused(caught.value) == (402, "authentication_required")
    assert standin.books.balance(quote_id).charges == 0


def test_a_debit_is_processing_until_it_clears_or_bounces(
    standin: StripeStandin, seller: Seller
) -> None:
    clears = seller.bought("pm_usBankAccount_success")
    bounces = seller.bought("pm_usBankAccount_accountClosed")
    assert {clears.status, bounces.status} == {"processing"}
    standin.let_turns_happen()
    payments = seller.client.v1.payment_intents
    assert payments.retrieve(clears.id).status == "succeeded"
    assert payments.retrieve(bounces.id).status == "requires_payment_method"


@pytest.mark.parametrize(
    ("changes", "code", "param"),
    [
        ({"amount": 49}, "amount_too_small", "amount"),
        ({"amount": 100_000_000}, "amount_too_large", "amount"),
        ({"amount": "ten"}, "parameter_invalid_integer", "amount"),
        ({"amount": None}, "parameter_missing", "amount"),
        ({"currency": None}, "parameter_missing", "currency"),
        ({"capture_methd": "manual"}, "parameter_unknown", "capture_methd"),
        ({"metadata": {"k" * 41: "v"}}, None, "metadata"),
        ({"metadata": {"k": "v" * 501}}, None, "metadata"),
    ],
)
def test_what_stripe_does_not_take_is_refused_and_no_payment_is_made(
    standin: StripeStandin, seller: Seller, changes: Json, code: str | None, param: str
) -> None:
    before = len(standin.books.intents())
    with pytest.raises(stripe.InvalidRequestError) as caught:
        seller.pay(seller.mint(), changes=changes)
    assert (*refused(caught.value), caught.value.param) == (400, code, param)
    assert len(standin.books.intents()) == before


def test_payment_method_types_are_refused_since_the_version_that_removed_them(
    seller: Seller,
) -> None:
    old: Json = {"payment_method_types": ["card"], "automatic_payment_methods": None}
    assert seller.pay(seller.mint(), changes=old).status == "succeeded"
    for version in (ENDIVE, "2026-09-30.endive", "2026-08-26.preview"):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            seller.client.v1.payment_intents.create(
                {"amount": 500, "currency": "usd", **old},  # type: ignore[typeddict-item]  # the removed one
                options(version=version),
            )
        assert refused(caught.value) == (400, "payment_method_types_no_longer_supported")


def test_tokens_exist_in_preview_versions_only(seller: Seller) -> None:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        seller.send("post", TOKENS, ENDIVE, payment_method="pm_card_visa")
    assert refused(caught.value) == (404, None)
    with pytest.raises(stripe.InvalidRequestError) as caught:
        seller.client.v1.payment_intents.create(order(seller.mint()), options(version=ENDIVE))
    assert refused(caught.value) == (400, "parameter_unknown")


@pytest.mark.parametrize("place", ["shared_payment_granted_token", "payment_method_data"])
def test_the_token_may_be_named_in_either_published_place_but_not_in_both(
    seller: Seller, place: str
) -> None:
    token = seller.mint()
    elsewhere: Json = {"payment_method_data": {"shared_payment_granted_token": token}}
    with pytest.raises(stripe.InvalidRequestError):
        seller.pay(token, changes=elsewhere)
    only: Json = {} if place != "payment_method_data" else elsewhere
    named = token if place != "payment_method_data" else ""
    assert seller.pay(named, changes=only).status == "succeeded"


@pytest.mark.parametrize("place", ["top_level", "payment_method_data"])
def test_a_stand_in_may_know_one_place_of_the_token_only(place: str) -> None:
    settings = replace(SETTINGS, token_place=TokenPlace(place))
    with StripeStandin(settings) as running, Seller(running.url) as seller:
        token = seller.mint()
        in_data: Json = {"payment_method_data": {"shared_payment_granted_token": token}}
        fits, other = ((token, {}), ("", in_data))[:: 1 if place == "top_level" else -1]
        with pytest.raises(stripe.InvalidRequestError) as caught:
            seller.pay(other[0], changes=other[1])
        assert refused(caught.value) == (400, "parameter_unknown")
        assert seller.pay(fits[0], changes=fits[1]).status == "succeeded"


def test_refunds_give_back_what_was_charged_and_never_more(
    standin: StripeStandin, seller: Seller
) -> None:
    quote_id = new_quote()
    paid = seller.pay(seller.mint(), quote_id=quote_id)
    refunds = seller.client.v1.refunds
    part = refunds.create(
        {"payment_intent": paid.id, "amount": 200, "reason": "requested_by_customer"}
    )
    with pytest.raises(stripe.InvalidRequestError) as caught:
        refunds.create({"payment_intent": paid.id, "amount": 301})
    assert (*refused(caught.value), caught.value.param) == (400, None, "amount")
    assert "greater than unrefunded amount" in str(caught.value)
    rest = refunds.create({"payment_intent": paid.id, "metadata": {"quote_id": quote_id}})
    assert (part.amount, rest.amount) == (200, 300)
    with pytest.raises(stripe.InvalidRequestError) as caught:
        refunds.create({"payment_intent": paid.id})
    assert refused(caught.value) == (400, "charge_already_refunded")
    assert standin.books.balance(quote_id).refunded == 500
    listed = refunds.list({"payment_intent": paid.id})
    assert [one.id for one in listed.data] == [rest.id, part.id]


def test_a_refund_may_fail_after_it_succeeded_and_the_money_can_be_refunded_again(
    standin: StripeStandin, seller: Seller
) -> None:
    paid = seller.bought("pm_card_refundFail")
    refund = seller.client.v1.refunds.create({"payment_intent": paid.id})
    assert refund.status == "succeeded"
    standin.let_turns_happen()
    failed = seller.client.v1.refunds.retrieve(refund.id)
    assert (failed.status, failed.failure_reason) == ("failed", "expired_or_canceled_card")
    assert seller.client.v1.refunds.create({"payment_intent": paid.id}).amount == 500


def test_a_refund_may_be_pending_before_it_succeeds(standin: StripeStandin, seller: Seller) -> None:
    paid = seller.bought("pm_card_pendingRefund")
    refund = seller.client.v1.refunds.create({"payment_intent": paid.id})
    assert refund.status == "pending"
    standin.let_turns_happen()
    assert seller.client.v1.refunds.retrieve(refund.id).status == "succeeded"


def test_a_disputed_charge_is_not_refunded(standin: StripeStandin, seller: Seller) -> None:
    paid = seller.bought()
    standin.dispute(paid.id)
    with pytest.raises(stripe.InvalidRequestError) as caught:
        seller.client.v1.refunds.create({"payment_intent": paid.id})
    assert refused(caught.value) == (400, "charge_disputed")


def test_what_was_not_charged_cannot_be_refunded(seller: Seller) -> None:
    payment = seller.bought("pm_card_authenticationRequired")
    for params in ({"payment_intent": payment.id}, {"payment_intent": "pi_none"}, {}):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            seller.send("post", "/v1/refunds", **params)
        assert caught.value.http_status == 400


def test_what_does_not_exist_is_404_with_stripes_code(seller: Seller) -> None:
    for path in (
        "/v1/payment_intents/pi_none",
        "/v1/refunds/re_none",
        "/v1/charges/ch_none",
        "/v1/events/evt_none",
        "/v1/shared_payment/granted_tokens/spt_none",
    ):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            seller.send("get", path)
        assert refused(caught.value) == (404, "resource_missing")
    with pytest.raises(stripe.InvalidRequestError) as caught:
        seller.send("get", "/v1/customers")
    assert refused(caught.value) == (404, None)


def test_pages_of_payments_follow_each_other_newest_first() -> None:
    with StripeStandin(SETTINGS) as running, Seller(running.url) as seller:
        made = [seller.bought().id for _ in range(5)]
        pages = seller.client.v1.payment_intents.list({"limit": 2})
        assert [one.id for one in pages.auto_paging_iter()] == made[::-1]
        with pytest.raises(stripe.InvalidRequestError):
            seller.client.v1.payment_intents.list({"limit": 101})
        found = seller.client.v1.payment_intents.search({"query": "currency:'usd'", "limit": 2})
        assert [one.id for one in found.auto_paging_iter()] == made[::-1]


@pytest.mark.parametrize(
    "query", ["metadata:'x'", "made_up:'x'", "amount:'x'", "status:'a' OR status:'b'", "nonsense"]
)
def test_a_search_that_makes_no_sense_is_refused(seller: Seller, query: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        seller.client.v1.payment_intents.search({"query": query})
    assert caught.value.param == "query"


def test_a_search_takes_quotes_of_both_kinds_and_what_they_escape(seller: Seller) -> None:
    name = new_quote()
    paid = seller.pay(seller.mint(), changes={"metadata": {"film": f"{name}'s \\ one"}})
    search = seller.client.v1.payment_intents.search
    for query in (rf"metadata['film']:'{name}\'s \\ one'", rf'metadata["film"]:"{name}\'s \\ one"'):
        assert [one.id for one in search({"query": query}).data] == [paid.id]


def test_search_may_find_a_payment_later_only() -> None:
    now = [1_800_000_000.0]
    delayed = replace(SETTINGS, search_delay_seconds=60.0)
    with StripeStandin(delayed, now=lambda: now[0]) as running, Seller(running.url) as seller:
        token = seller.mint(expires_at=int(now[0]) + 600)
        paid = seller.pay(token, quote_id="q1")
        query = "metadata['quote_id']:'q1'"
        assert seller.client.v1.payment_intents.search({"query": query}).data == []
        assert seller.client.v1.payment_intents.list().data[0].id == paid.id
        now[0] += 60
        assert len(seller.client.v1.payment_intents.search({"query": query}).data) == 1


@pytest.mark.filterwarnings("ignore:Use 'content=")  # the SDK's own way with httpx
async def test_the_ready_made_seller_of_the_mpp_library_is_paid_and_sees_a_replay(
    seller: Seller,
) -> None:
    challenge = Challenge.create(
        secret_key="x" * 32,
        realm="films",
        method="stripe",
        intent="charge",
        request={
            "amount": "500",
            "currency": "usd",
            "methodDetails": {"networkId": NETWORK, "paymentMethodTypes": ["card"]},
        },
    )
    credential = Credential(challenge=challenge.to_echo(), payload={"spt": seller.mint()})
    async with asynchronous(seller.url) as client:
        charging = ChargeIntent(client=client)
        receipt = await charging.verify(credential, challenge.request)
        paid = seller.client.v1.payment_intents.retrieve(receipt.reference)
        assert (paid.status, paid.amount_received) == ("succeeded", 500)
        with pytest.raises(CredentialReplayedError):
            await charging.verify(credential, challenge.request)


def test_the_sellers_profile_is_what_a_challenge_names(seller: Seller) -> None:
    profile = seller.send("get", "/v2/network/business_profiles/me")
    assert (profile["id"], profile["livemode"]) == (NETWORK, False)


def test_both_schemes_of_the_secret_key_are_taken(seller: Seller) -> None:
    basic = base64.b64encode(f"{KEY}:".encode()).decode()
    for authorization in (f"Basic {basic}", f"Bearer {KEY}"):
        answer = httpx2.get(f"{seller.url}/v1/refunds", headers={"Authorization": authorization})
        assert answer.status_code == 200
        assert answer.headers["request-id"].startswith("req_")
        assert answer.headers["stripe-version"] == PREVIEW


@pytest.mark.parametrize("key", ["sk_test_other", "sk_live_contract", "pk_test_contract"])
def test_another_key_is_refused_and_not_said_again(seller: Seller, key: str) -> None:
    with Seller(seller.url, key) as other, pytest.raises(stripe.AuthenticationError) as caught:
        other.client.v1.refunds.list()
    assert caught.value.http_status == 401
    assert key not in str(caught.value.http_body)


def test_a_stand_in_without_a_key_of_its_own_takes_every_test_key_and_no_other() -> None:
    with StripeStandin() as running:
        with Seller(running.url, "sk_test_any") as anyone:
            assert anyone.client.v1.refunds.list().data == []
        for key in ("sk_live_any", "anything"):
            with Seller(running.url, key) as other, pytest.raises(stripe.AuthenticationError):
                other.client.v1.refunds.list()


def test_a_request_without_a_key_is_refused(seller: Seller) -> None:
    for headers in ({}, {"Authorization": "Basic %%%"}, {"Authorization": "Payment abc"}):
        assert httpx2.get(f"{seller.url}/v1/refunds", headers=headers).status_code == 401


def test_the_stand_in_never_starts_with_a_live_key() -> None:
    with pytest.raises(ValueError, match="test keys only"):
        StripeStandin(StandinSettings(secret_key="sk_live_x"))


def test_what_is_no_form_or_too_large_is_refused(seller: Seller) -> None:
    url, auth = f"{seller.url}/v1/refunds", (KEY, "")
    assert httpx2.post(url, json={"charge": "ch"}, auth=auth).status_code == 400
    assert httpx2.post(url, data={"charge": "c" * 300_000}, auth=auth).status_code == 400
    assert httpx2.post(url, data={f"a{n}": "b" for n in range(1001)}, auth=auth).status_code == 400
    assert httpx2.post(url, data={"a[b": "c"}, auth=auth).status_code == 400
    odd = {"Stripe-Version": "newest"}
    assert httpx2.get(url, auth=auth, headers=odd).status_code == 400
