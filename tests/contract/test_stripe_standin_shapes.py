"""Every object of the stand-in against what Stripe publishes: the SDK's classes, Stripe's mock."""

import json
from collections.abc import Iterator

import pytest
import stripe

from runtime.stripe_standin.server import StripeStandin
from tests.kit.stripe_shapes import differences, mistakes, running_stripe_mock
from tests.kit.stripe_standin import PREVIEW, SETTINGS, Json, Seller

AUTHENTICATES = "pm_card_authenticationRequired"
GA = "2026-10-28.endive"
CARD_REFUND_TYPE = "typing.Union[typing.Literal['pending', 'refund', 'reversal'], str]"
ABSENT = {".refunds: missing", ".total_count: missing"}
"""What Stripe shows only to who asks for it to be expanded, and its mock always."""


@pytest.fixture(scope="module")
def standin() -> Iterator[StripeStandin]:
    with StripeStandin(SETTINGS) as running:
        yield running


@pytest.fixture(scope="module")
def mock() -> Iterator[Seller]:
    with running_stripe_mock() as url, Seller(url) as theirs:
        yield theirs


@pytest.fixture(scope="module")
def preview_mock() -> Iterator[Seller]:
    with running_stripe_mock("-beta") as url, Seller(url) as theirs:
        yield theirs


def test_the_comparison_with_the_sdks_classes_sees_every_kind_of_departure() -> None:
    document: Json = {"object": "refund", "id": 5, "created": True, "made_up": 1, "amount": 1}
    details: Json = {"type": "card", "card": {"type": "boredom", "reference": "r"}}
    found = mistakes({**document, "destination_details": details}, stripe.Refund)
    assert sorted(found) == [
        ".created: True is not <class 'int'>",
        ".currency: missing",
        f".destination_details.card.type: 'boredom' is not {CARD_REFUND_TYPE}",
        ".id: 5 is not <class 'str'>",
        ".made_up: unknown",
    ]


@pytest.mark.parametrize(
    "method",
    ["pm_card_visa", "pm_link", "pm_card_refundFail", "pm_usBankAccount_success", AUTHENTICATES],
)
def test_a_payment_has_the_fields_and_types_of_the_sdks_class(seller: Seller, method: str) -> None:
    paid = seller.bought(method)
    shown = seller.send("get", f"/v1/payment_intents/{paid.id}", GA, expand=["latest_charge"])
    assert mistakes(shown, stripe.PaymentIntent) == []


def test_a_declined_payment_and_its_error_have_the_sdks_fields(seller: Seller) -> None:
    with pytest.raises(stripe.CardError) as caught:
        seller.bought("pm_card_chargeDeclined")
    body = caught.value.json_body
    assert isinstance(body, dict)
    error = body["error"]
    assert mistakes(error["payment_intent"], stripe.PaymentIntent) == []
    assert mistakes(error["payment_method"], stripe.PaymentMethod) == []
    assert mistakes(error, stripe.PaymentIntent.LastPaymentError) == []
    charge = seller.send("get", f"/v1/charges/{error['charge']}", GA)
    assert mistakes(charge, stripe.Charge) == []


@pytest.mark.parametrize("method", ["pm_card_visa", "pm_card_pendingRefund", "pm_card_refundFail"])
def test_a_refund_has_the_fields_and_types_of_the_sdks_class(
    standin: StripeStandin, seller: Seller, method: str
) -> None:
    paid = seller.bought(method)
    made = seller.send("post", "/v1/refunds", GA, payment_intent=paid.id, amount=100)
    standin.let_turns_happen()
    shown = seller.send("get", f"/v1/refunds/{made['id']}", GA)
    assert [mistakes(made, stripe.Refund), mistakes(shown, stripe.Refund)] == [[], []]
    assert (
        mistakes(seller.send("get", f"/v1/charges/{paid.latest_charge}", GA), stripe.Charge) == []
    )


def test_every_event_and_what_it_is_about_have_the_sdks_fields(
    standin: StripeStandin, seller: Seller
) -> None:
    seller.client.v1.payment_intents.cancel(seller.bought(AUTHENTICATES).id)
    seller.client.v1.refunds.create({"payment_intent": seller.bought("pm_card_refundFail").id})
    seller.bought("pm_card_createDispute")
    seller.bought("pm_usBankAccount_accountClosed")
    standin.let_turns_happen()
    listed = seller.send("get", "/v1/events", GA, limit=100)["data"]
    assert isinstance(listed, list)
    classes: dict[str, type[stripe.StripeObject]] = {
        "payment_intent": stripe.PaymentIntent,
        "charge": stripe.Charge,
        "refund": stripe.Refund,
        "dispute": stripe.Dispute,
    }
    for event in listed:
        subject = event["data"]["object"]
        assert mistakes(event, stripe.Event) == []
        assert mistakes(subject, classes[subject["object"]], event["type"]) == []
    assert {event["type"] for event in listed} >= {
        "charge.dispute.created",
        "charge.refunded",
        "payment_intent.canceled",
        "payment_intent.created",
        "payment_intent.payment_failed",
        "payment_intent.processing",
        "payment_intent.requires_action",
        "payment_intent.succeeded",
        "refund.created",
        "refund.failed",
        "refund.updated",
    }


