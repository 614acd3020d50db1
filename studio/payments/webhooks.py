"""Reads Stripe's webhooks: whether one is Stripe's, and which quote or purchase it is about.

A message is believed because of its signature alone. What it says is still bounded here: ids of
Stripe's length, amounts that are numbers, words from closed sets; all else is no event of ours.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from stripe import SignatureVerificationError, WebhookSignature

from studio.contracts.limits import STRIPE_ID_LENGTH_MAX
from studio.contracts.names import QUOTE_ID_PREFIX
from studio.contracts.payment import EventKind, PaymentEvent
from studio.contracts.purchase import TOP_UP_ID_PREFIX
from studio.payments.errors import WebhookRefused
from studio.payments.stripe_answers import REFUND_STATES

SIGNATURE_AGE_SECONDS_MAX: Final = 300
"""The tolerance of Stripe's own libraries; also for clocks that are ahead of ours."""

SIGNATURE_LENGTH_MAX: Final = 4096
"""A timestamp and a few signatures of 64 characters."""

BODY_BYTES_MAX: Final = 256 * 1024
"""Stripe's events of payments have 2 to 6 KiB."""

_OUR_ID_LENGTH_MAX: Final = 40
_CHALLENGE_ID_LENGTH_MAX: Final = 64
"""What the tables have room for."""

_PAYMENT_KINDS: Final = {
    "payment_intent.succeeded": EventKind.PAYMENT_SUCCEEDED,
    "payment_intent.payment_failed": EventKind.PAYMENT_FAILED,
    "payment_intent.canceled": EventKind.PAYMENT_FAILED,
}
_REFUND_TYPES: Final = frozenset(
    {"refund.created", "refund.updated", "refund.failed", "charge.refund.updated"}
)
_DISPUTE_CREATED: Final = "charge.dispute.created"
_DISPUTE_TYPES: Final = frozenset(
    {_DISPUTE_CREATED, "charge.dispute.updated", "charge.dispute.closed"}
)
"""Updated: a bank's question may become a dispute."""
_SESSION_TYPES: Final = frozenset(
    {
        "checkout.session.completed",
        "checkout.session.async_payment_succeeded",
        "checkout.session.async_payment_failed",
        "checkout.session.expired",
    }
)

EVENT_TYPES: Final = (
    *sorted(_PAYMENT_KINDS),
    *sorted(_REFUND_TYPES),
    *sorted(_DISPUTE_TYPES),
    *sorted(_SESSION_TYPES),
)
"""What the endpoint at Stripe has to be subscribed to."""

_Json = Mapping[str, object]


@dataclass(frozen=True)
class WebhookEvent:
    """What Stripe told. `quote_id` and `top_up_id` are what we marked our orders with; refunds by
    hand and disputes have neither, and only `payment_id` leads to the quote or the purchase.

    `event_id` is Stripe's (`evt_…`), `kind` its type; `livemode` is False for events of test mode.
    `event` is the fact as a quote's run takes it, None where it takes none.
    """

    event_id: str
    kind: str
    livemode: bool
    payment_id: str | None
    event: PaymentEvent | None = None
    quote_id: str | None = None
    session_id: str | None = None
    top_up_id: str | None = None


def read_webhook(
    body: bytes, signature: str, *, secrets: Sequence[str], now: datetime
) -> WebhookEvent | None:
    """Check a webhook's signature and read it; None where it tells nothing that concerns us.

    `signature` is the header `Stripe-Signature`; any of `secrets` (`whsec_…`) may have made it, so
    that one can be rotated. Raises WebhookRefused where none did, where it is older (or newer) than
    `SIGNATURE_AGE_SECONDS_MAX`, and where the body is no JSON object.
    Source: https://docs.stripe.com/webhooks#verify-manually and the API reference of events.
    """
    if len(body) > BODY_BYTES_MAX or len(signature) > SIGNATURE_LENGTH_MAX:
        raise WebhookRefused("This message is longer than any event of the payment processor.")
    if not any(_is_signed(body, signature, secret) for secret in secrets):
        raise WebhookRefused("The signature of this message is not the payment processor's.")
    if abs(now.timestamp() - _signed_at(signature)) > SIGNATURE_AGE_SECONDS_MAX:
        raise WebhookRefused("The signature of this message is too old, or from the future.")
    return _read(_parse(body))


