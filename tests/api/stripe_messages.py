"""Webhooks as Stripe writes and signs them."""

import hashlib
import hmac
import json
from collections.abc import Mapping

SECRET = "whsec_of_the_tests"

Json = Mapping[str, object]


def payment_intent(
    payment_id: str, *, quote_id: str | None, status: str = "succeeded", amount_cents: int = 120
) -> Json:
    metadata = {} if quote_id is None else {"quote_id": quote_id, "challenge_id": "challenge-1"}
    return {
        "id": payment_id,
        "object": "payment_intent",
        "amount": amount_cents,
        "amount_received": amount_cents if status == "succeeded" else 0,
        "currency": "usd",
        "status": status,
        "metadata": metadata,
    }


def refund(refund_id: str, payment_id: str, *, status: str, amount_cents: int = 120) -> Json:
    return {
        "id": refund_id,
        "object": "refund",
        "amount": amount_cents,
        "currency": "usd",
        "payment_intent": payment_id,
        "status": status,
        "metadata": {},
    }


def dispute(payment_id: str) -> Json:
    return {
        "id": "dp_1",
        "object": "dispute",
        "payment_intent": payment_id,
        "status": "needs_response",
        "metadata": {},
    }


def message(kind: str, subject: Json, *, event_id: str = "evt_1", livemode: bool = False) -> bytes:
    """An event's body. https://docs.stripe.com/api/events/object"""
    document = {
        "id": event_id,
        "object": "event",
        "type": kind,
        "livemode": livemode,
        "data": {"object": subject},
    }
    return json.dumps(document).encode()


def signature(body: bytes, *, at: float, secret: str = SECRET) -> str:
    """The header of a message. https://docs.stripe.com/webhooks#verify-manually"""
    told = int(at)
    mac = hmac.new(secret.encode(), f"{told}.".encode() + body, hashlib.sha256)
    return f"t={told},v1={mac.hexdigest()}"