def test_lists_and_searches_look_as_stripes_mock_has_them(seller: Seller, mock: Seller) -> None:
    refund = seller.client.v1.refunds.create({"payment_intent": seller.bought().id})
    assert refund.id
    for path, params in (
        ("/v1/payment_intents", {}),
        ("/v1/payment_intents/search", {"query": "status:'succeeded'"}),
        ("/v1/refunds", {}),
        ("/v1/events", {}),
    ):
        sent: Json = {"limit": 1, **params}
        ours = seller.send("get", path, GA, **sent)
        other = mock.send("get", path, GA, **sent)
        for page in (ours, other):
            page.pop("data")
        assert set(differences(ours, other)) - ABSENT == set(), path


def test_objects_have_every_field_of_stripes_mock_with_its_type(
    seller: Seller, mock: Seller
) -> None:
    paid = seller.bought()
    refund = seller.client.v1.refunds.create({"payment_intent": paid.id})
    waiting = seller.bought(AUTHENTICATES)
    event = seller.client.v1.events.list({"limit": 1}).data[0]
    asked: list[tuple[str, str, Json]] = [
        ("post", "/v1/payment_intents", {"amount": 500, "currency": "usd"}),
        ("get", f"/v1/payment_intents/{paid.id}", {}),
        ("post", f"/v1/payment_intents/{waiting.id}/cancel", {}),
        ("get", f"/v1/charges/{paid.latest_charge}", {}),
        ("post", "/v1/refunds", {"payment_intent": seller.bought().id, "amount": 100}),
        ("get", f"/v1/refunds/{refund.id}", {}),
    ]
    for method, path, params in asked:
        ours = seller.send(method, path, GA, **params)
        other = mock.send(method, path, GA, **params)
        assert set(differences(ours, other)) - ABSENT == set(), path
    envelope = seller.send("get", f"/v1/events/{event.id}", GA)
    other_envelope = mock.send("get", f"/v1/events/{event.id}", GA)
    for one in (envelope, other_envelope):
        one.pop("data")
    assert differences(envelope, other_envelope) == []


def test_a_dispute_has_every_field_of_stripes_mock_with_its_type(
    standin: StripeStandin, seller: Seller, mock: Seller
) -> None:
    paid = seller.bought("pm_card_createDispute")
    standin.let_turns_happen()
    events = seller.client.v1.events.list({"type": "charge.dispute.created", "limit": 100}).data
    subjects = [json.loads(str(event.data.object)) for event in events]
    (ours,) = [subject for subject in subjects if subject["payment_intent"] == paid.id]
    assert differences(ours, mock.send("get", f"/v1/disputes/{ours['id']}", GA)) == []


def test_tokens_have_every_field_of_stripes_mock_of_the_preview(
    seller: Seller, preview_mock: Seller
) -> None:
    token = seller.mint()
    limits = {"usage_limits": {"currency": "usd", "max_amount": 500}}
    asked: list[tuple[str, str, Json]] = [
        (
            "post",
            "/v1/test_helpers/shared_payment/granted_tokens",
            {"payment_method": "pm_card_visa", "shared_metadata": {"a": "b"}, **limits},
        ),
        ("get", f"/v1/shared_payment/granted_tokens/{token}", {}),
        ("post", f"/v1/test_helpers/shared_payment/granted_tokens/{token}/revoke", {}),
    ]
    for method, path, params in asked:
        ours = seller.send(method, path, PREVIEW, **params)
        assert differences(ours, preview_mock.send(method, path, PREVIEW, **params)) == [], path


def test_refusals_have_the_fields_of_stripes_mock(seller: Seller, mock: Seller) -> None:
    bodies = []
    for one in (seller, mock):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            one.client.v1.payment_intents.create({"amount": 500})  # type: ignore[typeddict-item]  # on purpose
        assert caught.value.http_status == 400
        assert isinstance(caught.value.json_body, dict)
        bodies.append(caught.value.json_body)
    assert differences(bodies[0], bodies[1]) == []
