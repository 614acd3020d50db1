"""Checkout at the stand-in: sessions by Stripe's SDK, the hosted page as a browser sends it."""

from collections.abc import Iterator
from typing import cast

import httpx2
import pytest
import stripe
from stripe.checkout import Session
from stripe.params.checkout import SessionCreateParams

from runtime.stripe_standin.server import StripeStandin
from runtime.stripe_standin.sessions import LIFETIME_SECONDS_MAX, LIFETIME_SECONDS_MIN
from tests.kit.stripe_shapes import differences, mistakes, running_stripe_mock
from tests.kit.stripe_standin import STANDIN_NOW, Json, Seller, StandinClock, options, refused

GA = "2026-10-28.endive"
SHOP = "https://shop.example/wallet"
BANK = "pm_usBankAccount_success"
CLOSED_BANK = "pm_usBankAccount_accountClosed"
DECLINED = "4000 0000 0000 0002"
ORDER: Json = {
    "mode": "payment",
    "line_items": [
        {
            "price_data": {
                "currency": "usd",
                "unit_amount": 2000,
                "product_data": {"name": "2,000 <credits>"},
            },
            "quantity": 1,
        }
    ],
    "client_reference_id": "top_1",
    "metadata": {"top_up_id": "top_1"},
    "payment_intent_data": {"metadata": {"top_up_id": "top_1"}},
    "success_url": f"{SHOP}?session_id={{CHECKOUT_SESSION_ID}}",
    "cancel_url": f"{SHOP}?back=1",
    "expires_at": STANDIN_NOW + 3600,
    "adaptive_pricing": {"enabled": False},
}


@pytest.fixture(scope="module")
def mock() -> Iterator[Seller]:
    with running_stripe_mock() as url, Seller(url) as theirs:
        yield theirs


def _order(**changes: object) -> SessionCreateParams:
    kept = {name: value for name, value in {**ORDER, **changes}.items() if value is not None}
    return cast("SessionCreateParams", kept)


def _open(seller: Seller, key: str | None = None, **changes: object) -> Session:
    return seller.client.v1.checkout.sessions.create(_order(**changes), options(key, GA))


def _shown(seller: Seller, session: Session) -> Session:
    return seller.client.v1.checkout.sessions.retrieve(
        session.id, {"expand": ["payment_intent"]}, options(None, GA)
    )


def _at_page(session: Session, **form: str) -> httpx2.Response:
    assert session.url
    return httpx2.post(session.url, data=form, follow_redirects=False)


def _types(standin: StripeStandin) -> list[str]:
    return [event.type for event in standin.books.events()]


def test_a_paid_session_and_its_events_have_the_fields_and_types_of_the_sdks_class(
    standin: StripeStandin, seller: Seller
) -> None:
    session = _open(seller)
    assert mistakes(seller.send("get", f"/v1/checkout/sessions/{session.id}", GA), Session) == []
    _at_page(session, card_number="4242 4242 4242 4242")
    path = f"/v1/checkout/sessions/{session.id}"
    assert mistakes(seller.send("get", path, GA), Session) == []
    assert mistakes(seller.send("get", path, GA, expand=["payment_intent"]), Session) == []
    for event in standin.books.events("checkout.session.completed"):
        assert mistakes(event.subject, Session) == []


def test_a_session_has_every_field_of_stripes_mock_with_its_type(
    seller: Seller, mock: Seller
) -> None:
    session = _open(seller)
    asked: list[tuple[str, str, Json]] = [
        ("post", "/v1/checkout/sessions", ORDER),
        ("get", f"/v1/checkout/sessions/{session.id}", {}),
        ("get", "/v1/checkout/sessions", {"limit": 1}),
        ("post", f"/v1/checkout/sessions/{session.id}/expire", {}),
    ]
    for method, path, params in asked:
        ours = seller.send(method, path, GA, **params)
        assert differences(ours, mock.send(method, path, GA, **params)) == [], path


