"""Limits of shared payment tokens at the stand-in of Stripe."""

from dataclasses import replace

import httpx2
import pytest
import stripe

from runtime.stripe_standin.server import StripeStandin
from tests.kit.stripe_standin import (
    KEY,
    PREVIEW,
    SETTINGS,
    STANDIN_NOW,
    TOKENS,
    Json,
    Seller,
    StandinClock,
    new_quote,
    refused,
)


def _shown(seller: Seller, token: str) -> Json:
    return seller.send("get", f"/v1/shared_payment/granted_tokens/{token}")


def _refusal(
    seller: Seller, token: str, amount: int = 500, currency: str = "usd"
) -> tuple[int | None, str | None]:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        seller.pay(token, amount, changes={"currency": currency})
    assert token not in str(caught.value.http_body)
    return refused(caught.value)


def test_a_token_is_good_until_its_time_is_over(seller: Seller, clock: StandinClock) -> None:
    token = seller.mint(expires_at=STANDIN_NOW + 60)
    late = seller.mint(expires_at=STANDIN_NOW + 60)
    clock.seconds = STANDIN_NOW + 59.9
    assert seller.pay(token).status == "succeeded"
    clock.seconds = STANDIN_NOW + 60
    assert _refusal(seller, late) == (400, "shared_payment_token_expired")
    shown = _shown(seller, late)
    assert (shown["deactivated_reason"], shown["deactivated_at"]) == ("expired", STANDIN_NOW + 60)


def test_a_token_pays_no_more_than_its_limit_in_all(seller: Seller) -> None:
    token = seller.mint(max_amount=500)
    assert _refusal(seller, token, amount=501) == (400, "shared_payment_token_limit_exceeded")
    seller.pay(token, amount=300)
    assert _refusal(seller, token, amount=300) == (400, "shared_payment_token_limit_exceeded")
    seller.pay(token, amount=200)
    assert _refusal(seller, token, amount=50) == (400, "shared_payment_token_consumed")
    shown = _shown(seller, token)
    assert shown["deactivated_reason"] == "consumed"
    assert shown["usage_details"] == {"amount_captured": {"currency": "usd", "value": 500}}


@pytest.mark.parametrize("prefix", ["/v1/test_helpers", "/v1"])
def test_a_revoked_token_pays_nothing(seller: Seller, prefix: str) -> None:
    token = seller.mint()
    seller.send("post", f"{prefix}/shared_payment/granted_tokens/{token}/revoke")
    assert _refusal(seller, token) == (400, "shared_payment_token_revoked")
    assert _shown(seller, token)["deactivated_reason"] == "revoked"


def test_a_token_pays_in_its_currency_whatever_its_case(seller: Seller) -> None:
    token = seller.mint(currency="USD")
    assert _refusal(seller, token, currency="eur") == (
        400,
        "shared_payment_token_currency_mismatch",
    )
    assert seller.pay(token, changes={"currency": "Usd"}).currency == "usd"


def test_a_token_of_another_seller_does_not_exist_here(seller: Seller) -> None:
    assert _refusal(seller, seller.mint(network_id="profile_test_other")) == (
        400,
        "resource_missing",
    )
    assert _refusal(seller, "spt_never_minted") == (400, "resource_missing")
    assert seller.pay(seller.mint(network_id=None)).status == "succeeded"


def test_a_seller_without_a_network_id_takes_every_token(clock: StandinClock) -> None:
    settings = replace(SETTINGS, network_id=None)
    with StripeStandin(settings, now=clock) as running, Seller(running.url) as seller:
        assert seller.pay(seller.mint(network_id="profile_test_other")).status == "succeeded"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"payment_method": "pm_card_none"}, "resource_missing"),
        ({"payment_method": ""}, "parameter_missing"),
        ({"usage_limits": {"currency": "usd"}}, "parameter_missing"),
        ({"usage_limits": {"max_amount": 500}}, "parameter_missing"),
        ({"usage_limits": {"currency": "dollars", "max_amount": 500}}, None),
        ({"usage_limits": {"currency": "usd", "max_amount": 0}}, None),
        ({"usage_limits": {"currency": "usd", "max_amount": 500, "expires_at": STANDIN_NOW}}, None),
        ({"color": "blue"}, "parameter_unknown"),
    ],
)
def test_a_token_without_sense_is_not_minted(
    seller: Seller, changes: Json, code: str | None
) -> None:
    params: Json = {
        "payment_method": "pm_card_visa",
        "usage_limits": {"currency": "usd", "max_amount": 500},
        **changes,
    }
    with pytest.raises(stripe.InvalidRequestError) as caught:
        seller.send("post", TOKENS, PREVIEW, **params)
    assert refused(caught.value) == (400, code)


def test_a_token_is_minted_with_the_request_that_the_mppx_client_sends(
    standin: StripeStandin, seller: Seller
) -> None:
    """Basic, form-encoded, bracket notation, amounts as text: mppx 0.11.0."""
    form = {
        "payment_method": "pm_card_visa",
        "usage_limits[currency]": "usd",
        "usage_limits[max_amount]": "500",
        "usage_limits[expires_at]": str(STANDIN_NOW + 600),
        "seller_details[network_id]": SETTINGS.network_id or "",
        "metadata[order]": "7",
    }
    answer = httpx2.post(
        standin.url + TOKENS, data=form, auth=(KEY, ""), headers={"Stripe-Version": PREVIEW}
    )
    token = answer.json()
    assert token["shared_metadata"] == {"order": "7"}
    quote_id = new_quote()
    assert seller.pay(token["id"], quote_id=quote_id).status == "succeeded"
    assert standin.books.balance(quote_id).charged == 500
