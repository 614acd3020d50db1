"""Stripe's webhooks: whose they are, and what they tell of a quote."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from stripe import WebhookSignature

from studio.contracts.payment import EventKind, PaymentEvent, RefundState
from studio.payments.errors import WebhookRefused
from studio.payments.webhooks import BODY_BYTES_MAX, EVENT_TYPES, WebhookEvent, read_webhook

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
SECRET = "whsec_of_the_tests"
OTHER_SECRET = "whsec_that_came_after"

INTENT: dict[str, Any] = {
    "id": "pi_1",
    "object": "payment_intent",
    "amount": 120,
    "amount_received": 120,
    "currency": "usd",
    "metadata": {"quote_id": "quote_1", "challenge_id": "ch_1", "charges_digest": "d"},
}
REFUND: dict[str, Any] = {
    "id": "re_1",
    "object": "refund",
    "amount": 45,
    "currency": "usd",
    "payment_intent": "pi_1",
    "status": "failed",
    "metadata": {"quote_id": "quote_1"},
}
DISPUTE: dict[str, Any] = {
    "id": "dp_1",
    "object": "dispute",
    "charge": "ch_1",
    "payment_intent": "pi_1",
    "metadata": {},
}
SESSION: dict[str, Any] = {
    "id": "cs_1",
    "object": "checkout.session",
    "payment_intent": "pi_1",
    "status": "complete",
    "metadata": {"top_up_id": "topup_1"},
}


def _body(kind: str, subject: object, **fields: object) -> bytes:
    event = {"id": "evt_1", "object": "event", "type": kind, "livemode": False}
    return json.dumps({**event, "data": {"object": subject}, **fields}).encode()


def _signed(body: bytes, secret: str = SECRET, at: datetime = NOW) -> str:
    signature = WebhookSignature.generate_signature_header(
        body.decode(), secret, timestamp=int(at.timestamp())
    )
    return str(signature)


def _read(body: bytes) -> WebhookEvent | None:
    return read_webhook(body, _signed(body), secrets=[SECRET], now=NOW)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("payment_intent.succeeded", EventKind.PAYMENT_SUCCEEDED),
        ("payment_intent.payment_failed", EventKind.PAYMENT_FAILED),
        ("payment_intent.canceled", EventKind.PAYMENT_FAILED),
    ],
)
def test_a_payment_is_told_with_its_quote_its_challenge_and_its_amount(
    kind: str, expected: EventKind
) -> None:
    assert _read(_body(kind, INTENT, livemode=True)) == WebhookEvent(
        event_id="evt_1",
        kind=kind,
        livemode=True,
        payment_id="pi_1",
        quote_id="quote_1",
        event=PaymentEvent(
            kind=expected,
            payment_id="pi_1",
            challenge_id="ch_1",
            amount_cents=120,
            currency="usd",
        ),
    )


@pytest.mark.parametrize(
    "kind", ["refund.created", "refund.updated", "refund.failed", "charge.refund.updated"]
)
def test_a_refund_is_told_with_its_payment_and_its_state(kind: str) -> None:
    found = _read(_body(kind, REFUND))
    assert found is not None
    assert found.quote_id == "quote_1"
    assert found.event == PaymentEvent(
        kind=EventKind.REFUND_CHANGED,
        payment_id="pi_1",
        refund_id="re_1",
        refund_state=RefundState.FAILED,
        amount_cents=45,
        currency="usd",
    )


def test_a_dispute_leads_to_its_quote_by_the_payment() -> None:
    found = _read(_body("charge.dispute.created", DISPUTE))
    assert found is not None
    assert found.quote_id is None
    assert found.event == PaymentEvent(kind=EventKind.DISPUTED, payment_id="pi_1")


def test_an_expanded_payment_is_the_same_payment() -> None:
    found = _read(_body("charge.dispute.created", {**DISPUTE, "payment_intent": INTENT}))
    assert found is not None
    assert found.payment_id == "pi_1"
    assert found.event == PaymentEvent(kind=EventKind.DISPUTED, payment_id="pi_1")


def test_the_end_of_a_dispute_leads_to_what_it_is_about_by_the_payment() -> None:
    found = _read(_body("charge.dispute.closed", {**DISPUTE, "status": "won"}))
    assert found is not None
    assert (found.payment_id, found.event, found.top_up_id) == ("pi_1", None, None)


@pytest.mark.parametrize("payment_id", ["pi_1", None])
def test_a_session_is_told_with_its_purchase_and_the_payment_if_there_is_one(
    payment_id: str | None,
) -> None:
    kind = "checkout.session.expired"
    assert _read(_body(kind, {**SESSION, "payment_intent": payment_id})) == WebhookEvent(
        event_id="evt_1",
        kind=kind,
        livemode=False,
        payment_id=payment_id,
        session_id="cs_1",
        top_up_id="topup_1",
    )


def test_a_payment_of_a_purchase_names_it() -> None:
    marked = {**INTENT, "metadata": {"top_up_id": "topup_1"}}
    found = _read(_body("payment_intent.succeeded", marked))
    assert found is not None
    assert (found.quote_id, found.top_up_id) == (None, "topup_1")


@pytest.mark.parametrize(
    "body",
    [
        _body("customer.created", {"id": "cus_1"}),
        _body("payment_intent.created", INTENT),
        _body("payment_intent.succeeded", {**INTENT, "id": None}),
        _body("payment_intent.succeeded", {**INTENT, "id": "pi_" + "1" * 300}),
        _body("payment_intent.succeeded", "no object"),
        _body("refund.updated", {**REFUND, "status": "on its way"}),
        _body("refund.updated", {**REFUND, "status": ["failed"]}),
        _body("refund.updated", {**REFUND, "payment_intent": None}),
        _body("charge.dispute.created", {**DISPUTE, "payment_intent": "pi 1"}),
        _body("charge.dispute.closed", {**DISPUTE, "payment_intent": None}),
        _body("checkout.session.completed", {**SESSION, "metadata": {}}),
        _body("checkout.session.completed", {**SESSION, "metadata": {"top_up_id": "other_1"}}),
        _body("payment_intent.succeeded", INTENT, id=7),
        _body("payment_intent.succeeded", INTENT, data=[]),
        b"{}",
    ],
)
def test_what_is_not_about_a_payment_tells_nothing(body: bytes) -> None:
    assert _read(body) is None


@pytest.mark.parametrize("quote_id", ["order-7", "quote_" + "1" * 40, 7, None, "quote_\n1"])
def test_metadata_of_others_is_no_quote_of_ours(quote_id: object) -> None:
    found = _read(_body("payment_intent.succeeded", {**INTENT, "metadata": {"quote_id": quote_id}}))
    assert found is not None
    assert found.event is not None
    assert (found.quote_id, found.event.challenge_id) == (None, None)


@pytest.mark.parametrize("amount", [True, "120", 1.2, -1])
def test_an_amount_that_is_no_number_of_cents_is_none(amount: object) -> None:
    intent = {**INTENT, "amount": amount, "amount_received": amount}
    found = _read(_body("payment_intent.succeeded", intent))
    assert found is not None
    assert found.event is not None
    assert found.event.amount_cents is None


@pytest.mark.parametrize("secret", [SECRET, OTHER_SECRET])
def test_while_a_secret_is_rotated_both_are_believed(secret: str) -> None:
    body = _body("payment_intent.succeeded", INTENT)
    signature = _signed(body, secret)
    assert read_webhook(body, signature, secrets=[OTHER_SECRET, SECRET], now=NOW)


@pytest.mark.parametrize("seconds", [-299, 0, 299])
def test_a_signature_is_believed_for_five_minutes(seconds: int) -> None:
    body = _body("payment_intent.succeeded", INTENT)
    signature = _signed(body, at=NOW + timedelta(seconds=seconds))
    assert read_webhook(body, signature, secrets=[SECRET], now=NOW)


def _refused(body: bytes, signature: str) -> str:
    with pytest.raises(WebhookRefused) as refusal:
        read_webhook(body, signature, secrets=[SECRET], now=NOW)
    return refusal.value.detail


@pytest.mark.parametrize("seconds", [-301, 301, -86_400])
def test_an_old_signature_is_refused_and_so_is_one_of_the_future(seconds: int) -> None:
    body = _body("payment_intent.succeeded", INTENT)
    assert "too old" in _refused(body, _signed(body, at=NOW + timedelta(seconds=seconds)))


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "t=1",
        "v1=00",
        "t=now,v1=00",
        f"t={'9' * 4000},v1=00",
        "t=1764244800,v1=\u00e4",
        f"t={int(NOW.timestamp())},v1={'0' * 64}",
        _signed(b"{}", "whsec_of_another"),
        _signed(b"{}"),
        _signed(_body("payment_intent.succeeded", INTENT)).replace("v1=", "v0="),
        "t=1," * 2000,
    ],
)
def test_a_message_with_another_signature_is_refused(signature: str) -> None:
    detail = _refused(_body("payment_intent.succeeded", INTENT), signature)
    assert SECRET not in detail


def test_a_body_that_was_changed_after_it_was_signed_is_refused() -> None:
    body = _body("payment_intent.succeeded", INTENT)
    _refused(body.replace(b"120", b"999"), _signed(body))


def test_without_a_secret_nothing_is_believed() -> None:
    body = _body("payment_intent.succeeded", INTENT)
    with pytest.raises(WebhookRefused):
        read_webhook(body, _signed(body), secrets=[], now=NOW)


@pytest.mark.parametrize(
    "body", [b"no json", b"[]", b"[" * 100_000, b"\xff", b'"' + b"x" * BODY_BYTES_MAX + b'"']
)
def test_a_body_that_is_no_object_in_json_is_refused(body: bytes) -> None:
    text = body.decode("latin-1").encode()
    _refused(body, _signed(text))


def test_every_type_that_is_asked_for_is_read() -> None:
    subjects = {"payment_intent": INTENT, "refund": REFUND, "charge": {**REFUND, **DISPUTE}}
    subjects["checkout"] = SESSION
    for kind in EVENT_TYPES:
        subject = subjects[kind.split(".", maxsplit=1)[0]]
        assert _read(_body(kind, {**subject, "status": "failed"})), kind