def test_what_is_sent_is_what_the_sdks_parameters_and_stripes_mock_know(
    seller: Seller, mock: Seller
) -> None:
    """The mock checks parameters against Stripe's OpenAPI document."""
    assert set(ORDER) <= set(SessionCreateParams.__annotations__)
    assert mock.send("post", "/v1/checkout/sessions", GA, **ORDER)["object"] == "checkout.session"
    with pytest.raises(stripe.InvalidRequestError):
        seller.send("post", "/v1/checkout/sessions", GA, **ORDER, made_up="1")
    with pytest.raises(stripe.InvalidRequestError):
        mock.send("post", "/v1/checkout/sessions", GA, **ORDER, made_up="1")


def test_disputes_look_as_stripes_mock_has_them(
    standin: StripeStandin, seller: Seller, mock: Seller
) -> None:
    paid = seller.bought()
    standin.dispute(paid.id)
    [dispute] = seller.client.v1.disputes.list({"payment_intent": paid.id}).data
    asked: list[tuple[str, str, Json]] = [
        ("get", f"/v1/disputes/{dispute.id}", {}),
        ("post", f"/v1/disputes/{dispute.id}/close", {}),
    ]
    for method, path, params in asked:
        ours = seller.send(method, path, GA, **params)
        assert mistakes(ours, stripe.Dispute) == []
        assert differences(ours, mock.send(method, path, GA, **params)) == [], path


def test_the_same_key_is_the_same_session_and_another_order_under_it_is_refused(
    seller: Seller,
) -> None:
    first, again = (_open(seller, "key") for _ in range(2))
    assert (first.id, first.url) == (again.id, again.url)
    with pytest.raises(stripe.IdempotencyError):
        _open(seller, "key", client_reference_id="top_2")


def test_paying_at_the_page_leads_back_and_is_told(standin: StripeStandin, seller: Seller) -> None:
    session = _open(seller)
    assert session.url
    page = httpx2.get(session.url)
    assert "2,000 &lt;credits&gt;" in page.text
    assert "20.00 USD" in page.text
    answer = _at_page(session, payment_method="card", card_number="4242424242424242")
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        f"{SHOP}?session_id={session.id}",
    )
    paid = _shown(seller, session)
    assert (paid.status, paid.payment_status, paid.url) == ("complete", "paid", None)
    assert isinstance(paid.payment_intent, stripe.PaymentIntent)
    assert paid.payment_intent.amount_received == 2000
    assert paid.payment_intent.metadata["top_up_id"] == "top_1"
    assert _types(standin) == [
        "payment_intent.created",
        "payment_intent.succeeded",
        "checkout.session.completed",
    ]
    assert standin.books.balance("top_1", key="top_up_id").charged == 2000
    [found] = seller.client.v1.checkout.sessions.list(
        {"payment_intent": paid.payment_intent.id}
    ).data
    assert found.id == session.id


def test_a_page_that_is_sent_twice_charges_once(standin: StripeStandin, seller: Seller) -> None:
    session = _open(seller)
    answers = [_at_page(session, card_number="4242424242424242") for _ in range(2)]
    assert {answer.status_code for answer in answers} == {303}
    assert standin.books.balance("top_1", key="top_up_id").charges == 1


def test_a_declined_card_leaves_the_session_open_for_another(
    standin: StripeStandin, seller: Seller
) -> None:
    session = _open(seller)
    refusal = _at_page(session, card_number=DECLINED)
    assert refusal.status_code == 402
    assert "Your card was declined." in refusal.text
    assert _shown(seller, session).status == "open"
    assert _at_page(session, card_number="123").status_code == 402
    assert _at_page(session, payment_method="pm_link").status_code == 303
    [intent] = standin.books.intents()
    assert intent.status.value == "succeeded"
    assert standin.books.balance("top_1", key="top_up_id").charges == 1


def test_who_has_to_confirm_does_so_at_the_page(seller: Seller) -> None:
    session = _open(seller)
    assert _at_page(session, card_number="4000002760003184").status_code == 303
    assert _shown(seller, session).payment_status == "paid"