def _is_signed(body: bytes, signature: str, secret: str) -> bool:
    """Stripe's own check but for the time, which it would take from the machine's clock."""
    try:
        WebhookSignature.verify_header(body, signature, secret, tolerance=None)
    except (SignatureVerificationError, UnicodeDecodeError, TypeError, ValueError):
        # Beside its own error: a body that is no UTF-8, a signature that is no ASCII, and a
        # timestamp of more digits than Python turns into a number.
        return False
    return True


def _signed_at(signature: str) -> int:
    """The first timestamp, cut out as in the check above, which has read it as a number."""
    parts = (part.split("=", 2) for part in signature.split(","))
    return next(int(part[1]) for part in parts if part[0] == "t")


def _parse(body: bytes) -> _Json:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise WebhookRefused("This message is no JSON.") from None
    if not isinstance(document, dict):
        raise WebhookRefused("This message is no JSON object.")
    return document


def _read(document: _Json) -> WebhookEvent | None:
    event_id = _stripe_id(document.get("id"))
    kind = document.get("type")
    subject = _object(_object(document.get("data")).get("object"))
    if event_id is None or not isinstance(kind, str):
        return None
    event = _event(kind, subject)
    payment_id = event.payment_id if event else _stripe_id(subject.get("payment_intent"))
    top_up_id = _marked(subject, "top_up_id", TOP_UP_ID_PREFIX)
    is_session = kind in _SESSION_TYPES
    # Of sessions only ours are of interest, and a dispute is found by its payment.
    if event is None and not (top_up_id if is_session else kind in _DISPUTE_TYPES and payment_id):
        return None
    return WebhookEvent(
        event_id=event_id,
        kind=kind,
        livemode=document.get("livemode") is True,
        payment_id=payment_id,
        event=event,
        quote_id=_marked(subject, "quote_id", QUOTE_ID_PREFIX),
        session_id=_stripe_id(subject.get("id")) if is_session else None,
        top_up_id=top_up_id,
    )


def _event(kind: str, subject: _Json) -> PaymentEvent | None:
    if kind in _PAYMENT_KINDS:
        return _payment_event(_PAYMENT_KINDS[kind], subject)
    if kind in _REFUND_TYPES:
        return _refund_event(subject)
    if kind == _DISPUTE_CREATED:
        payment_id = _stripe_id(subject.get("payment_intent"))
        return PaymentEvent(kind=EventKind.DISPUTED, payment_id=payment_id) if payment_id else None
    return None


def _payment_event(kind: EventKind, intent: _Json) -> PaymentEvent | None:
    payment_id = _stripe_id(intent.get("id"))
    if payment_id is None:
        return None
    received = intent.get("amount_received")
    return PaymentEvent(
        kind=kind,
        payment_id=payment_id,
        challenge_id=_metadatum(intent, "challenge_id", _CHALLENGE_ID_LENGTH_MAX),
        amount_cents=_amount(received if received is not None else intent.get("amount")),
        currency=_word(intent.get("currency")),
    )


def _refund_event(refund: _Json) -> PaymentEvent | None:
    refund_id, payment_id = _stripe_id(refund.get("id")), _stripe_id(refund.get("payment_intent"))
    status = refund.get("status")
    state = REFUND_STATES.get(status) if isinstance(status, str) else None
    if refund_id is None or payment_id is None or state is None:
        return None
    return PaymentEvent(
        kind=EventKind.REFUND_CHANGED,
        payment_id=payment_id,
        refund_id=refund_id,
        refund_state=state,
        amount_cents=_amount(refund.get("amount")),
        currency=_word(refund.get("currency")),
    )


def _marked(subject: _Json, name: str, prefix: str) -> str | None:
    """The id that we wrote into the object's metadata; others may use the same word."""
    found = _metadatum(subject, name, _OUR_ID_LENGTH_MAX)
    return found if found is not None and found.startswith(prefix) else None


def _metadatum(subject: _Json, name: str, length_max: int) -> str | None:
    value = _object(subject.get("metadata")).get(name)
    return _plain(value, length_max)


def _stripe_id(value: object) -> str | None:
    """An id, or that of the object which Stripe has put in its place (`expand`)."""
    if isinstance(value, dict):
        value = value.get("id")
    return _plain(value, STRIPE_ID_LENGTH_MAX)


def _plain(value: object, length_max: int) -> str | None:
    if not isinstance(value, str) or not 0 < len(value) <= length_max:
        return None
    return value if value.isascii() and value.isprintable() and " " not in value else None


def _word(value: object) -> str | None:
    found = _plain(value, 3)
    return found.lower() if found else None


def _amount(value: object) -> int | None:
    """Cents. A bool is an int to Python, and no amount."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _object(value: object) -> _Json:
    return value if isinstance(value, dict) else {}