@pytest.mark.parametrize(
    ("method", "status", "outcome"),
    [(BANK, "paid", "succeeded"), (CLOSED_BANK, "unpaid", "failed")],
)
def test_a_delayed_payment_is_told_when_it_has_arrived_or_come_back(
    standin: StripeStandin, seller: Seller, method: str, status: str, outcome: str
) -> None:
    session = _open(seller)
    assert _at_page(session, payment_method=method).status_code == 303
    waiting = _shown(seller, session)
    assert (waiting.status, waiting.payment_status) == ("complete", "unpaid")
    standin.let_turns_happen()
    assert _shown(seller, session).payment_status == status
    assert _types(standin)[-1] == f"checkout.session.async_payment_{outcome}"


def test_a_session_ends_at_its_time_and_cannot_be_paid_then(
    standin: StripeStandin, seller: Seller, clock: StandinClock
) -> None:
    session = _open(seller)
    standin.let_turns_happen()
    assert _shown(seller, session).status == "open"
    clock.seconds += 3600
    standin.let_turns_happen()
    assert _shown(seller, session).status == "expired"
    assert _types(standin) == ["checkout.session.expired"]
    assert _at_page(session, card_number="4242424242424242").status_code == 410
    assert standin.books.charges() == []


def test_only_an_open_session_can_be_expired(seller: Seller) -> None:
    session = _open(seller)
    assert seller.client.v1.checkout.sessions.expire(session.id).status == "expired"
    with pytest.raises(stripe.InvalidRequestError, match="can be expired"):
        seller.client.v1.checkout.sessions.expire(session.id)


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"mode": None}, "mode"),
        ({"mode": "subscription"}, "mode"),
        ({"line_items": None}, "line_items"),
        ({"success_url": None}, "success_url"),
        ({"success_url": "/wallet"}, "success_url"),
        ({"cancel_url": "javascript:alert(1)"}, "cancel_url"),
        ({"expires_at": STANDIN_NOW + LIFETIME_SECONDS_MIN - 1}, "expires_at"),
        ({"expires_at": STANDIN_NOW + LIFETIME_SECONDS_MAX + 1}, "expires_at"),
        ({"client_reference_id": "x" * 201}, "client_reference_id"),
        ({"line_items": [{"price": "price_1", "quantity": 1}]}, "line_items[0][price]"),
    ],
)
def test_what_stripe_refuses_is_refused(seller: Seller, changes: Json, param: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        seller.client.v1.checkout.sessions.create(_order(**changes))
    assert refused(caught.value)[0] == 400
    assert caught.value.param == param


def test_an_unknown_session_is_404_for_the_seller_and_at_the_page(
    standin: StripeStandin, seller: Seller
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        seller.client.v1.checkout.sessions.retrieve("cs_test_none")
    assert refused(caught.value) == (404, "resource_missing")
    assert httpx2.get(f"{standin.url}/c/pay/cs_test_none").status_code == 404
    assert httpx2.post(f"{standin.url}/c/pay/cs_test_none").status_code == 404


@pytest.mark.parametrize(
    ("evidence", "status"), [("winning_evidence", "won"), ("losing_evidence", "lost")]
)
def test_evidence_decides_a_dispute_once_and_a_won_payment_can_be_refunded(
    standin: StripeStandin, seller: Seller, evidence: str, status: str
) -> None:
    paid = seller.bought()
    standin.dispute(paid.id)
    [dispute] = seller.client.v1.disputes.list({"payment_intent": paid.id}).data
    closed = seller.client.v1.disputes.update(
        dispute.id, {"evidence": {"uncategorized_text": evidence}, "submit": True}
    )
    assert closed.status == status
    assert _types(standin)[-1] == "charge.dispute.closed"
    with pytest.raises(stripe.InvalidRequestError):
        seller.client.v1.disputes.close(dispute.id)
    if status == "won":
        assert seller.client.v1.refunds.create({"payment_intent": paid.id}).status == "succeeded"
    else:
        with pytest.raises(stripe.InvalidRequestError, match="charged back"):
            seller.client.v1.refunds.create({"payment_intent": paid.id})
